"""Limits: the file, and when each has passed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from yuqiao.policy.calendar import BEIJING, WorkingCalendar
from yuqiao.policy.time_limits import TimeLimit, TimeLimits, default_path

CALENDAR = WorkingCalendar.load()
LIMITS = TimeLimits.load(default_path())
MORNING = datetime(2022, 12, 28, 9, 0, tzinfo=BEIJING)


def test_every_limit_has_its_party_and_days() -> None:
    assert {code: (LIMITS[code].waited_on, LIMITS[code].working_days) for code in LIMITS.codes()} == {
        "accept": ("bank", 1),
        "disclose": ("office", 1),
        "consent": ("enterprise", 5),
        "contact": ("bank", 3),
        "documents": ("enterprise", 20),
        "decision": ("bank", 10),
        "disburse": ("bank", 5),
        "match": ("office", 2),
        "room": ("office", 20),
        "issue": ("office", 5),
        "task": ("owner", 10),
        "measure": ("bank", 10),
    }


@pytest.mark.parametrize(
    ("code", "at"),
    [
        ("accept", "2022-12-30"),
        ("contact", "2023-01-04"),
        ("disburse", "2023-01-06"),
        ("decision", "2023-01-13"),
    ],
)
def test_a_limit_passes_at_midnight_after_its_last_working_day(code: str, at: str) -> None:
    due = LIMITS.due(code, MORNING, CALENDAR)
    assert due.at.isoformat() == f"{at}T00:00:00+08:00"
    assert not due.provisional
    assert LIMITS[code].term in due.basis


def test_the_day_a_limit_starts_is_the_day_in_beijing() -> None:
    late = datetime(2022, 12, 28, 16, 0, tzinfo=UTC)  # already the 29th in Beijing
    assert LIMITS.due("accept", late, CALENDAR).at == datetime(2022, 12, 31, tzinfo=BEIJING)


def test_a_warning_comes_before_the_end() -> None:
    assert LIMITS.warning("accept", MORNING, CALENDAR) is None
    assert LIMITS.warning("decision", MORNING, CALENDAR) == datetime(2023, 1, 10, tzinfo=BEIJING)


def test_a_limit_beyond_the_calendar_is_provisional() -> None:
    assert LIMITS.due("decision", datetime(2026, 12, 28, tzinfo=BEIJING), CALENDAR).provisional


def test_a_limit_that_is_counted_again_is_never_earlier_than_it_was_announced() -> None:
    counted = LIMITS.due("accept", MORNING, CALENDAR)
    earlier, later = counted.at - timedelta(days=1), counted.at + timedelta(days=1)
    assert LIMITS.again("accept", MORNING, earlier, CALENDAR) == counted
    assert LIMITS.again("accept", MORNING, later, CALENDAR) == replace(counted, at=later)


def test_a_naive_moment_and_an_unknown_code_are_refused() -> None:
    with pytest.raises(ValueError, match="时区"):
        LIMITS.due("accept", datetime(2022, 12, 28), CALENDAR)  # noqa: DTZ001
    with pytest.raises(KeyError):
        LIMITS.due("nothing", MORNING, CALENDAR)


def test_a_wrong_file_is_refused_with_its_field(tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    row = "- {code: a, term: 甲, waited_on: bank, working_days: 0, warn_before: 0, source: 无}\n"
    path.write_text(row, encoding="utf-8")
    with pytest.raises(ValidationError, match="working_days"):
        TimeLimits.load(path)
    path.write_text(row.replace("days: 0", "days: 1") * 2, encoding="utf-8")
    with pytest.raises(ValueError, match="重复"):
        TimeLimits.load(path)
    with pytest.raises(ValidationError, match="warn_before"):
        TimeLimit(code="a", term="甲", waited_on="bank", working_days=1, warn_before=1, source="无")
