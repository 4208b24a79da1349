"""What it costs to find banks for one need among many products, beside trying them all; and how soon a change is seen."""

import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from deploy.bench import market
from deploy.bench.market import DAY
from deploy.bench.result import Void
from services.matching.bitmaps import slots_of
from services.matching.domain import assign
from services.matching.room import Room
from services.matching.scoring import segment_of
from services.matching.state import Wanted
from services.matching.terms import Terms, checks
from yuqiao.contracts.values import Routing

FOR_ALL = {
    "kinds": (),
    "min_amount_cny": Decimal("0.00"),
    "max_amount_cny": Decimal("100000000000.00"),
    "min_term_months": 1,
    "max_term_months": 600,
    "annual_rate": Decimal("0.0001"),
    "guarantee_modes": (),
    "industries": (),
    "size_classes": (),
    "regions": (),
    "tags": (),
    "first_loan_friendly": True,
}
"""What makes a product suit every need, and the best of its bank."""


class Market:
    """A catalogue of many products, and what was learnt of their banks."""

    def __init__(self, products: int) -> None:
        """So many of them."""
        self.catalogue = market.catalogue(list(market.products(products)))
        self.learnt = market.learnt(self.catalogue)
        self.products = [self.catalogue.terms(slot) for slot in range(products)]

    def rank(self, asked: Iterable[Wanted]) -> None:
        """Rank the products for every kind of need that is asked, as a service has done after a day's first hour."""
        for segment in {segment_of(one.facts) for one in asked}:
            self.catalogue.ranking(segment, self.learnt, DAY)

    def match_us(self, asked: Sequence[Wanted], before: Iterable[Wanted]) -> float:
        """For which products suit a need, each: by the index, which has answered others `before`."""
        return self._each_us(lambda one: self.catalogue.index.suiting(one.facts, DAY), asked, before)

    def decide_us(self, asked: Sequence[Wanted], before: Iterable[Wanted]) -> float:
        """For the whole decision on a live need, each: what suits, what is best, whose turn it is, the room it takes."""
        room = Room(self.catalogue, DAY, {}, {})
        return self._each_us(lambda one: assign([one], room, self.learnt), asked, before)

    def try_all_us(self, asked: Sequence[Wanted]) -> float:
        """For trying every product on a need, each. Raises Void when that finds other products than the index does."""
        tried: list[list[str]] = []
        took = self._each_us(lambda one: tried.append(trying(self.products, one)), asked)
        for one, keys in zip(asked, tried, strict=True):
            found = [self.catalogue.terms(s).key for s in slots_of(self.catalogue.index.suiting(one.facts, DAY))]
            other = set(found) ^ set(keys)
            if other:
                raise Void(
                    f"{one.need}: trying all {len(self.products)} products and the index differ in {sorted(other)[:3]}"
                )
        return took

    @staticmethod
    def _each_us(do: Callable[[Wanted], object], asked: Sequence[Wanted], before: Iterable[Wanted] = ()) -> float:
        for one in before:
            do(one)
        began = time.perf_counter()
        for one in asked:
            do(one)
        return (time.perf_counter() - began) * 1e6 / len(asked)

    def change_ms(self, asked: Sequence[Wanted]) -> float:
        """From a product's change to the decision of the next need, which it suits now: the slowest of some. Raises Void."""
        slowest = 0.0
        for number, one in enumerate(asked):
            changing = self.products[number * 7919 % len(self.products)]
            before = self.catalogue.product(changing.key)
            if before is None:
                raise Void(f"{changing.key} is not listed")
            changed = before.model_copy(update=FOR_ALL)
            wanted = one._replace(routing=Routing(mode="named", banks=(changing.bank,)))
            began = time.perf_counter()
            self.catalogue.put(changing.key, changed)
            (choice,) = assign([wanted], Room(self.catalogue, DAY, {}, {}), self.learnt)
            slowest = max(slowest, time.perf_counter() - began)
            seen = [self.catalogue.terms(pick.slot).key for pick in choice.picks]
            if seen != [changing.key]:
                raise Void(f"{changing.key} was changed so that it suits {one.need}, which got {seen}")
            self.catalogue.put(changing.key, before)
        return slowest * 1_000


def trying(products: Iterable[Terms], one: Wanted) -> list[str]:
    """The products of which no condition fails, each tried."""
    return [terms.key for terms in products if all(c.holds is not False for c in checks(terms, one.facts, DAY))]
