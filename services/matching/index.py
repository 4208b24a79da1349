"""Which products suit a need, without trying each: every condition is a bitmap, and what suits is what is in all of them."""

from collections.abc import Callable, Collection, Hashable
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

    def __init__(self, find: Callable[[Any], int], listed: Bits) -> None:
        """`find` tells them; `listed`: all of them, for the unknown excludes nobody."""
        super().__init__()
        self._find, self._listed = find, listed

    def __missing__(self, said: Hashable) -> int:
        """Not asked yet."""
        if len(self) >= KEPT:
            self.clear()
        self[said] = found = self._listed.value if said is None else self._find(said)
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
        self._finer = Posting()  # products by the codes above the industries they ask for: C348 is finer than C34 and C
        self._restricting = {
            "guarantee": self._guarantees,
            "industry": self._industries,
            "size_class": self._sizes,
            "region": self._regions,
        }
        meeting: dict[str, Callable[[Any], int]] = {
            "amount": partial(_between, self._amounts),
            "validity": partial(_between, self._valid),
            "kind": self._kinds.meeting_one,
            "tags": self._tags.meeting,
            "term": partial(_between, self._months),
            "rate": self._rate.at_most,
            "guarantee": self._guarantees.meeting,
            "industry": lambda code: self._industries.meeting(_down_to(code)) | self._finer.naming((code,)),
            "size_class": self._sizes.meeting_one,
            "region": self._regions.meeting_one,
        }
        self._codes, self._met = tuple(meeting), [Met(find, self.listed) for find in meeting.values()]

    def add(self, slot: int, terms: Terms) -> None:
        """A product under a free slot."""
        self.listed.add(slot)
        for column, bound in self._bounds(terms):
            column.add(slot, bound)
        for posting, codes in self._postings(terms):
            posting.add(slot, codes)
        self._changed()

    def discard(self, slot: int, terms: Terms) -> None:
        """The product under this slot, as it was added, goes."""
        self.listed.discard(slot)
        for column, bound in self._bounds(terms):
            column.discard(slot, bound)
        for posting, codes in self._postings(terms):
            posting.discard(slot, codes)
        self._changed()

    def _changed(self) -> None:
        for met in self._met:
            met.clear()

    def _bounds(self, terms: Terms) -> list[tuple[Column[Any], Any]]:
        return [
            *zip(self._amounts, terms.amounts, strict=True),
            *zip(self._months, terms.months, strict=True),
            *zip(self._valid, terms.valid, strict=True),
            (self._rate, terms.rate),
        ]

    def _postings(self, terms: Terms) -> tuple[tuple[Posting, Collection[str]], ...]:
        return (
            (self._kinds, terms.kinds),
            (self._guarantees, terms.guarantee_modes),
            (self._industries, terms.industries),
            (self._finer, {above for code in terms.industries for above in _down_to(code)[:-1]}),
            (self._sizes, terms.size_classes),
            (self._regions, terms.regions),
            (self._tags, terms.tags),
        )

    def conditions(self, need: NeedFacts, day: date) -> list[tuple[str, int]]:
        """(code of a condition, the products that meet it) for what the need says."""
        tried = zip(self._codes, self._met, _said(need, day), strict=True)
        return [(code, met[said]) for code, met, said in tried if said is not None]

    def suiting(self, need: NeedFacts, day: date) -> int:
        """The products of which no condition fails."""
        found = self.listed.value
        for met, said in zip(self._met, _said(need, day), strict=True):
            found &= met[said]
        return found

    def unknown(self, need: NeedFacts) -> tuple[str, ...]:
        """The codes of the conditions that the need leaves unknown; its industry, where a product asks for a finer one."""
        coarse = need.industry is not None and self._finer.naming((need.industry,))
        return (*_unsaid(need), need.industry) if coarse and need.industry else _unsaid(need)

    def unsure(self, unknown: tuple[str, ...]) -> int:
        """The products with a condition among these, see `unknown`."""
        listed, found = self.listed.value, 0
        for code in unknown:
            if code in self._restricting:
                found |= without(listed, self._restricting[code].free.value)
            else:
                found |= listed if code == "term" else self._only_finer(code)
        return found

    def _only_finer(self, code: str) -> int:
        """The products that ask for an industry within this one, and do not take the whole of it."""
        return without(self._finer.naming((code,)), self._industries.naming(_down_to(code)))


def _down_to(code: str) -> tuple[str, ...]:
    """The industry codes from the section down to this one."""
    return tuple(code[:n] for n in range(1, len(code) + 1))


def _unsaid(need: NeedFacts) -> tuple[str, ...]:
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


def _said(need: NeedFacts, day: date) -> tuple[Hashable, ...]:
    """What the conditions are tried on, in their order; None where the need does not say."""
    return (
        need.amount_cny,
        day,
        need.kind,
        need.tags,
        need.term_months,
        need.max_annual_rate,
        need.guarantee_modes or None,
        need.industry,
        None if need.size_class == "undetermined" else need.size_class,
        need.region,
    )


def _between(columns: tuple[Column[T], Column[T]], value: T) -> int:
    low, high = columns
    return without(low.at_most(value), high.below(value))
