"""Which products suit a need, without trying each: every condition is a bitmap, and what suits is what is in all of them."""

from collections.abc import Callable, Hashable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from services.matching.bitmaps import Bits, Column, Posting, without
from services.matching.terms import Terms
from yuqiao.contracts.values import NeedFacts

T = TypeVar("T")
KEPT = 2_000
"""So many answers of single conditions are kept: what needs say is often the same."""


class Met(dict[Any, int]):
    """The products that meet a condition, by what a need says: found once, kept until a product changes."""

    def __init__(self, find: Callable[[Any], int]) -> None:
        """`find` tells them."""
        super().__init__()
        self._find = find

    def __missing__(self, said: Hashable) -> int:
        """Not asked yet."""
        if len(self) >= KEPT:
            self.clear()
        self[said] = found = self._find(said)
        return found


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
        self._restricting = {
            "guarantee": self._guarantees,
            "industry": self._industries,
            "size_class": self._sizes,
            "region": self._regions,
        }
        self._met = {
            "amount": Met(partial(_between, self._amounts)),
            "validity": Met(partial(_between, self._valid)),
            "kind": Met(self._kinds.meeting_one),
            "tags": Met(self._tags.meeting),
            "term": Met(partial(_between, self._months)),
            "rate": Met(self._rate.at_most),
            "guarantee": Met(self._guarantees.meeting),
            "industry": Met(lambda code: self._industries.meeting(code[:n] for n in range(1, len(code) + 1))),
            "size_class": Met(self._sizes.meeting_one),
            "region": Met(self._regions.meeting_one),
        }

    def add(self, slot: int, terms: Terms) -> None:
        """A product under a free slot."""
        self.listed.add(slot)
        for column, bound in self._bounds(terms):
            column.add(slot, bound)
        for posting, codes in self._codes(terms):
            posting.add(slot, codes)
        self._changed()

    def discard(self, slot: int, terms: Terms) -> None:
        """The product under this slot, as it was added, goes."""
        self.listed.discard(slot)
        for column, bound in self._bounds(terms):
            column.discard(slot, bound)
        for posting, codes in self._codes(terms):
            posting.discard(slot, codes)
        self._changed()

    def _changed(self) -> None:
        for met in self._met.values():
            met.clear()

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
        met = self._met
        found = [
            ("amount", met["amount"][need.amount_cny]),
            ("validity", met["validity"][day]),
            ("kind", met["kind"][need.kind]),
            ("tags", met["tags"][need.tags]),
        ]
        if need.term_months is not None:
            found.append(("term", met["term"][need.term_months]))
        if need.max_annual_rate is not None:
            found.append(("rate", met["rate"][need.max_annual_rate]))
        if need.guarantee_modes:
            found.append(("guarantee", met["guarantee"][need.guarantee_modes]))
        if need.industry is not None:
            found.append(("industry", met["industry"][need.industry]))
        if need.size_class != "undetermined":
            found.append(("size_class", met["size_class"][need.size_class]))
        if need.region is not None:
            found.append(("region", met["region"][need.region]))
        return found

    def suiting(self, need: NeedFacts, day: date) -> int:
        """The products of which no condition fails."""
        found = self.listed.value
        for _, met in self.conditions(need, day):
            found &= met
        return found

    def unsure(self, unknown: tuple[str, ...]) -> int:
        """The products with a condition among these: those that a need leaves unknown."""
        listed, found = self.listed.value, 0
        for code in unknown:
            found |= without(listed, self._restricting[code].free.value) if code in self._restricting else listed
        return found


def unknown(need: NeedFacts) -> tuple[str, ...]:
    """The codes of the conditions that the need leaves unknown."""
    found: tuple[str, ...] = ()
    if need.term_months is None:
        found += ("term",)
    if not need.guarantee_modes:
        found += ("guarantee",)
    if need.industry is None:
        found += ("industry",)
    if need.size_class == "undetermined":
        found += ("size_class",)
    if need.region is None:
        found += ("region",)
    return found


def _between(columns: tuple[Column[T], Column[T]], value: T) -> int:
    low, high = columns
    return without(low.at_most(value), high.below(value))
