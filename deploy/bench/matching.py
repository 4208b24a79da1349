"""Matching by itself: no server, one process, garbage collected as in a service. Medians of interleaved rounds.

* `match_us`: which products suit a need, by the index; `try_all_us` the same by trying each, `match_speedup` the one over
  the other; `decide_us`: a live need's whole decision, down to the banks and the room it takes.
* `product_change_ms`: among 100 000, until the next need's decision sees a product's change; the slowest of some.
* `assign_100k_s`: a round of 100 000 needs, and 1 000 products with room for less than they ask for. Beside it OR-tools'
  min-cost flow in seconds and in the sum of levels, and that `_least` where room and needs are most at odds.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deploy.bench import market
from deploy.bench.crowd import Crowd, ratio
from deploy.bench.finding import Market
from deploy.bench.result import keep, machine, say, summary
from services.matching.state import Wanted
from yuqiao.runtime.main import COLLECT_AFTER

SIZES = {"1k": (1_000, 20), "10k": (10_000, 5), "100k": (100_000, 1)}
"""Products, and how many needs are tried on each of them in a round."""
ROUND, ROUND_PRODUCTS, SHARE = 100_000, 1_000, 0.6
FEWER, SHARES = 10_000, (0.3, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0)
AT_A_TIME, DECIDED, CHANGES = 2_000, 500, 20
AT_MOST = {"match_us_1k": 10, "match_us_10k": 30, "match_us_100k": 300, "product_change_ms": 50, "assign_100k_s": 2}
AT_LEAST = {"match_speedup_10k": 50, "assign_objective_ratio": 0.95}


def measure(rounds: int) -> dict[str, float]:
    """Run it; writes its part of build/bench.json and gives the medians. Raises Void."""
    say(f"matching: the sample list's first {ROUND} needs, {', '.join(SIZES)} products")
    with _collected_as_in_a_service():
        wanted, listed = market.needs(ROUND), list(market.products(ROUND_PRODUCTS))
        markets = {size: Market(products) for size, (products, _) in SIZES.items()}
        for one in markets.values():
            one.rank(wanted)
        crowd = Crowd(wanted, listed, SHARE)
        found = []
        for number in range(rounds):
            asked = wanted[(number + 1) * AT_A_TIME :][:AT_A_TIME]
            found.append(_finding(markets, asked, wanted[:AT_A_TIME]) | {"assign_100k_s": crowd.assign()[0]})
            say(f"round {number + 1}: " + ", ".join(f"{name} {value:,.2f}" for name, value in found[-1].items()))
        optimal = _beside_the_optimum(crowd)
        ratios = {share: _ratio_at(wanted[:FEWER], listed, share) for share in SHARES}
    optimal["assign_objective_ratio_least"] = round(min(ratios.values()), 4)
    result = summary(found)
    result["medians"] |= optimal
    _judge(result["medians"])
    details = {"rounds": found, "ratio_by_room": {f"{share:.1f}": round(r, 4) for share, r in ratios.items()}}
    keep("matching", {"machine": machine(), "matching": details, **result})
    return dict(result["medians"])


def _finding(markets: dict[str, Market], asked: list[Wanted], before: list[Wanted]) -> dict[str, float]:
    found: dict[str, float] = {}
    for size, one in markets.items():
        found[f"match_us_{size}"] = one.match_us(asked, before)
        found[f"decide_us_{size}"] = one.decide_us(asked[:DECIDED], before[:DECIDED])
        found[f"try_all_us_{size}"] = one.try_all_us(asked[: SIZES[size][1]])
        found[f"match_speedup_{size}"] = found[f"try_all_us_{size}"] / found[f"match_us_{size}"]
    found["product_change_ms"] = markets["100k"].change_ms(asked[:CHANGES])
    return found


def _beside_the_optimum(crowd: Crowd) -> dict[str, float]:
    say("the same round as a min-cost flow: about a minute, 2.5 GB")
    _, choices = crowd.assign()
    best = crowd.best()
    offers = sum(len(choice.picks) for choice in choices)
    say(f"{offers:,} offers, the optimum has {best.offers:,} of {sum(w.places for w in crowd.wanted):,} places")
    return {"assign_optimum_100k_s": round(best.seconds, 1), "assign_objective_ratio": round(ratio(choices, best), 4)}


def _ratio_at(wanted: list[Wanted], listed: list[Any], share: float) -> float:
    crowd = Crowd(wanted, listed, share)
    found = ratio(crowd.assign()[1], crowd.best())
    say(f"{len(wanted):,} needs, quotas for {share:.0%} of what they ask for: {found:.4f} of the optimum")
    return found


def _judge(medians: dict[str, float]) -> None:
    for name, most in AT_MOST.items():
        say(f"{name} {medians[name]:,.3f}, at most {most}: {'kept' if medians[name] <= most else 'MISSED'}")
    for name, least in AT_LEAST.items():
        say(f"{name} {medians[name]:,.3f}, at least {least}: {'kept' if medians[name] >= least else 'MISSED'}")


@contextmanager
def _collected_as_in_a_service() -> Iterator[None]:
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
