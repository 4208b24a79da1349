"""Facts that feedback keeps for itself."""

from yuqiao.contracts.values import Id, Reason
from yuqiao.runtime.messages import Note


class ReplyKept(Note):
    """A bank's reply and its verdict: `reply` is bank/ce_id, `digest` of its bytes."""

    wire_type = "feedback.reply_kept"
    key_field = "enterprise"
    enterprise: Id
    reply: str
    digest: str
    applied: bool
    reasons: tuple[Reason, ...] = ()


class TaskDone(Note):
    """A bank reports that a task of the plan is done."""

    wire_type = "feedback.task_done"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    task: Id


class WordsKept(Note):
    """A bank's own words at `place`, encrypted."""

    wire_type = "feedback.words_kept"
    key_field = "enterprise"
    enterprise: Id
    place: str
    sealed: str
