"""What was counted on provisional days is counted again when the calendar covers them."""

from datetime import date, datetime, timedelta

import pytest

from services.feedback.messages import RecountDue, TaskOverdue
from services.feedback.notes import WaitRecounted
from tests.unit.feedback.desk import FIRM, NEED, Desk, names, offer_id
from yuqiao.contracts.cases import Wait
from yuqiao.contracts.from_bank import IssueReport, OfferAccept
from yuqiao.contracts.offers import IdentityDisclosed
from yuqiao.policy.calendar import BEIJING, WorkingCalendar

FIRST, EVE = date(2022, 12, 1), datetime(2022, 12, 30, 10, tzinfo=BEIJING)


def table(days: int, *free: date, worked: tuple[date, ...] = ()) -> WorkingCalendar:
    every = [FIRST + timedelta(days=i) for i in range(days)]
    return WorkingCalendar({day: (day.weekday() < 5 and day not in free) or day in worked for day in every})


DECEMBER = table(31)
WINTER = table(90, date(2023, 1, 2))
EARLIER = table(90, worked=(date(2023, 1, 7),))


def asked() -> Desk:
    """A bank that knows the enterprise and was asked for clause 二, an issue, and a day that is provisional for each."""
    desk = Desk()
    desk.book.calendar, desk.now = DECEMBER, EVE
    desk.register()
    desk.push("bank01")
    desk.match(2)
    desk.reply(OfferAccept)
    desk.disclose()
    desk.reply(IssueReport, category="documents")
    return desk


def told(desk: Desk, kind: str) -> RecountDue:
    """That the day of the one wait of this kind lies on the calendar now."""
    ref, wait = waiting(desk, kind)
    return RecountDue.model_validate({"key": FIRM, "due_at": wait.due_at, "need": NEED, "kind": kind, "ref": ref})


def waiting(desk: Desk, kind: str) -> tuple[str, Wait]:
    found = [(issue.issue, issue.wait) for issue in desk.book.issues if issue.wait and kind == "issue"]
    found += [(ref, wait) for waits, ref, wait, bank in desk.case.waits() if waits == kind and (bank or kind == "case")]
    (one,) = found
    return one


@pytest.mark.parametrize(("kind", "days"), [("offer", 1), ("task", 3), ("issue", 3)])
def test_a_provisional_day_becomes_a_later_and_certain_one(kind: str, days: int) -> None:
    desk = asked()
    _, before = waiting(desk, kind)
    assert (before.provisional, before.since) == (True, EVE)
    desk.book.calendar, due = WINTER, told(desk, kind)
    (note,) = desk.tell(due)
    assert isinstance(note, WaitRecounted)
    assert note.wait == before.but(due_at=before.due_at + timedelta(days=days), provisional=False, since=None)
    assert waiting(desk, kind)[1] == note.wait
    assert desk.tell(due) == [], "what was recounted is not recounted again"


def test_the_cases_own_wait_is_recounted() -> None:
    desk = Desk()
    desk.book.calendar, desk.now = DECEMBER, EVE
    desk.register()
    _, before = waiting(desk, "case")
    desk.book.calendar = WINTER
    assert names(desk.tell(told(desk, "case"))) == ["WaitRecounted"]
    assert waiting(desk, "case")[1].due_at == before.due_at + timedelta(days=1)


def test_a_day_never_comes_earlier_than_it_was_announced() -> None:
    desk = asked()
    _, before = waiting(desk, "task")
    desk.book.calendar = EARLIER
    assert desk.book.limits.due("measure", EVE, EARLIER).at < before.due_at
    desk.tell(told(desk, "task"))
    _, after = waiting(desk, "task")
    assert (after.due_at, after.provisional) == (before.due_at, False)


def test_what_is_still_provisional_is_recounted_when_a_longer_table_comes() -> None:
    desk = asked()
    january = table(45, *(FIRST + timedelta(days=i) for i in range(31, 45)))
    assert january.covers(waiting(desk, "task")[1].due_at.date())
    desk.book.calendar = january
    desk.tell(told(desk, "task"))
    _, after = waiting(desk, "task")
    assert (after.provisional, after.since) == (True, EVE)
    assert after.due_at.date() > january.horizon, "so nobody recounts it under the same table"


def test_nothing_is_recounted_for_a_wait_that_is_no_more() -> None:
    desk = asked()
    desk.book.calendar = WINTER
    assert desk.tell(told(desk, "offer").but(due_at=EVE)) == []
    assert desk.tell(told(desk, "issue").but(ref="no-such-issue")) == []


def test_what_is_due_on_a_day_that_was_moved_is_not_due_on_the_old_one() -> None:
    desk = asked()
    ref, before = waiting(desk, "task")
    desk.book.calendar = WINTER
    desk.tell(told(desk, "task"))
    overdue = TaskOverdue(key=FIRM, due_at=before.due_at, need=NEED, task=ref)
    assert desk.tell(overdue) == []
    assert names(desk.tell(overdue.but(due_at=waiting(desk, "task")[1].due_at))) == ["TaskDue"]


def test_a_day_that_was_announced_provisionally_stays_so_where_the_calendar_is_better_known() -> None:
    desk = Desk()
    desk.book.calendar, desk.now = DECEMBER, EVE
    desk.register()
    desk.push("bank01")
    desk.reply(OfferAccept)
    contact_by = desk.book.limits.due("contact", EVE, DECEMBER).at
    desk.book.calendar = WINTER
    common = {"at": EVE, "enterprise": FIRM, "need": NEED, "offer": offer_id("bank01"), "bank": "bank01"}
    desk.tell(IdentityDisclosed.model_validate(common | {"contact_by": contact_by, "provisional": True}))
    assert waiting(desk, "offer")[1].since == EVE
    desk.tell(told(desk, "offer"))
    assert waiting(desk, "offer")[1].due_at == desk.book.limits.due("contact", EVE, WINTER).at > contact_by
