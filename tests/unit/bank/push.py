"""A push of a whole need list to simulated banks, without the platform: the rules of offering on, in working days."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from deploy.sample.make_sample import rows
from yuqiao.bank.behaviour import Step, on_disclosed, on_offered
from yuqiao.contracts.to_bank import NeedOffered
from yuqiao.contracts.values import AnonymousNeed, Band
from yuqiao.policy.calendar import BEIJING
from yuqiao.policy.decline_reasons import reason
from yuqiao.runtime.messages import derived_id

NOW = datetime(2022, 12, 28, 9, tzinfo=BEIJING)
BANKS = [f"bank{number:02}" for number in range(1, 9)]
CUTS = [Decimal(wan) * 10_000 for wan in (0, 10, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000)]
FIRST_PLACES, NEXT_PLACES, MOST_BANKS = 3, 2, 6


def offered(need: object, bank: str, amount: Decimal = Decimal(1_000_000), first_loan: bool = False) -> NeedOffered:
    band = Band(at_least=max(cut for cut in CUTS if cut <= amount))
    snapshot = AnonymousNeed(kind="new_loan", amount_cny=band, first_loan=first_loan)
    return NeedOffered(
        at=NOW,
        bank=bank,
        offer=derived_id("offer", need, bank),
        product=f"{bank}-p",
        need=snapshot,
        measures=(),
        reasons=(),
        respond_by=NOW,
    )


@dataclass(frozen=True)
class Life:
    """How an offer ended: after how many days, with which reason; what was granted when; what was lent."""

    day: int
    reason: str | None = None
    granted: tuple[int, Decimal] | None = None
    lent: Decimal | None = None


def life(seed: int, offer: NeedOffered, consent: bool) -> Life:
    answer = next((s for s in on_offered(seed, offer.bank, offer) if s.action in {"accept", "decline"}), None)
    if answer is None:
        return Life(2, "B3")
    if answer.reply == "decline":
        return Life(answer.days, answer.values["reason"])
    if not consent:
        return Life(answer.days + 5, "D3")
    return _known(answer.days, on_disclosed(seed, offer.bank, offer))


def _known(since: int, steps: list[Step]) -> Life:
    granted = None
    for step in steps:
        day = since + step.days
        if step.reply == "decline" or step.values.get("approved") is False:
            return Life(day, step.values["reason"])
        if step.reply == "decision":
            granted = (day, step.values["amount_cny"])
        if step.reply == "disbursement":
            return Life(day, None, granted, step.values["amount_cny"])
    if granted:
        return Life(granted[0] + 5, "N2", granted)
    return Life(since + steps[-1].days + 20, "D1") if steps else Life(since + 3, "B3")


@dataclass
class Funnel:
    """What became of a list."""

    outcomes: Counter[str] = field(default_factory=Counter)
    granted_cny: Decimal = Decimal(0)
    lent_cny: Decimal = Decimal(0)
    first_loans: int = 0
    longest: int = 0

    @property
    def credited(self) -> int:
        return self.outcomes["financed"] + self.outcomes["credited"]


def push(seed: int, needs: int = 1662) -> Funnel:
    funnel = Funnel()
    for number, row in enumerate(rows(needs, seed)):
        amount = Decimal(str(row["金额(万元)"])) * 10_000
        _follow(seed, number, amount, row["是否首贷"] == "是", row["授权范围"] is not None, funnel)
    return funnel


def _follow(seed: int, number: int, amount: Decimal, first_loan: bool, consent: bool, funnel: Funnel) -> None:
    order = sorted(BANKS, key=lambda bank: hashlib.sha256(f"{seed}/{number}/{bank}".encode()).digest())[:MOST_BANKS]
    began, grants = 0, list[Decimal]()
    while True:
        places = FIRST_PLACES if len(order) == MOST_BANKS else NEXT_PLACES
        round_, order = order[:places], order[places:]
        lives = sorted(
            (life(seed, offered(number, b, amount, first_loan), consent) for b in round_), key=lambda e: e.day
        )
        lent = next((e for e in lives if e.lent is not None), None)
        end = lent or lives[-1]
        grants += [e.granted[1] for e in lives if e.granted and e.granted[0] <= end.day]
        outcome = _outcome(lent, grants, end, order)
        if outcome:
            break
        began += end.day + 1
    funnel.outcomes[outcome] += 1
    funnel.longest = max(funnel.longest, began + end.day)
    funnel.granted_cny += max(grants, default=Decimal(0))
    funnel.lent_cny += lent.lent if lent and lent.lent else 0
    funnel.first_loans += bool(grants and first_loan)


def _outcome(lent: Life | None, grants: list[Decimal], end: Life, left: list[str]) -> str | None:
    if lent:
        return "financed"
    if grants:
        return "credited"
    why = reason(end.reason or "")
    if why and why.outcome:
        return why.outcome
    return None if left else "no_bank"
