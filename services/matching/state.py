"""The rows of matching's state."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from pydantic import Field

from yuqiao.contracts.base import Value
from yuqiao.contracts.values import NeedFacts, Routing


class Wanted(NamedTuple):
    """A need that looks for banks: `places` more, none of `exclude`. `waited`: how often there was no room."""

    need: str
    facts: NeedFacts
    routing: Routing
    places: int
    exclude: frozenset[str] = frozenset()
    waited: int = 0


class Candidate(Value):
    """A need as matching knows it. `status`: noted | waiting | matched | unmatched | dropped.

    `offered`: the banks that it is not offered again; `asked_at`: when matching chose them.
    """

    need: str
    enterprise: str
    facts: NeedFacts
    routing: Routing
    status: str = "noted"
    reason: str | None = None
    round: int = 0
    places: int = 3
    waited: int = 0
    retry_on: date | None = None
    offered: tuple[str, ...] = ()
    asked_at: dict[str, datetime] = Field(default_factory=dict)

    @property
    def rest(self) -> bool:
        """Whether it was offered, and waits only for those of all its banks that had no room."""
        return self.status == "waiting" and self.reason == "rest_no_room"

    def wanted(self) -> Wanted:
        """What it looks for."""
        return Wanted(self.need, self.facts, self.routing, self.places, frozenset(self.offered), self.waited)


class BankEntry(Value):
    """A bank's daily quota, and whether it is switched on."""

    bank: str
    daily_quota: int
    enabled: bool


class Used(Value):
    """Offers made on one local day under one quota (a product's, or a bank's over all products); never given back."""

    day: date
    used: int


class Total(Value):
    """Offers made of a product at all, whether or not it has a total quota; never given back."""

    used: int


class Rounds(Value):
    """Rounds out of turn: the number of the last that was asked for, when, and of the last that was held."""

    asked: int
    asked_at: datetime
    held: int = 0


class Tally(Value):
    """A bank's answers to such needs: how many, how many accepted, and the hours of working days these took in all."""

    answered: int = 0
    accepted: int = 0
    hours: Decimal = Decimal(0)

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            answered=self.answered + other.answered,
            accepted=self.accepted + other.accepted,
            hours=self.hours + other.hours,
        )


class Learnt(Value):
    """What a bank's answers taught, by segment: until `day`, and on it. A day's answers count from the next day on.

    So a round finds the same whatever the order in which a morning's answers arrive.
    """

    bank: str
    day: date
    before: dict[str, Tally] = Field(default_factory=dict)
    on_day: dict[str, Tally] = Field(default_factory=dict)

    def with_answer(self, day: date, segment: str, answer: Tally) -> "Learnt":
        """One answer more."""
        if day > self.day:
            return Learnt(bank=self.bank, day=day, before=self.until(day), on_day={segment: answer})
        name = "on_day" if day == self.day else "before"
        tallies: dict[str, Tally] = getattr(self, name)
        more = tallies | {segment: tallies.get(segment, Tally()).plus(answer)}
        return self.but(**{name: more})

    def until(self, day: date) -> dict[str, Tally]:
        """What had been learnt when `day` began."""
        if day <= self.day:
            return self.before
        both = self.before.keys() | self.on_day.keys()
        return {s: self.before.get(s, Tally()).plus(self.on_day.get(s, Tally())) for s in sorted(both)}
