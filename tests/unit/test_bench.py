"""The benchmark of matching measures what is right, and says so when it is not."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.bench import market, result
from deploy.bench.crowd import Crowd, faults, ratio
from deploy.bench.finding import Market
from deploy.bench.optimum import optimum
from deploy.bench.raw import spread
from services.matching.bitmaps import slots_of
from services.matching.catalogue import Catalogue
from services.matching.domain import assign
from services.matching.room import Room
from services.matching.scoring import segment_of, unsure_costs
from services.matching.state import Wanted
from tests.unit.matching.samples import DAY, catalogue, random_facts, random_product, wanted

ASKED = market.needs(30)


def test_an_index_that_lacks_a_product_voids_the_run() -> None:
    made = Market(200)
    assert made.try_all_us(ASKED) > 0
    slot = next(slots_of(made.catalogue.index.suiting(ASKED[0].facts, market.DAY)))
    made.catalogue.index.discard(slot, made.catalogue.terms(slot))
    with pytest.raises(result.Void, match="the index differ"):
        made.try_all_us(ASKED)


def test_a_change_that_is_not_seen_voids_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Market(200)
    assert made.change_ms(ASKED[:5]) > 0
    monkeypatch.setattr(Catalogue, "put", lambda *_: None)
    with pytest.raises(result.Void, match="was changed so that it suits"):
        made.change_ms(ASKED[:5])


def test_offers_above_a_quota_void_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = Crowd(ASKED, list(market.products(100)), 0.3)
    took, choices = crowd.assign()
    assert took > 0
    assert list(faults(choices, crowd.catalogue)) == []
    monkeypatch.setattr(Room, "take", lambda *_: None)
    with pytest.raises(result.Void, match="its quota is"):
        crowd.assign()


def test_a_round_better_than_the_optimum_voids_the_run() -> None:
    crowd = Crowd(ASKED, list(market.products(100)), 0.3)
    _, choices = crowd.assign()
    best = crowd.best()
    assert 0.5 <= ratio(choices, best) <= 1
    with pytest.raises(result.Void, match="better than the optimum"):
        ratio(choices, best._replace(total=best.total // 2))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32).map(Random))
def test_the_optimum_is_the_best_of_all_assignments(chance: Random) -> None:
    listed = [random_product(chance, n).model_copy(update={"total_quota": None, "daily_quota": 1}) for n in range(6)]
    made = catalogue(*listed, bank_quota=2)
    asked = [wanted(n, places=2)._replace(facts=random_facts(chance)) for n in range(4)]
    best = optimum(asked, Room(made, DAY, {}, {}), {})
    assert best.total == max(_totals(asked, made, Counter()))
    assert 0.5 <= ratio(assign(asked, Room(made, DAY, {}, {}), {}), best) <= 1


def _totals(asked: list[Wanted], made: Catalogue, used: Counter[str]) -> Iterator[int]:
    """The sum of levels of every assignment that there is."""
    if not asked:
        yield 0
        return
    one, rest = asked[0], asked[1:]
    ranking, unsure = made.ranking(segment_of(one.facts), {}, DAY), made.index.unsure(made.index.unknown(one.facts))
    suiting = list(slots_of(made.index.suiting(one.facts, DAY)))
    for count in range(one.places + 1):
        for slots in combinations(suiting, count):
            terms = [made.terms(slot) for slot in slots]
            after = used + Counter(name for t in terms for name in (t.key, t.bank))
            if len({t.bank for t in terms}) == count and all(after[t.key] <= 1 and after[t.bank] <= 2 for t in terms):
                here = sum(ranking.level(slot) - (unsure >> slot & 1) * unsure_costs() for slot in slots)
                yield from (here + further for further in _totals(rest, made, after))


def test_one_parts_figures_stay_beside_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "build" / "bench.json"
    monkeypatch.setattr(result, "KEPT_IN", kept)
    for part, rounds in {"one": [{"a": 1.0}, {"a": 2.0}, {"a": 9.0}], "other": [{"b": 4.0}]}.items():
        result.keep(part, result.summary(rounds))
    found = json.loads(kept.read_text(encoding="utf-8"))
    assert (found["medians"], found["spread"]["a"]) == ({"a": 2.0, "b": 4.0}, [1.0, 9.0])
    assert set(found["at"]) == {"one", "other"}


def test_raw_lies_on_as_many_partitions_as_a_needs_events() -> None:
    topics = {
        "shared": {"yuqiao.needs.v1": {"partitions": 6}, "yuqiao.banks.v1": {"partitions": 6}},
        "bank": {"needs": {"partitions": 1}, "replies": {"partitions": 2}, "products": {"partitions": 1}},
    }
    assert spread(topics, banks=3) == 6 + 3 * (1 + 2)
