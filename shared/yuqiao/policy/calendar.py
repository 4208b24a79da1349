"""Working days in mainland China, from a table of days; what the table does not cover is marked provisional."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from yuqiao.policy.calendar_table import rows_in
from yuqiao.policy.datafile import text_of

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Beijing time. A fixed offset: China has had no daylight saving time since 1991."""


def until(due_at: str) -> str:
    """A limit (RFC 3339) as people read it, in Beijing: what ends with a day ends at its 24:00, not as the next begins."""
    local = datetime.fromisoformat(due_at).astimezone(BEIJING)
    if local.time() == time(0):
        return f"{local.date() - timedelta(days=1)} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day counted in working days. `provisional`: it rests on days that no holiday notice covers yet."""

    due: date
    provisional: bool
    basis: str


class WorkingCalendar:
    """Which days are worked. Outside the table Monday to Friday is assumed, and every result says so."""

    def __init__(self, days: Mapping[date, bool]) -> None:
        """`days`: working or not, for every day of one unbroken range. Raises ValueError when a day is missing."""
        if not days:
            raise ValueError("工作日历为空：至少需要一天")
        self._first, self._last = min(days).toordinal(), max(days).toordinal()
        if self._last - self._first + 1 != len(days):
            raise ValueError(f"工作日历不连续：{min(days)} 至 {max(days)} 应有 {self._last - self._first + 1} 天")
        self._worked = sorted(day.toordinal() for day, is_working in days.items() if is_working)
        self._worked_set = frozenset(self._worked)

    @classmethod
    def load(cls, path: Path | None = None) -> "WorkingCalendar":
        """The calendar of `path` (CSV: date,is_working,source), or the installed one (read once)."""
        return _installed() if path is None else cls(_days(path.read_text(encoding="utf-8")))

    @property
    def horizon(self) -> date:
        """The last day that a holiday notice covers."""
        return date.fromordinal(self._last)

    def covers(self, day: date) -> bool:
        """Whether `day` is in the table; if not, whatever is said of it is provisional."""
        return self._first <= day.toordinal() <= self._last

    def is_working(self, day: date) -> bool:
        """Whether `day` is worked. Where `covers(day)` is false: Monday to Friday, provisionally."""
        if self.covers(day):
            return day.toordinal() in self._worked_set
        return day.weekday() < 5

    def add_working_days(self, start: date, n: int) -> DueDay:
        """The n-th working day after `start` (`start` itself never counts).

        Raises ValueError unless n >= 1, and for a day after 9999-12-31.
        """
        if n < 1:
            raise ValueError(f"工作日数须为正整数，收到 {n}")
        basis = f"自 {start} 次日起第 {n} 个工作日"
        place = bisect_right(self._worked, start.toordinal()) + n - 1
        if self._first - 1 <= start.toordinal() and place < len(self._worked):
            return DueDay(date.fromordinal(self._worked[place]), False, basis)
        day = start
        while n:
            if day == date.max:
                raise ValueError(f"{basis}超出日历所能表示的最后一天 {date.max}")
            day += timedelta(days=1)
            n -= self.is_working(day)
        return DueDay(day, True, f"{basis}；超出工作日历（至 {self.horizon}），暂按周一至周五推算")

    def working_days_between(self, a: date, b: date) -> int:
        """How many working days lie after `a` up to and including `b`; negative when `b` is before `a`."""
        if b < a:
            return -self.working_days_between(b, a)
        if self._first - 1 <= a.toordinal() and b.toordinal() <= self._last:
            return bisect_right(self._worked, b.toordinal()) - bisect_right(self._worked, a.toordinal())
        return sum(self.is_working(a + timedelta(days=i)) for i in range(1, (b - a).days + 1))

    def working_hours_between(self, a: datetime, b: datetime) -> Decimal:
        """The hours from `a` to `b` that lie on working days, all 24 of each; Beijing time. 0 when `b` is before `a`."""
        begin, end, found = a.astimezone(BEIJING), b.astimezone(BEIJING), timedelta()
        while begin < end:
            midnight = datetime.combine(begin.date() + timedelta(days=1), time(), BEIJING)
            if self.is_working(begin.date()):
                found += min(end, midnight) - begin
            begin = midnight
        return round(Decimal(found.total_seconds()) / 3600, 2)


def _days(text: str) -> dict[date, bool]:
    return {row.day: row.is_working for row in rows_in(text)}


@lru_cache(maxsize=1)
def _installed() -> WorkingCalendar:
    return WorkingCalendar(_days(text_of("calendar.csv")))
