"""How a simulated bank behaves: a pure function of (SEED, bank, offer). Calibrated on the published push of 1 662 firms.

綦江-万盛 2021: of 1 662 listed firms 880 were granted credit (53 %), 46 % of the credit was drawn, 19 % were first loans. A
need meets three banks at first and up to six in all, so a single bank grants far less often than that.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from yuqiao.contracts.to_bank import NeedOffered, TaskAsked

# The chances of a bank. Those of one moment are taken from the same draw, in this order; what is left is silence.
ACCEPTS, DECLINES, LATE = 0.62, 0.24, 0.07
ENDS_WHEN_DISCLOSED, NEVER_CALLS = 0.12, 0.04
VISITS, MEETS_AN_OBSTACLE, NO_DOCUMENTS = 0.5, 0.012, 0.08
GRANTS, DISBURSES = 0.275, 0.50
NEVER_REPORTS, HAS_A_LOAN_THERE = 0.06, 0.30
SENDS_TWICE, SENDS_GARBAGE = 0.02, 0.025

GARBAGE = ("garbage.json", "garbage.offer", "garbage.type", "garbage.stage", "garbage.reason")
RATES = tuple(Decimal(rate) for rate in ("0.0345", "0.0365", "0.0385", "0.0395", "0.0410", "0.0435"))

CUTS = tuple(Decimal(cut) for cut in ("0.10", "0.10", "0.10", "0.12", "0.15", "0.05"))
"""Of the rate as it was; the last is less than clause 二 promises."""

REASONS: Mapping[str, Mapping[str, int]] = {
    "offered": {"E4": 3, "E5": 5, "F4": 6, "B1": 4, "B2": 3, "E1": 3, "C5": 1, "N4": 1, "X": 1},
    "disclosed": {"N1": 3, "N2": 4, "N3": 5, "E2": 2, "E3": 1, "D1": 4, "D3": 1},
    "decided": {
        "C1": 6,
        "C2": 5,
        "C3": 2,
        "C4": 2,
        "F1": 5,
        "F2": 7,
        "F3": 6,
        "G1": 8,
        "G2": 4,
        "G3": 2,
        "D2": 1,
        "U1": 1,
    },
}
"""Decline reasons by the moment at which a bank gives them, with weights: every code of the taxonomy that a bank may use."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a bank does, on the `days`-th working day after the event it answers. `action` names it within the offer.

    `again`: the same record is sent twice.
    """

    action: str
    reply: str
    days: int
    values: dict[str, Any] = field(default_factory=dict)
    again: bool = False


def on_offered(seed: int, bank: str, offer: NeedOffered) -> list[Step]:
    """What follows from a push: accept, decline, silence, lateness; now and then garbage beside it."""
    chance = _chance(seed, bank, offer, "offered")
    steps: list[Step] = []
    draw = chance.random()
    if draw < ACCEPTS:
        steps.append(Step("accept", "accept", chance.choice((0, 0, 1))))
    elif draw < ACCEPTS + DECLINES:
        steps.append(_decline(chance, "offered", chance.choice((0, 1))))
    elif draw < ACCEPTS + DECLINES + LATE:
        steps.append(Step("late", "accept", chance.choice((3, 4))))
    if chance.random() < SENDS_GARBAGE:
        steps.append(Step("garbage", chance.choice(GARBAGE), 0))
    return _some_twice(chance, steps)


def on_disclosed(seed: int, bank: str, offer: NeedOffered) -> list[Step]:
    """What follows once the bank knows the enterprise: contact, visit, documents, decision, disbursement; or an end before."""
    chance = _chance(seed, bank, offer, "disclosed")
    return _some_twice(chance, list(_acquaintance(chance, offer)))


def on_asked(seed: int, bank: str, asked: TaskAsked) -> list[Step]:
    """What the bank reports of a task: done where the enterprise has a loan there. No figure is published for this."""
    chance = random.Random(f"{seed}/{bank}/{asked.offer}/{asked.code}")
    if chance.random() < NEVER_REPORTS:
        return []
    done = chance.random() < HAS_A_LOAN_THERE
    values = _cut(chance) if done else {"note": "测试：在本行没有原有贷款"}
    step = Step(f"task.{asked.code}", "task", chance.randint(1, 6), {"task": asked.task, "done": done, **values})
    return _some_twice(chance, [step])


def _cut(chance: random.Random) -> dict[str, Any]:
    before = chance.choice(RATES)
    after = before * (1 - chance.choice(CUTS))
    return {"rate_before": before, "rate_after": after.quantize(Decimal("0.0001"), ROUND_FLOOR)}


def _acquaintance(chance: random.Random, offer: NeedOffered) -> Iterator[Step]:
    day = chance.choice((1, 1, 2, 2, 3))
    draw = chance.random()
    if draw < ENDS_WHEN_DISCLOSED:
        yield _decline(chance, "disclosed", day)
        return
    if draw < ENDS_WHEN_DISCLOSED + NEVER_CALLS:
        return
    yield Step("contact", "contact", day, {"method": chance.choice(("phone", "branch", "online"))})
    if chance.random() < VISITS:
        day += 1
        yield Step("visit", "visit", day)
    if chance.random() < MEETS_AN_OBSTACLE:
        yield Step("issue", "issue", day, {"category": "guarantee", "note": "测试：抵押登记办理时间较长"})
    if chance.random() < NO_DOCUMENTS:
        return
    day += chance.randint(2, 8)
    yield Step("documents", "documents", day)
    yield from _decision(chance, offer, day + chance.randint(3, 8))


def _decision(chance: random.Random, offer: NeedOffered, day: int) -> Iterator[Step]:
    if chance.random() >= GRANTS:
        yield Step("decision", "decision", day, {"approved": False, "reason": _reason(chance, "decided")})
        return
    granted = _part(offer.need.amount_cny.at_least, chance.choice((8, 9, 10)))
    terms = {"annual_rate": chance.choice(RATES), "amount_cny": granted}
    yield Step("decision", "decision", day, {"approved": True, "term_months": 12, "guarantee_mode": "credit", **terms})
    if chance.random() < DISBURSES:
        drawn = {"amount_cny": _part(granted, chance.choice((7, 9, 10))), "first_loan": offer.need.first_loan}
        yield Step("disbursement", "disbursement", day + chance.randint(1, 4), terms | drawn)


def _part(whole: Decimal, tenths: int) -> Decimal:
    """So many tenths, at least 10 000 yuan; the lowest band starts at nothing."""
    return max(Decimal("10000.00"), (whole * tenths / 10).quantize(Decimal("0.01")))


def _decline(chance: random.Random, moment: str, day: int) -> Step:
    code = _reason(chance, moment)
    note = {"note": "测试：其他原因"} if code == "X" else {}
    return Step("decline", "decline", day, {"reason": code, **note})


def _reason(chance: random.Random, moment: str) -> str:
    codes = REASONS[moment]
    return chance.choices(tuple(codes), tuple(codes.values()))[0]


def _some_twice(chance: random.Random, steps: Sequence[Step]) -> list[Step]:
    return [replace(step, again=chance.random() < SENDS_TWICE) for step in steps]


def _chance(seed: int, bank: str, offer: NeedOffered, moment: str) -> random.Random:
    return random.Random(f"{seed}/{bank}/{offer.offer}/{moment}")
