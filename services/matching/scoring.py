"""What a product is worth to a need: levels between 0 and 100, made of parts whose weights are data (weights.yaml)."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from services.matching.state import Tally
from services.matching.terms import Terms
from yuqiao.contracts.values import NeedFacts

WHOLE = 10_000
"""A part of 1, as an int: levels are the same on every machine."""
PARTS = ("fit", "cost", "acceptance", "speed", "first_loan")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Prior(_Data):
    """What is believed of a bank before it has answered, worth so many answers."""

    acceptance: Decimal
    hours: Decimal
    answers: int


class Weights(_Data):
    """weights.yaml."""

    weights: dict[str, int]
    unsure_fit: Decimal
    dearest_rate: Decimal
    slowest_hours: Decimal
    prior: Prior
    waited: int

    @model_validator(mode="after")
    def _whole(self) -> "Weights":
        if tuple(self.weights) != PARTS or sum(self.weights.values()) != 100:
            raise ValueError(f"weights 须依次为 {'、'.join(PARTS)}，合计 100，现为 {self.weights}")
        if self.weights["fit"] * self.unsure_fit % 1:
            raise ValueError(f"fit × unsure_fit 须为整数，现为 {self.weights['fit']} × {self.unsure_fit}")
        return self


@lru_cache(maxsize=1)
def weights() -> Weights:
    """The weights, read once. Raises pydantic's ValidationError."""
    return Weights.model_validate(yaml.safe_load(Path(__file__).with_name("weights.yaml").read_text(encoding="utf-8")))


class Segment(NamedTuple):
    """Needs that banks treat alike."""

    kind: str
    size_class: str
    first_loan: bool

    @property
    def learnt_as(self) -> str:
        """Under which name answers are counted."""
        return f"{self.kind}/{self.size_class}"


def segment_of(facts: NeedFacts) -> Segment:
    """The segment of a need."""
    return Segment(facts.kind, facts.size_class, facts.first_loan is True)


class Standing(NamedTuple):
    """A bank before a segment: its acceptance and speed as parts of a score, and on how many answers they rest."""

    acceptance: int
    speed: int
    answered: int


def standing_of(tally: Tally) -> Standing:
    """Smoothed: few answers hardly move the prior."""
    return _standing(tally.answered, tally.accepted, tally.hours)


@lru_cache(maxsize=4096)
def _standing(answered: int, accepted: int, hours: Decimal) -> Standing:
    w, prior = weights(), weights().prior
    acceptance = (accepted + prior.acceptance * prior.answers) / (answered + prior.answers)
    mean = (hours + prior.hours * prior.answers) / (accepted + prior.answers)
    return Standing(int(acceptance * WHOLE), int(max(Decimal(0), 1 - mean / w.slowest_hours) * WHOLE), answered)


@lru_cache(maxsize=4096)
def cost(rate: Decimal) -> int:
    """The part of a score that a rate earns."""
    return int(max(Decimal(0), 1 - rate / weights().dearest_rate) * WHOLE)


def parts(terms: Terms, segment: Segment, bank: Standing, *, sure: bool) -> dict[str, int]:
    """The parts of a product's score."""
    return {
        "fit": WHOLE if sure else int(weights().unsure_fit * WHOLE),
        "cost": cost(terms.rate),
        "acceptance": bank.acceptance,
        "speed": bank.speed,
        "first_loan": WHOLE if segment.first_loan and terms.first_loan_friendly else 0,
    }


class Worth:
    """The level of any product to a segment: the weighted sum of its `parts` in whole hundredths. One level: equals.

    What depends on the bank alone is summed once.
    """

    def __init__(self, segment: Segment, banks: Mapping[str, Standing]) -> None:
        """`banks`: what had been learnt of each."""
        share = weights().weights
        self._friendly = share["first_loan"] * WHOLE if segment.first_loan else 0
        self._cost, always = share["cost"], share["fit"] * WHOLE + WHOLE // 2
        self._of_bank = {
            bank: always + share["acceptance"] * found.acceptance + share["speed"] * found.speed
            for bank, found in banks.items()
        }

    def of(self, terms: Terms) -> int:
        """The level of a product all of whose conditions are known to hold; 0 for a bank that is not registered."""
        of_bank = self._of_bank.get(terms.bank)
        if of_bank is None:
            return 0
        return (of_bank + self._cost * cost(terms.rate) + terms.first_loan_friendly * self._friendly) // WHOLE


@lru_cache(maxsize=1)
def unsure_costs() -> int:
    """By how many levels a product is worth less if one of its conditions cannot be judged."""
    return int(weights().weights["fit"] * (1 - weights().unsure_fit))
