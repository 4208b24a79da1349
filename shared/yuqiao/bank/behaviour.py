"""How a simulated bank behaves: a pure function of (SEED, bank, offer). Calibrated on the published push of 1 662 firms.

綦江-万盛 2021: of 1 662 listed firms 53 % were granted credit, 46 % of the credit was drawn, 19 % were first loans. A
need meets up to six banks, so a single bank grants far less often than that.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from yuqiao.contracts.to_bank import NeedOffered

DECLINES: dict[str, Sequence[tuple[str, int]]] = {
    "offered": [("E4", 3), ("E5", 4), ("F4", 5), ("B1", 3), ("B2", 2), ("E1", 2), ("N4", 0), ("X", 1)],
    "disclosed": [("N1", 3), ("N2", 4), ("N3", 4), ("E2", 2), ("E3", 1), ("D1", 4)],
    "decided": [
        ("C1", 5),
        ("C2", 4),
        ("C3", 2),
        ("C4", 2),
        ("F1", 4),
        ("F2", 6),
        ("F3", 5),
        ("G1", 7),
        ("G2", 3),
        ("U1", 1),
    ],
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a bank does for an offer, `days` working days after what it follows. `action` names it within the offer."""

    action: str
    reply: str
    days: int
    values: dict[str, Any] = field(default_factory=dict)
    again: bool = False


def _random(seed: int, bank: str, offer: str, stage: str) -> random.Random:
    return random.Random(f"{seed}/{bank}/{offer}/{stage}")


def _reason(chance: random.Random, stage: str) -> str:
    codes, weights = zip(*DECLINES[stage], strict=True)
    return str(chance.choices(codes, weights)[0])


def on_offered(seed: int, bank: str, offer: NeedOffered) -> list[Step]:
    """What follows from a push: accept, decline, silence, lateness; now and then a duplicate or garbage."""
    chance = _random(seed, bank, offer.offer, "offered")
    steps: list[Step] = []
    draw = chance.random()
    if draw < 0.62:
        steps.append(Step("accept", "accept", chance.choice([0, 0, 1]), again=chance.random() < 0.02))
    elif draw < 0.86:
        values: dict[str, Any] = {"reason": _reason(chance, "offered")}
        if values["reason"] == "X":
            values["note"] = "测试：其他原因"
        steps.append(Step("decline", "decline", chance.choice([0, 1]), values, again=chance.random() < 0.02))
    elif draw < 0.93:
        steps.append(Step("late", "accept", chance.choice([3, 4])))
    garbage = chance.random()
    kinds = ["garbage.json", "garbage.offer", "garbage.type", "garbage.stage"]
    if garbage < 0.02:
        steps.append(Step("garbage", kinds[int(garbage * 200)], 0))
    return steps


def on_disclosed(seed: int, bank: str, offer: NeedOffered) -> list[Step]:
    """What follows once the bank knows the enterprise: contact, visit, documents, decision, disbursement; or an end before."""
    chance = _random(seed, bank, offer.offer, "disclosed")
    day = chance.choice([0, 0, 1, 1, 2])
    draw = chance.random()
    if draw < 0.12:
        return [Step("decline", "decline", day, {"reason": _reason(chance, "disclosed")})]
    if draw < 0.16:
        return []  # never calls: the limit passes
    steps = [Step("contact", "contact", day, {"method": chance.choice(["phone", "branch", "online"])})]
    if chance.random() < 0.5:
        day += 1
        steps.append(Step("visit", "visit", day))
    if chance.random() < 0.012:
        steps.append(Step("issue", "issue", day, {"category": "guarantee", "note": "测试：抵押登记办理时间较长"}))
    if chance.random() < 0.08:
        return steps  # the enterprise never brings its documents
    day += chance.randint(1, 7)
    steps.append(Step("documents", "documents", day))
    day += chance.randint(2, 8)
    return steps + _decision(chance, offer, day)


def _decision(chance: random.Random, offer: NeedOffered, day: int) -> list[Step]:
    if chance.random() > 0.36:
        return [Step("decision", "decision", day, {"approved": False, "reason": _reason(chance, "decided")})]
    low = offer.need.amount_cny.at_least
    amount = max(Decimal("10000.00"), (low * chance.choice([8, 9, 10]) / 10).quantize(Decimal("0.01")))
    rate = Decimal(chance.choice(["0.0345", "0.0365", "0.0385", "0.0395", "0.0410", "0.0435"]))
    terms = {"amount_cny": amount, "annual_rate": rate, "term_months": 12, "guarantee_mode": "credit"}
    steps = [Step("decision", "decision", day, {"approved": True, **terms})]
    if chance.random() < 0.5:
        values = {"amount_cny": amount, "annual_rate": rate, "first_loan": offer.need.first_loan}
        steps.append(Step("disbursement", "disbursement", day + chance.randint(1, 4), values))
    return steps
