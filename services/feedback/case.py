"""The state of a case: its offers, its plan, its issues. Frozen; replaced by what events say."""

from decimal import Decimal
from operator import attrgetter

from pydantic import AwareDatetime, Field

from yuqiao.contracts.base import Value
from yuqiao.contracts.cases import Wait
from yuqiao.contracts.values import Reason

ENDED = frozenset({"disbursed", "declined", "expired", "closed"})
LADDER = ("registered", "offered", "accepted", "disclosed", "contacted", "documents_complete", "approved", "disbursed")
"""How far a case can come; the furthest stage that any of its offers reached counts."""


class CaseOffer(Value):
    """One bank's part in a case."""

    offer: str
    bank: str
    stage: str
    wait: Wait | None = None
    approved_cny: Decimal | None = None
    reason: str | None = None
    extended: bool = False

    @property
    def live(self) -> bool:
        """Whether it can still lead to a loan."""
        return self.stage not in ENDED


class Task(Value):
    """A task of the enterprise's plan; with `offer` it is asked of that offer's bank. `not_done` is an answer too."""

    task: str
    code: str
    text: str
    owner: str
    due_at: AwareDatetime
    since: AwareDatetime | None = None
    offer: str | None = None
    measure: int | None = None
    done: bool = False
    not_done: bool = False
    overdue: bool = False


class Case(Value):
    """One need's case, from registration to resolution; its id is the need's.

    `lenders` are questions to banks that lent before: no offers of the need, so that they neither keep it nor end it.
    """

    need: str
    enterprise: str
    kind: str
    channel: str
    mode: str | None = None
    amount_cny: Decimal
    first_loan: bool | None = None
    opened_at: AwareDatetime
    stage: str = "registered"
    wait: Wait | None = None
    offers: dict[str, CaseOffer] = Field(default_factory=dict)
    lenders: dict[str, CaseOffer] = Field(default_factory=dict)
    tried: tuple[str, ...] = ()
    measures: tuple[int, ...] = ()
    revision: int = 0
    tasks: dict[str, Task] = Field(default_factory=dict)
    late_match: bool = False
    outcome: str | None = None
    outcome_cny: Decimal | None = None
    resolved_at: AwareDatetime | None = None
    reached: str = "registered"

    def live_offers(self, without: str | None = None) -> list[CaseOffer]:
        """The offers that can still lead to a loan."""
        return [o for o in self.offers.values() if o.live and o.offer != without]

    def waits(self) -> list[tuple[str, str, Wait, str | None]]:
        """Everything this case waits for: (kind, of what, wait, bank)."""
        found: list[tuple[str, str, Wait, str | None]] = []
        if not self.outcome:
            found += [("case", self.need, self.wait, None)] if self.wait else []
            found += [("offer", o.offer, o.wait, o.bank) for o in self.offers.values() if o.live and o.wait]
        found += [self._wait_for(task) for task in self.tasks.values() if self.awaits(task)]
        return found

    @property
    def parts(self) -> dict[str, CaseOffer]:
        """The banks' parts in the case: offers, and questions to lenders."""
        return self.offers | self.lenders

    def asked(self, measure: int | None, bank: str) -> bool:
        """Whether this bank has been asked for this measure already, through whichever of its parts, and may answer or did."""
        mine = [t for t in self.tasks.values() if t.offer and (t.measure, t.owner) == (measure, bank)]
        return any(t.done or t.not_done or not self._shut(t) for t in mine)

    def _shut(self, task: Task) -> bool:
        """Whether the door has closed the part through which a bank is asked."""
        part = self.parts.get(task.offer) if task.offer else None
        return part is not None and part.stage == "closed"

    def awaits(self, task: Task) -> bool:
        """Whether its owner still has to report; a bank whose offer the door has closed is asked no more.

        What a lender owes does not depend on the need: it has to report after the case's end too.
        """
        over = self.outcome is not None and task.offer not in self.lenders
        return not (over or self._shut(task) or task.done or task.not_done or task.overdue)

    def _wait_for(self, task: Task) -> tuple[str, str, Wait, str | None]:
        limit, on, bank = ("task", "owner", None) if task.offer is None else ("measure", "bank", task.owner)
        provisional = task.since is not None
        wait = Wait(limit=limit, on=on, due_at=task.due_at, provisional=provisional, since=task.since)
        return "task", task.task, wait, bank

    def next_wait(self) -> Wait | None:
        """The wait that ends first; tasks wait for nobody else."""
        waits = [] if self.outcome else [self.wait, *(offer.wait for offer in self.live_offers())]
        return min((w for w in waits if w), key=attrgetter("due_at"), default=None)


def kept_as(bank: str, id: str) -> str:
    """What a bank's reply with this `ce_id` is kept under: the id stands for one reply, whatever need it speaks of."""
    return f"{bank}/{id}"


class KeptReply(Value):
    """A bank's reply as it was judged, so that the same one again gets the same answer."""

    type: str | None
    digest: str
    applied: bool
    reasons: tuple[Reason, ...] = ()


class Issue(Value):
    """One entry of the two-sided issue list 银企双方问题清单; `reply`: the `ce_id` of the bank's report that raised it."""

    issue: str
    need: str
    enterprise: str
    raised_by: str
    bank: str | None
    offer: str | None
    category: str
    level: str
    raised_at: AwareDatetime
    wait: Wait | None
    reasons: tuple[Reason, ...] | None = None
    resolution: str | None = None
    reply: str | None = None


def later(reached: str, stage: str) -> str:
    """The further of two stages of the ladder."""
    if stage not in LADDER:
        return reached
    return max(reached, stage, key=LADDER.index)
