"""The round: as a deadline of each working morning, and as an operator's command."""

from yuqiao.runtime.messages import Command, Deadline

ROUND = "round"
"""The key of rounds."""
QUOTA = "quota"
"""Locked by every decision that takes room or sets it: quotas and catalogue have one truth under any number of processes."""


class RoundDue(Deadline):
    """A round is due: all waiting needs meet all banks with room at once.

    With a `number` it is out of turn, because room came: for those who wait for room.
    """

    number: int | None = None


class RunRound(Command):
    """An operator wants a round now."""

    key_field = "round"
    round: str = ROUND
