"""The table of days as a file (date, is_working, source): read, extended by an official notice, written."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO

from yuqiao.policy.holiday_notice import HolidayNotice
from yuqiao.policy.written import written_day

HEADER = ["date", "is_working", "source"]


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day: worked or not, and who says so; after a colon the holiday that moved or freed it."""

    day: date
    is_working: bool
    source: str


def rows_of(notice: HolidayNotice) -> list[DayRow]:
    """What a notice says of each day of its year, and of the days that it moves in the December before."""
    first, last = date(notice.year, 1, 1), date(notice.year, 12, 31)
    days = {first + timedelta(days=i) for i in range((last - first).days + 1)} | notice.free.keys() | notice.worked
    return [_row(notice, day) for day in sorted(days)]


def extended(rows: Iterable[DayRow], notice: HolidayNotice) -> list[DayRow]:
    """The table with a notice's year after it, or with its last year replaced. Raises ValueError for any other year.

    A year that is not the last may have been changed at its end by the next year's notice: it is not overwritten.
    """
    table = {row.day: row for row in rows}
    last = max(table).year
    if notice.year not in (last, last + 1):
        raise ValueError(f"工作日历至 {max(table)}：只能导入 {last} 年或 {last + 1} 年的通知，收到 {notice.year} 年的")
    known_from = min(table)
    table |= {row.day: row for row in rows_of(notice) if row.day >= known_from}
    return [table[day] for day in sorted(table)]


def differing(rows: Iterable[DayRow], notice: HolidayNotice) -> list[date]:
    """The days on which a table and a notice do not agree, of those that both know."""
    known = {row.day: row.is_working for row in rows}
    return [row.day for row in rows_of(notice) if known.get(row.day, row.is_working) != row.is_working]


def rows_in(text: str) -> list[DayRow]:
    """The rows of a CSV text. Raises ValueError with the line that is wrong."""
    found = []
    for line, cells in enumerate(csv.reader(text.splitlines()), 1):
        if line == 1 and cells != HEADER:
            raise ValueError(f"第 1 行须为 {','.join(HEADER)}")
        if line > 1:
            if len(cells) != len(HEADER) or cells[1] not in ("0", "1"):
                raise ValueError(f"第 {line} 行须如 2026-01-01,0,国办发明电〔2025〕7号:元旦")
            found.append(DayRow(_day(line, cells[0]), cells[1] == "1", cells[2]))
    if not found:
        raise ValueError("没有任何一天")
    return found


def csv_of(rows: Iterable[DayRow]) -> str:
    """The rows as CSV text, with the header."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([row.day.isoformat(), int(row.is_working), row.source] for row in rows)
    return out.getvalue()


def _day(line: int, text: str) -> date:
    try:
        return date.fromisoformat(str(written_day(text)))
    except ValueError:
        raise ValueError(f"第 {line} 行的日期 {text} 有误：须为存在的日期，如 2026-01-01") from None


def _row(notice: HolidayNotice, day: date) -> DayRow:
    if day in notice.free:
        return DayRow(day, False, f"{notice.number}:{notice.free[day]}")
    if day in notice.worked:
        return DayRow(day, True, f"{notice.number}:调休")
    return DayRow(day, day.weekday() < 5, notice.number)
