"""`yuqiao.cases.v1`, keyed by enterprise, written by feedback: a case from its opening to its resolution."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from yuqiao.contracts import streams
from yuqiao.contracts.base import StreamEvent, Value
from yuqiao.contracts.values import BankId, Code, Id, Money, OfficeWords, Rate, Reason

Party = Literal["bank", "enterprise", "office"] | Code
OfferStage = (
    Literal[
        "offered",
        "accepted",
        "withheld",
        "disclosed",
        "contacted",
        "documents_complete",
        "approved",
        "disbursed",
        "declined",
        "expired",
        "closed",
    ]
    | Code
)
Outcome = Literal["financed", "credited", "no_need", "no_bank", "withdrawn", "removed", "consent_missing"] | Code


class Wait(Value):
    """Whom something waits for, under which limit of deploy/time-limits.yaml, and until when.

    `provisional`: counted on days that no holiday notice covers yet; `since` is then the moment it is counted from.
    """

    limit: Code
    on: Party
    due_at: AwareDatetime
    provisional: bool = False
    since: AwareDatetime | None = None


class CaseEvent(StreamEvent):
    """An event about one case; the case has the need's id."""

    stream = streams.CASES
    key_field: ClassVar[str] = "enterprise"
    enterprise: Id
    need: Id


class CaseOpened(CaseEvent):
    """A case exists from the registration of its need. `mode`: how the need is offered, a code of routing_mode."""

    wire_type = "case.opened"
    amount_cny: Money
    kind: Code
    first_loan: bool | None = None
    channel: Code
    mode: Code | None = None
    wait: Wait


class CaseAdvanced(CaseEvent):
    """The case, or one offer in it, reached a stage that no other event names. `wait` replaces the old one.

    `reasons` in words where it waits for room.
    """

    wire_type = "case.advanced"
    offer: Id | None = None
    bank: BankId | None = None
    stage: OfferStage | Literal["registered", "waiting", "offered"]
    wait: Wait | None = None
    amount_cny: Money | None = None
    annual_rate: Rate | None = None
    reasons: tuple[Reason, ...] | None = None


class CaseOfferEvent(CaseEvent):
    """What became of one offer."""

    offer: Id
    bank: BankId


class OfferAccepted(CaseOfferEvent):
    """The bank wants to know the enterprise: intake checks consent and seals."""

    wire_type = "offer.accepted"
    wait: Wait


class OfferDeclined(CaseOfferEvent):
    """The bank declined at `stage`, with a reason of the taxonomy (stage × cause)."""

    wire_type = "offer.declined"
    stage: OfferStage
    reason: Code
    repairable: bool


class OfferExpired(CaseOfferEvent):
    """A limit passed; the reason is set by the system, never by the bank."""

    wire_type = "offer.expired"
    stage: OfferStage
    limit: Code
    due_at: AwareDatetime
    reason: Code


class ReplyAnswered(StreamEvent):
    """The judgement of one record on a bank's replies topic; notification turns it into that bank's receipt.

    Of a first acceptance in `single` and `race` it closes the other offers as well.

    `digest` (SHA-256 of the body): the same id with the same body gets the same answer again, with another it is refused.
    """

    stream = streams.CASES
    enterprise: Id | None = None
    need: Id | None = None
    offer: str | None = None
    bank: BankId
    reply: str | None = None
    reply_type: str | None = None
    place: str
    digest: str | None = None

    @property
    def key(self) -> str:
        """The enterprise, or the bank when the reply names no offer that we know."""
        return self.enterprise or self.bank


class ReplyApplied(ReplyAnswered):
    """The reply had its effect, or had had it before (`repeated`: the same id and body came again)."""

    wire_type = "reply.applied"
    repeated: bool = False


class ReplyRefused(ReplyAnswered):
    """The reply had no effect: which field is wrong, and what would be right."""

    wire_type = "reply.refused"
    reasons: tuple[Reason, ...]


class ReofferRequested(CaseEvent):
    """An offer ended without a loan: `places` more banks are wanted, none of `exclude`."""

    wire_type = "reoffer.requested"
    after_offer: Id
    exclude: tuple[BankId, ...]
    places: int


class PlanTask(Value):
    """One task of an enterprise's plan (一企一策). With `offer` it is asked of that offer's bank, for a measure 1 to 17.

    `since`: the moment a provisional `due_at` is counted from.
    """

    task: Id
    code: Code
    text: str
    owner: str
    due_at: AwareDatetime
    since: AwareDatetime | None = None
    offer: Id | None = None
    measure: int | None = None


class PlanAdopted(CaseEvent):
    """The plan for one enterprise: goal, measures used, tasks with owner and due day. `revision` counts from 1."""

    wire_type = "plan.adopted"
    revision: int
    measures: tuple[int, ...]
    tasks: tuple[PlanTask, ...]


class TaskDue(CaseEvent):
    """A task's day has passed without a report."""

    wire_type = "task.due"
    task: Id
    due_on: date


class IssueRaised(CaseEvent):
    """A problem of either side enters the issue list (银企双方问题清单); `reasons` where we saw it ourselves.

    `reply`: the `ce_id` of the report with which a bank raised it.
    """

    wire_type = "issue.raised"
    issue: Id
    raised_by: Party
    bank: BankId | None = None
    offer: Id | None = None
    category: Code
    level: Code
    wait: Wait
    reasons: tuple[Reason, ...] | None = None
    reply: str | None = None


class IssueResolved(CaseEvent):
    """An issue was answered: with `answer`, in the office's words.

    The rest says whose it was, as `issue.raised` did at `raised_at`.
    """

    wire_type = "issue.resolved"
    issue: Id
    resolution: Code
    answer: OfficeWords | None = None
    raised_at: AwareDatetime | None = None
    raised_by: Party | None = None
    category: Code | None = None
    bank: BankId | None = None
    offer: Id | None = None
    reply: str | None = None


class CaseEscalated(CaseEvent):
    """An issue was not answered in time and goes one rung up the ladder (专班)."""

    wire_type = "case.escalated"
    issue: Id
    level: Code
    wait: Wait | None = None


class CaseResolved(CaseEvent):
    """The end of a case, always with a reason; `amount_cny` is what was lent or granted."""

    wire_type = "case.resolved"
    outcome: Outcome
    bank: BankId | None = None
    offer: Id | None = None
    amount_cny: Money | None = None
    reasons: tuple[Reason, ...] = ()
