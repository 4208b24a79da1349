"""Writes data/calendar.csv from the package chinesecalendar: `python -m yuqiao.policy.seed_calendar`.

Run it when a release of chinesecalendar knows a new year's holiday notice, and raise LAST. Nothing else imports the
package. The column `source` names it, and for a day that a notice moved or freed, the holiday.
"""

import csv
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TextIO

import chinese_calendar

FIRST, LAST = date(2018, 1, 1), date(2026, 12, 31)
TARGET = Path(__file__).parent / "data" / "calendar.csv"


def source_of(day: date) -> str:
    """Where the state of `day` comes from: package and version, then the holiday where a notice decided."""
    package = f"chinesecalendar-{chinese_calendar.__version__}"
    _, holiday = chinese_calendar.get_holiday_detail(day)
    return f"{package}:{chinese_calendar.Holiday(holiday).chinese}" if holiday else package


def write(out: TextIO) -> int:
    """Writes every day from FIRST to LAST and returns how many. Raises NotImplementedError beyond the package."""
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["date", "is_working", "source"])
    days = [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
    for day in days:
        rows.writerow([day.isoformat(), int(chinese_calendar.is_workday(day)), source_of(day)])
    return len(days)


if __name__ == "__main__":
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        print(f"{write(file)} 天写入 {TARGET}", file=sys.stderr)
