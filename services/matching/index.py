"""Which products suit a need, without trying each: every condition is a bitmap, and what suits is what is in all of them."""

from collections.abc import Callable, Hashable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from services.matching.bitmaps import Bits, Column, Posting
from services.matching.terms import Terms
from yuqiao.contracts.values import NeedFacts

T = TypeVar("T")
KEPT = 2_000
"""So many answers of single conditions are kept: what needs say is often the same."""


class Index:
    """The conditions of all products, by slot; says the same as trying `checks` on each of them."""

    def __init__(self) -> None:
        """No product yet."""
        self.listed = Bits()
        self._amounts: tuple[Column[Decimal], Column[Decimal]] = (Column(), Column())
        self._months: tuple[Column[int], Column[int]] = (Column(), Column())
        self._valid: tuple[Column[date], Column[date]] = (Column(), Column())
        self._rate: Column[Decimal] = Column()
        self._kinds, self._guarantees, self._industries = Posting(), Posting(), Posting()
        self._sizes, self._regions, self._tags = Posting(), Posting(), Posting()
        self._known: dict[tuple[str, Hashable], int] = {}
        self._meeting: dict[str, Callable[[Any], int]] = {
            "amount": partial(_between, self._amounts),
            "validity": partial(_between, self._valid),
            "kind": self._kinds.meeting_one,
            "tags": self._tags.meeting,
            "term": partial(_between, self._months),
            "rate": self._rate.at_most,
            "guarantee": self._guarantees.meeting,
            "industry": lambda code: self._industries.meeting(code[:n] for n in range(1, len(code) + 1)),
            "size_class": self._sizes.meeting_one,
            "region": self._regions.meeting_one,
        }

    def add(self, slot: int, terms: Terms) -> None:
        """A product under a free slot."""
        self.listed.add(slot)
        for column, bound in self._bounds(terms):
            column.add(slot, bound)
        for posting, codes in self._codes(terms):
            posting.add(slot, codes)
        self._known.clear()

    def discard(self, slot: int, terms: Terms) -> None:
        """The product under this slot, as it was added, goes."""
        self.listed.discard(slot)
        for column, bound in self._bounds(terms):
            column.discard(slot, bound)
        for posting, codes in self._codes(terms):
            posting.discard(slot, codes)
        self._known.clear()

    def _bounds(self, terms: Terms) -> list[tuple[Column, object]]:  # type: ignore[type-arg]
        return [
            *zip(self._amounts, terms.amounts, strict=True),
            *zip(self._months, terms.months, strict=True),
            *zip(self._valid, terms.valid, strict=True),
            (self._rate, terms.rate),
        ]

    def _codes(self, terms: Terms) -> tuple[tuple[Posting, "frozenset[str] | tuple[str, ...]"], ...]:
        return (
            (self._kinds, terms.kinds),
            (self._guarantees, terms.guarantee_modes),
            (self._industries, terms.industries),
            (self._sizes, terms.size_classes),
            (self._regions, terms.regions),
            (self._tags, terms.tags),
        )

    def conditions(self, need: NeedFacts, day: date) -> list[tuple[str, int]]:
        """(code of a condition, the products that meet it) for what the need says; the unknown excludes nobody."""
        said: list[tuple[str, Hashable]] = [
            ("amount", need.amount_cny),
            ("validity", day),
            ("kind", need.kind),
            ("tags", need.tags),
        ]
        if need.term_months is not None:
            said.append(("term", need.term_months))
        if need.max_annual_rate is not None:
            said.append(("rate", need.max_annual_rate))
        if need.guarantee_modes:
            said.append(("guarantee", need.guarantee_modes))
        if need.industry is not None:
            said.append(("industry", need.industry))
        if need.size_class != "undetermined":
            said.append(("size_class", need.size_class))
        if need.region is not None:
            said.append(("region", need.region))
        known = self._known.get
        return [(one[0], self._learn(*one) if (met := known(one)) is None else met) for one in said]

    def _learn(self, code: str, value: Any) -> int:
        """The products that meet a condition, kept until a product changes."""
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[code, value] = found = self._meeting[code](value)
        return found

    def suiting(self, need: NeedFacts, day: date) -> int:
        """The products of which no condition fails."""
        found = self.listed.value
        for _, meeting in self.conditions(need, day):
            found &= meeting
        return found

    def unsure(self, need: NeedFacts) -> int:
        """The products with a condition that the need leaves unknown."""
        listed = self.listed.value
        if need.term_months is None:
            return listed
        found = 0
        if not need.guarantee_modes:
            found |= listed & ~self._guarantees.free.value
        if need.industry is None:
            found |= listed & ~self._industries.free.value
        if need.size_class == "undetermined":
            found |= listed & ~self._sizes.free.value
        if need.region is None:
            found |= listed & ~self._regions.free.value
        return found


def _between(columns: tuple[Column[T], Column[T]], value: T) -> int:
    low, high = columns
    return low.at_most(value) & ~high.below(value)
