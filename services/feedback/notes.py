"""Facts that feedback keeps for itself."""

from typing import Literal

from services.feedback.messages import Waiting
from yuqiao.contracts.cases import Wait
from yuqiao.contracts.values import BankId, Id
from yuqiao.runtime.messages import Note


class OfferNoted(Note):
    """An offer reached a stage that an event of another service names, and waits under a limit that began there."""

    wire_type = "feedback.offer_noted"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    offer: Id
    bank: BankId
    stage: Literal["offered", "disclosed"]
    wait: Wait


class WaitRecounted(Note):
    """What was due on a provisional day is due on a certain one, or on a later one."""

    wire_type = "feedback.wait_recounted"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    kind: Waiting
    ref: Id
    wait: Wait


class LenderNoted(Note):
    """A bank that lent before was told whom it is asked about, or (`closed`) may not go on."""

    wire_type = "feedback.lender_noted"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    offer: Id
    bank: BankId
    stage: Literal["asked", "closed"]


class TaskDone(Note):
    """A task of the plan is done, as the bank reports that was asked, or the office."""

    wire_type = "feedback.task_done"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    task: Id


class TaskNotDone(Note):
    """A bank reports that a task cannot be done: it is answered."""

    wire_type = "feedback.task_not_done"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    task: Id


class WordsKept(Note):
    """A bank's own words in the record at `place` (`Cause.record`), encrypted; with an issue, what it says of that."""

    wire_type = "feedback.words_kept"
    key_field = "enterprise"
    enterprise: Id
    place: str
    sealed: str
    need: Id | None = None
    bank: str | None = None
    issue: Id | None = None
