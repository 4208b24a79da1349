"""`yuqiao.bank.<bank>.needs.v1` and `.receipts.v1`: what a bank reads. Written by notification alone."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from yuqiao.contracts.base import BankEvent
from yuqiao.contracts.streams import BankChannel
from yuqiao.contracts.values import AnonymousNeed, Code, Id, MeasureApplied, OfficeWords, ProductId, Reason


class ToBank(BankEvent):
    """An event about one offer on the bank's needs topic."""

    channel: ClassVar[BankChannel] = "needs"
    key_field: ClassVar[str] = "offer"
    offer: Id


class NeedOffered(ToBank):
    """A need for one of the bank's products; nobody can be identified by it. Answer by `respond_by`."""

    wire_type = "need.offered"
    product: ProductId
    need: AnonymousNeed
    measures: tuple[MeasureApplied, ...]
    reasons: tuple[Reason, ...]
    respond_by: AwareDatetime


class NeedWithheld(ToBank):
    """The bank accepted, and is not told yet who the enterprise is: `reason` says why. `need.disclosed` follows, or the end."""

    wire_type = "need.withheld"
    reason: Literal["consent_missing", "bank_key_missing", "identity_erased"] | Code


class NeedDisclosed(ToBank):
    """Who the enterprise is, as compact JWE (ECDH-ES+A256KW, A256GCM) for the bank's key `key_id`. Call by `contact_by`."""

    wire_type = "need.disclosed"
    key_id: str
    sealed: str
    contact_by: AwareDatetime


class BorrowerDisclosed(ToBank):
    """An enterprise that has a loan with the bank, as compact JWE: `task.asked` of the same `offer` asks what it is owed.

    The enterprise's need was not offered by this, and nobody has to call.
    """

    wire_type = "borrower.disclosed"
    key_id: str
    sealed: str


class TaskAsked(ToBank):
    """What the enterprise's plan asks of the bank that knows it, as for a measure. Answer with `reply.task` by `report_by`."""

    wire_type = "task.asked"
    task: Id
    code: Code
    measure: int | None = None
    text: str
    report_by: AwareDatetime


class IssueAnswered(ToBank):
    """The office answered what the bank raised with `reply.issue`, whatever became of the offer meanwhile.

    `answers` is that reply's `ce_id`, None when it was raised before this was kept; `text` are the office's words.
    """

    wire_type = "issue.answered"
    answers: str | None = None
    issue: Id
    category: Code
    resolution: Code
    text: OfficeWords | None = None


class NeedClosed(ToBank):
    """The offer is void: nothing more is expected, a later reply other than `reply.task` is refused."""

    wire_type = "need.closed"
    reason: Code


class Receipt(BankEvent):
    """The answer to one record that the bank wrote: to its replies topic or its products topic."""

    wire_type = "receipt"
    channel: ClassVar[BankChannel] = "receipts"
    key_field: ClassVar[str] = "subject"
    subject: str
    """The offer or product that the record named; the record's place when it named none."""
    answers: str | None = None
    """The record's ce_id, None when it had none."""
    place: str
    """topic/partition/offset of the record."""
    result: Literal["applied", "duplicate", "refused"] | Code
    reasons: tuple[Reason, ...] = ()
