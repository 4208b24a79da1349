"""Working days: published vectors, make-up Saturdays, and what lies beyond the table."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest

from yuqiao.policy import seed_calendar
from yuqiao.policy.calendar import BEIJING, WorkingCalendar, until
from yuqiao.policy.calendar_table import rows_in
from yuqiao.policy.datafile import text_of

CALENDAR = WorkingCalendar.load()
NOTICE = date(2022, 12, 28)


@pytest.mark.parametrize(
    ("n", "due"),
    [(1, date(2022, 12, 29)), (3, date(2023, 1, 3)), (5, date(2023, 1, 5)), (10, date(2023, 1, 12))],
)
def test_working_days_after_the_notice(n: int, due: date) -> None:
    found = CALENDAR.add_working_days(NOTICE, n)
    assert (found.due, found.provisional) == (due, False)
    assert CALENDAR.working_days_between(NOTICE, due) == n
    assert CALENDAR.working_days_between(due, NOTICE) == -n


MADE_UP = (
    "2023-01-28 2023-01-29 2023-04-23 2023-05-06 2023-06-25 2023-10-07 2023-10-08 "
    "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10"
)


@pytest.mark.parametrize("day", MADE_UP.split())
def test_make_up_weekends_are_worked(day: str) -> None:
    assert date.fromisoformat(day).weekday() >= 5
    assert CALENDAR.is_working(date.fromisoformat(day))


def test_spring_festival_2023_is_one_step() -> None:
    assert CALENDAR.add_working_days(date(2023, 1, 20), 1).due == date(2023, 1, 28)
    assert CALENDAR.add_working_days(date(2023, 1, 24), 2).due == date(2023, 1, 29)


def test_beyond_the_horizon_is_counted_and_flagged() -> None:
    assert CALENDAR.horizon == date(2026, 12, 31)
    last = CALENDAR.add_working_days(date(2026, 12, 30), 1)
    assert (last.due, last.provisional) == (date(2026, 12, 31), False)
    beyond = CALENDAR.add_working_days(date(2026, 12, 30), 2)
    assert (beyond.due, beyond.provisional) == (date(2027, 1, 1), True)
    assert "暂按" in beyond.basis
    assert not CALENDAR.covers(beyond.due)
    assert CALENDAR.add_working_days(date(2017, 12, 29), 1).provisional
    assert not CALENDAR.add_working_days(date(2017, 12, 31), 1).provisional
    assert CALENDAR.working_days_between(date(2026, 12, 30), date(2027, 1, 4)) == 3


@pytest.mark.parametrize("n", [0, -1])
def test_a_count_below_one_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="正整数"):
        CALENDAR.add_working_days(NOTICE, n)


def test_a_calendar_with_a_hole_is_refused() -> None:
    with pytest.raises(ValueError, match="不连续"):
        WorkingCalendar({date(2023, 1, 1): False, date(2023, 1, 3): True})
    with pytest.raises(ValueError, match="为空"):
        WorkingCalendar({})


def test_the_table_is_what_its_source_says() -> None:
    """Days that an official notice gave (imported before the package knows them) name the notice instead."""
    written = StringIO()
    seed_calendar.write(written)
    package = {row.day: row for row in rows_in(written.getvalue())}
    table = {row.day: row for row in rows_in(text_of("calendar.csv"))}
    assert package.keys() <= table.keys()
    assert [row for row in table.values() if row.source.startswith("chinesecalendar") and row != package[row.day]] == []


def test_counting_agrees_with_walking_day_by_day() -> None:
    for start in (NOTICE, date(2020, 1, 20), date(2024, 9, 27)):
        day, seen = start, 0
        for _ in range(60):
            day += timedelta(days=1)
            seen += CALENDAR.is_working(day)
            assert CALENDAR.working_days_between(start, day) == seen
            if CALENDAR.is_working(day):
                assert CALENDAR.add_working_days(start, seen).due == day


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("2022-12-28T10:00+08:00", "2022-12-28T13:30+08:00", "3.50"),
        ("2022-12-30T17:00+08:00", "2023-01-03T09:00+08:00", "16.00"),  # over New Year
        ("2023-01-27T20:00+08:00", "2023-01-28T12:00+08:00", "12.00"),  # a make-up Saturday after the Spring Festival
        ("2022-12-28T13:00+08:00", "2022-12-28T10:00+08:00", "0.00"),
    ],
)
def test_hours_count_on_working_days_only(begin: str, end: str, hours: str) -> None:
    found = WorkingCalendar.load().working_hours_between(datetime.fromisoformat(begin), datetime.fromisoformat(end))
    assert str(found) == hours


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2022, 12, 30, tzinfo=BEIJING), "2022-12-29 24:00"),
        (datetime(2022, 12, 31, 16, tzinfo=UTC), "2022-12-31 24:00"),
        (datetime(2022, 12, 30, 9, 5, tzinfo=BEIJING), "2022-12-30 09:05"),
    ],
)
def test_a_limit_that_ends_with_a_day_is_read_as_that_days_end(moment: datetime, said: str) -> None:
    assert until(moment.isoformat()) == said
