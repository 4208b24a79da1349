"""Provisional due days (暂算) counted again when a calendar knows more: what moves, what becomes certain."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from yuqiao.policy.calendar import DueDay, WorkingCalendar


@dataclass(frozen=True, slots=True)
class Recounted:
    """The n-th working day after `start`: as it was counted, and as it is now."""

    start: date
    n: int
    before: DueDay
    after: DueDay

    @property
    def moved(self) -> bool:
        """Whether it falls on another day; if not, it has only become certain."""
        return self.before.due != self.after.due


def recounted(counts: Iterable[tuple[date, int]], old: WorkingCalendar, new: WorkingCalendar) -> list[Recounted]:
    """Of due days given as (start, working days): those that were provisional and are now another day, or certain.

    A due day that was certain stays as it was announced, even if the new calendar counts otherwise. Raises ValueError as
    `add_working_days`.
    """
    both = [Recounted(start, n, old.add_working_days(start, n), new.add_working_days(start, n)) for start, n in counts]
    return [one for one in both if one.before.provisional and (one.moved or not one.after.provisional)]
