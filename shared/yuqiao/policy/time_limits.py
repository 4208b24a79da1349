"""Who is waited for, and how long: the limits of deploy/time-limits.yaml in working days and Beijing time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, TypeAdapter, model_validator

from yuqiao.policy.calendar import BEIJING, WorkingCalendar
from yuqiao.policy.datafile import Row

Party = Literal["bank", "enterprise", "office", "owner"]


class TimeLimit(Row):
    """One limit: what for (`term`), who is waited on, how many working days, when to warn, where it is from."""

    code: str = Field(pattern=r"^[a-z_]{1,40}$")
    term: str = Field(min_length=1)
    waited_on: Party
    working_days: int = Field(ge=1, le=250)
    warn_before: int = Field(ge=0)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _warned_before_the_end(self) -> "TimeLimit":
        if self.warn_before >= self.working_days:
            raise ValueError(f"{self.code}.warn_before 须小于 working_days（{self.working_days}）")
        return self


@dataclass(frozen=True, slots=True)
class Due:
    """The moment a limit has passed: nothing is late before `at`."""

    at: datetime
    provisional: bool
    basis: str


class TimeLimits:
    """All limits by code."""

    def __init__(self, limits: Iterable[TimeLimit]) -> None:
        """Raises ValueError when a code is given twice."""
        rows = tuple(limits)
        self._by_code = {limit.code: limit for limit in rows}
        if len(self._by_code) != len(rows):
            raise ValueError("时限代码重复：每个 code 只能出现一次")

    @classmethod
    def load(cls, path: Path) -> "TimeLimits":
        """The limits of a file. Raises OSError, or pydantic's ValidationError with the field that is wrong."""
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(TypeAdapter(tuple[TimeLimit, ...]).validate_python(content))

    def __getitem__(self, code: str) -> TimeLimit:
        """The limit with this code. Raises KeyError."""
        return self._by_code[code]

    def codes(self) -> tuple[str, ...]:
        """All codes, in the order of the file."""
        return tuple(self._by_code)

    def due(self, code: str, since: datetime, calendar: WorkingCalendar) -> Due:
        """When a limit that starts at `since` has passed: 00:00 Beijing time after its last working day.

        The day of `since` is its day in Beijing. Raises KeyError for an unknown code, ValueError for a naive `since`.
        """
        limit = self[code]
        return _due(limit.term, limit.working_days, _beijing_day(since), calendar)

    def again(self, code: str, since: datetime, announced: datetime, calendar: WorkingCalendar) -> Due:
        """A provisional `due` under a calendar that knows more: certain or later, but never before what was announced.

        Raises as `due`.
        """
        found = self.due(code, since, calendar)
        return replace(found, at=max(found.at, announced))

    def warning(self, code: str, since: datetime, calendar: WorkingCalendar) -> datetime | None:
        """When to warn of `due`: `warn_before` working days earlier; None when that is 0. Raises as `due`."""
        limit = self[code]
        if not limit.warn_before:
            return None
        early = limit.working_days - limit.warn_before
        return end_of(calendar.add_working_days(_beijing_day(since), early).due)


def default_path() -> Path:
    """deploy/time-limits.yaml of the tree this code is installed from. Raises FileNotFoundError."""
    for root in Path(__file__).resolve().parents:
        if (path := root / "deploy" / "time-limits.yaml").is_file():
            return path
    raise FileNotFoundError("找不到 deploy/time-limits.yaml：请指明时限文件的路径")


def _beijing_day(moment: datetime) -> date:
    if moment.tzinfo is None:
        raise ValueError(f"时间须带时区，收到 {moment.isoformat()}")
    return moment.astimezone(BEIJING).date()


@lru_cache(maxsize=1024)
def _due(term: str, working_days: int, day: date, calendar: WorkingCalendar) -> Due:
    last = calendar.add_working_days(day, working_days)
    return Due(end_of(last.due), last.provisional, f"{term} {working_days} 个工作日：{last.basis}")


def end_of(day: date) -> datetime:
    """00:00 Beijing time after a day."""
    return datetime.combine(day + timedelta(days=1), time.min, BEIJING)
