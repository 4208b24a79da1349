"""Provisional due days, counted again when the calendar knows the next year."""

from datetime import date, timedelta

from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.recount import recounted

FREE = {date(2027, 1, 1), date(2027, 1, 4)}
OLD = WorkingCalendar({date(2026, 12, 1) + timedelta(days=i): True for i in range(31)})
NEW = WorkingCalendar(
    {
        (day := date(2026, 12, 1) + timedelta(days=i)): day.year == 2026 or (day.weekday() < 5 and day not in FREE)
        for i in range(62)
    }
)


def test_what_was_provisional_moves_or_becomes_certain() -> None:
    eve = date(2026, 12, 31)
    counts = [(eve, 1), (eve, 2), (date(2026, 12, 1), 3), (date(2027, 1, 11), 2), (date(2027, 3, 1), 2)]
    found = recounted(counts, OLD, NEW)
    assert [(one.start, one.n, one.before.due, one.after.due, one.moved) for one in found] == [
        (eve, 1, date(2027, 1, 1), date(2027, 1, 5), True),
        (eve, 2, date(2027, 1, 4), date(2027, 1, 6), True),
        (date(2027, 1, 11), 2, date(2027, 1, 13), date(2027, 1, 13), False),
    ]
    assert all(one.before.provisional and not one.after.provisional for one in found)


def test_a_certain_day_stays_as_it_was_announced() -> None:
    other = WorkingCalendar({date(2026, 12, 1) + timedelta(days=i): i != 1 for i in range(31)})
    assert other.add_working_days(date(2026, 12, 1), 1).due != OLD.add_working_days(date(2026, 12, 1), 1).due
    assert recounted([(date(2026, 12, 1), 1)], OLD, other) == []


def test_nothing_new_is_nothing_to_say() -> None:
    assert recounted([(date(2027, 3, 1), 2)], OLD, OLD) == []
