"""Deadlines of a case, and what an operator asks."""

from typing import Literal

from yuqiao.runtime.messages import Command, Deadline

Waiting = Literal["case", "offer", "task", "issue"]
"""What can wait for a day."""


class LimitDue(Deadline):
    """A time limit of a case (`offer` None) or of one of its offers has passed."""

    need: str
    offer: str | None
    limit: str


class TaskOverdue(Deadline):
    """A task's day has passed."""

    need: str
    task: str


class IssueDue(Deadline):
    """An issue was not answered on its rung of the ladder in time."""

    issue: str


class RecountDue(Deadline):
    """A day that was counted provisionally lies on the calendar now: of a `case`, an `offer`, a `task` or an `issue`."""

    need: str
    kind: Waiting
    ref: str


class FinishTask(Command):
    """An operator says that a task of a plan which no bank is asked for is done."""

    key_field = "enterprise"
    enterprise: str
    need: str
    task: str


class ResolveIssue(Command):
    """An operator answers an issue, in words that whoever raised it is told."""

    key_field = "enterprise"
    enterprise: str
    issue: str
    resolution: str
    answer: str | None = None
