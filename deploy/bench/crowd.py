"""A round of very many needs under quotas that do not suffice, beside the best assignment there is."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence

from deploy.bench import market
from deploy.bench.market import DAY
from deploy.bench.optimum import Optimum, optimum
from deploy.bench.result import Void
from services.matching.catalogue import Catalogue
from services.matching.domain import assign
from services.matching.room import Room
from services.matching.seekers import Choice
from services.matching.state import Wanted
from services.matching.terms import checks
from yuqiao.contracts.from_bank import ProductPublished


class Crowd:
    """Needs and products. `share`: for how much of what the needs ask for the products' quotas suffice."""

    def __init__(self, wanted: Sequence[Wanted], listed: Sequence[ProductPublished], share: float) -> None:
        """The banks' own quotas leave even less."""
        self.wanted = wanted
        self.catalogue = market.catalogue(listed, int(share * sum(one.places for one in wanted)))
        self.learnt = market.learnt(self.catalogue)

    def room(self) -> Room:
        """A day's, whole."""
        return Room(self.catalogue, DAY, {}, {})

    def assign(self) -> tuple[float, list[Choice]]:
        """(seconds of the round, its choices). Raises Void when they break a rule."""
        room = self.room()
        began = time.perf_counter()
        choices = assign(self.wanted, room, self.learnt)
        took = time.perf_counter() - began
        broken = next(faults(choices, self.catalogue), None)
        if broken or len(choices) != len(self.wanted):
            raise Void(broken or f"{len(choices)} choices for {len(self.wanted)} needs")
        return took, choices

    def best(self) -> Optimum:
        """What the solver finds. Raises Void."""
        return optimum(self.wanted, self.room(), self.learnt)


def faults(choices: Sequence[Choice], catalogue: Catalogue) -> Iterator[str]:
    """Offers above a quota, above what a need asks for, twice of one bank, or of a product that does not suit."""
    offers: Counter[str] = Counter()
    for choice in choices:
        picked = [catalogue.terms(pick.slot) for pick in choice.picks]
        banks = {terms.bank for terms in picked}
        if len(picked) > choice.wanted.places or len(banks) < len(picked):
            yield f"{choice.wanted.need} got {[terms.key for terms in picked]}"
        for terms in picked:
            if any(check.holds is False for check in checks(terms, choice.wanted.facts, DAY)):
                yield f"{terms.key} does not suit {choice.wanted.need}"
            offers.update((terms.key, terms.bank))
    for name, made in offers.items():
        slot = catalogue.slot(name)
        quota = catalogue.banks[name].daily_quota if slot is None else catalogue.terms(slot).daily_quota
        if made > quota:
            yield f"{name} has {made} offers, its quota is {quota}"


def ratio(choices: Sequence[Choice], best: Optimum) -> float:
    """The round's sum of levels as a share of the optimum's. Raises Void when it is above 1: then one of them is wrong."""
    total = sum(pick.level for choice in choices for pick in choice.picks)
    if total > best.total:
        raise Void(f"a round of {total} is better than the optimum of {best.total}")
    return total / best.total if best.total else 1.0
