"""免申即享: a bank that comes to know the enterprise is asked for what nobody applied for, and answers or is late."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from services.feedback.case import Task
from services.feedback.messages import FinishTask, TaskOverdue
from tests.unit.feedback.desk import FIRM, NEED, Desk, names, offer_id, opened, refusal
from yuqiao.contracts.cases import IssueRaised, PlanAdopted, ReplyRefused, TaskDue
from yuqiao.contracts.from_bank import IssueReport, OfferAccept, OfferDecline, TaskReport
from yuqiao.contracts.needs import NeedWithdrawn
from yuqiao.contracts.offers import LenderDisclosed, OfferClosed
from yuqiao.runtime.messages import Hold, Out, Refused


def disclosed(*measures: int, banks: tuple[str, ...] = ("bank01",)) -> Desk:
    """A case with these measures whose banks know the enterprise."""
    desk = opened(*banks)
    desk.match(*measures)
    for bank in banks:
        desk.reply(OfferAccept, bank)
        desk.disclose(bank)
    return desk


def asks(desk: Desk) -> list[Task]:
    return [task for task in desk.case.tasks.values() if task.offer]


def report(desk: Desk, done: bool = True, bank: str = "bank01", **fields: Any) -> list[Out]:
    fields = ({} if done else {"note": "没有原有贷款"}) | fields
    task = fields.pop("task", None) or next(t.task for t in asks(desk) if t.offer == offer_id(bank))
    return desk.reply(TaskReport, bank, task=task, done=done, **fields)


def waiting(desk: Desk) -> list[tuple[str, str | None]]:
    return [(wait.limit, bank) for kind, _, wait, bank in desk.case.waits() if kind == "task" and wait.on == "bank"]


def place(desk: Desk, bank: str) -> dict[str, Any]:
    return {"at": desk.now, "enterprise": FIRM, "need": NEED, "offer": offer_id(bank), "bank": bank}


def ask(desk: Desk, lender: str = "lender") -> list[Out]:
    """The bank that lent before is told whom it is asked about."""
    return desk.tell(LenderDisclosed(**place(desk, lender), measures=(2,)))


def ask_again(desk: Desk) -> list[Out]:
    """The same of a bank that has an offer of the need."""
    return desk.tell(LenderDisclosed(**place(desk, "bank01") | {"offer": offer_id("lender")}, measures=(2,)))


def close(desk: Desk, bank: str) -> list[Out]:
    return desk.tell(OfferClosed(**place(desk, bank), reason="consent_revoked"))


def test_a_bank_is_asked_when_it_knows_the_enterprise_and_not_before() -> None:
    desk = opened("bank01", "bank02")
    desk.match(1, 2)
    desk.reply(OfferAccept)
    assert asks(desk) == []
    (plan,) = [e for e in desk.disclose() if isinstance(e, PlanAdopted)]
    (task,) = plan.tasks
    assert (task.offer, task.owner, task.code, task.measure) == (offer_id("bank01"), "bank01", "measure.2", 2)
    assert task.due_at.date() == date(2023, 1, 13), "10 working days, and 24:00 of the last"
    assert "在该行有原有贷款" in task.text
    assert (desk.case.measures, desk.case.revision) == ((1, 2), 2)
    assert waiting(desk) == [("measure", "bank01")]


def test_without_the_measure_nobody_is_asked() -> None:
    assert asks(disclosed(1, 6)) == []


def test_each_bank_that_knows_the_enterprise_is_asked() -> None:
    desk = disclosed(2, banks=("bank01", "bank02"))
    assert [task.owner for task in asks(desk)] == ["bank01", "bank02"]
    report(desk, bank="bank02")
    assert waiting(desk) == [("measure", "bank01")]


def test_a_match_that_is_heard_after_the_disclosure_asks_too_and_once() -> None:
    desk = opened()
    desk.reply(OfferAccept)
    desk.disclose()
    assert asks(desk) == []
    desk.match(2)
    desk.match(2)
    assert [task.code for task in desk.case.tasks.values()] == ["follow", "measure.2"]


def test_a_measure_that_comes_with_a_later_match_is_planned_and_asked_for() -> None:
    desk = disclosed(1)
    assert asks(desk) == []
    (plan,) = [e for e in desk.match(1, 2) if isinstance(e, PlanAdopted)]
    assert [(task.code, task.text) for task in plan.tasks[:1]] == [("follow", "督导对接，落实：措施2")]
    assert (desk.case.measures, [task.owner for task in asks(desk)]) == ((1, 2), ["bank01"])
    assert desk.match(2) == []


@pytest.mark.parametrize("first", ["question", "match"])
def test_a_bank_that_both_a_later_match_and_its_own_question_ask_has_one_task(first: str) -> None:
    desk = disclosed(1)
    both = [partial(ask_again, desk), partial(desk.match, 1, 2)]
    for tell in both if first == "question" else reversed(both):
        tell()
    assert [task.owner for task in asks(desk)] == ["bank01"]


def test_a_clause_that_applies_with_several_parts_is_planned_and_asked_for_once() -> None:
    desk = disclosed(2, 2, 12, 12)
    follow = next(task for task in desk.case.tasks.values() if task.code == "follow")
    assert follow.text == "督导对接，落实：措施2、措施12"
    assert (desk.case.measures, [task.code for task in asks(desk)]) == ((2, 12), ["measure.2"])


@pytest.mark.parametrize("done", [True, False])
def test_a_report_is_an_answer_done_or_not(done: bool) -> None:
    desk = disclosed(2)
    assert "ReplyApplied" in names(report(desk, done, note="在本行没有贷款"))
    (task,) = asks(desk)
    assert (task.done, task.not_done, waiting(desk)) == (done, not done, [])
    report(desk, not done)
    (task,) = asks(desk)
    assert (task.done, task.not_done) == (not done, done), "the last word counts"


def test_the_office_says_that_its_own_task_is_done_also_when_it_is_late() -> None:
    desk = disclosed(2)
    follow = next(task for task in desk.case.tasks.values() if task.offer is None)
    (banks,) = asks(desk)
    desk.now = follow.due_at + timedelta(hours=9)
    desk.tell(TaskOverdue(key=FIRM, due_at=follow.due_at, need=NEED, task=follow.task))
    finish = partial(FinishTask, id="c", enterprise=FIRM)
    assert names(desk.tell(finish(need=NEED, task=follow.task))) == ["TaskDone"]
    assert desk.case.tasks[follow.task].done
    refused = {"already_done": (NEED, follow.task), "asked_of_a_bank": (NEED, banks.task)}
    for code, (need, task) in (refused | {"not_found": (NEED, FIRM)}).items():
        with pytest.raises(Refused) as why:
            desk.tell(finish(need=need, task=task))
        assert why.value.code == code


def test_a_task_of_somebody_else_is_refused() -> None:
    desk = disclosed(2, banks=("bank01", "bank02"))
    follow = next(t.task for t in desk.case.tasks.values() if t.offer is None)
    (other,) = [t.task for t in asks(desk) if t.owner == "bank02"]
    before = desk.case
    for task in (follow, other, NEED):
        assert refusal(report(desk, task=task)) == "unknown_task"
    assert desk.case == before


def test_a_day_that_passes_is_told_once_and_a_late_report_is_taken() -> None:
    desk = disclosed(2)
    (task,) = asks(desk)
    desk.now = task.due_at + timedelta(hours=9)
    overdue = TaskOverdue(key=FIRM, due_at=task.due_at, need=NEED, task=task.task)
    (due,) = desk.tell(overdue)
    assert isinstance(due, TaskDue)
    assert due.task == task.task
    assert desk.tell(overdue) == []
    report(desk)
    assert asks(desk)[0].done


def test_who_answered_is_not_late() -> None:
    desk = disclosed(2)
    report(desk, False)
    (task,) = asks(desk)
    assert desk.tell(TaskOverdue(key=FIRM, due_at=task.due_at, need=NEED, task=task.task)) == []


def test_declining_the_new_loan_answers_nothing_and_may_be_answered_after() -> None:
    desk = disclosed(2, banks=("bank01", "bank02"))
    desk.reply(OfferDecline, "bank01", reason="F2")
    assert ("measure", "bank01") in waiting(desk)
    assert "ReplyApplied" in names(report(desk))


def test_a_bank_that_may_not_go_on_is_waited_for_no_more() -> None:
    desk = disclosed(2, banks=("bank01", "bank02"))
    close(desk, "bank01")
    assert waiting(desk) == [("measure", "bank02")]


def test_what_is_not_done_needs_a_word_why() -> None:
    desk = disclosed(2)
    (refused,) = report(desk, False, note=None)
    assert isinstance(refused, ReplyRefused)
    assert [r.code for r in refused.reasons] == ["note_missing"]
    assert not asks(desk)[0].not_done


RATES = {"rate_before": "0.0380", "rate_after": "0.0342"}


def test_a_rate_cut_that_keeps_its_promise_is_no_issue() -> None:
    desk = disclosed(2)
    assert names(report(desk, **RATES)) == ["ReplyApplied", "TaskDone"]


def test_a_rate_cut_of_less_than_a_tenth_is_an_issue_until_it_is_mended() -> None:
    desk = disclosed(2)
    out = report(desk, **RATES | {"rate_after": "0.0343"})
    (raised,) = [e for e in out if isinstance(e, IssueRaised)]
    assert (raised.category, raised.bank, raised.offer) == ("promise_broken", "bank01", offer_id("bank01"))
    assert raised.reasons
    assert (raised.reasons[0].code, "至多 3.42%" in raised.reasons[0].text) == ("rate_cut_relative", True)
    (issue,) = desk.book.issues
    assert issue.reasons == raised.reasons
    assert "IssueRaised" not in names(report(desk, **RATES | {"rate_after": "0.0350"})), "it stands already"
    assert "IssueResolved" not in names(report(desk)), "without figures nothing is known"
    assert "IssueResolved" in names(report(desk, **RATES))
    assert [i.resolution for i in desk.book.issues] == ["promise_kept"]


def test_what_is_not_owed_or_not_said_is_not_checked() -> None:
    desk = disclosed(2)
    assert "IssueRaised" not in names(report(desk, done=False, **RATES | {"rate_after": "0.0380"}))
    assert "IssueRaised" not in names(report(desk, rate_after="0.0380"))


def test_a_rate_that_no_loan_has_is_refused_by_its_field() -> None:
    desk = disclosed(2)
    (refused,) = [e for e in report(desk, **RATES | {"rate_before": "0.38"}) if isinstance(e, ReplyRefused)]
    (why,) = refused.reasons
    assert (why.code, why.values["field"], why.values["value"]) == ("out_of_range", "rate_before", "0.38")


def ended(*banks: str) -> Desk:
    """A case whose lender was asked, and whose need was taken back then."""
    desk = opened(*banks)
    ask(desk)
    desk.tell(NeedWithdrawn(at=desk.now, enterprise=FIRM, need=NEED, reason="withdrawn"))
    assert desk.case.outcome == "withdrawn"
    return desk


def test_a_lender_is_waited_for_after_the_end_of_the_case_too() -> None:
    desk = ended()
    assert waiting(desk) == [("measure", "lender")]
    (task,) = asks(desk)
    due = TaskOverdue(key=FIRM, due_at=task.due_at, need=NEED, task=task.task)
    assert names(desk.tell(due)) == ["TaskDue"]
    assert names(report(desk, bank="lender")) == ["ReplyApplied", "TaskDone"]


def test_a_lender_may_raise_an_issue_after_the_end_of_the_case_and_nobody_else() -> None:
    desk = ended("bank01")
    assert refusal(desk.reply(IssueReport, "lender", category="weather")) == "unknown_code"
    assert names(desk.reply(IssueReport, "lender", category="wrong_borrower")) == ["ReplyApplied", "IssueRaised"]
    assert refusal(desk.reply(IssueReport, "bank01", category="other")) == "case_resolved"


def test_a_lender_that_may_not_go_on_after_the_end_of_the_case_is_let_go() -> None:
    desk = ended()
    assert names(close(desk, "lender")) == ["LenderNoted"]
    assert desk.case.waits() == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_bank_that_was_let_go_unanswered_is_asked_again_when_it_accepts_with_new_consent(answered: bool) -> None:
    desk = opened("bank01")
    desk.match(2)
    ask_again(desk)
    if answered:
        (task,) = asks(desk)
        desk.reply(TaskReport, "bank01", offer=offer_id("lender"), task=task.task, done=True)
    desk.tell(OfferClosed(**place(desk, "bank01") | {"offer": offer_id("lender")}, reason="consent_revoked"))
    desk.reply(OfferAccept)
    desk.disclose()
    assert [task.offer for task in asks(desk)][1:] == ([] if answered else [offer_id("bank01")])


def test_a_closing_that_overtakes_its_question_waits_for_it() -> None:
    desk = opened()
    assert close(desk, "lender") == [Hold(offer_id("lender"))]
    ask(desk)
    assert desk.book.introduced[offer_id("lender")] == FIRM
    close(desk, "lender")
    assert waiting(desk) == []


def test_a_lender_that_is_asked_already_is_known_here_all_the_same() -> None:
    desk = disclosed(2)
    assert names(ask_again(desk)) == ["LenderNoted"]
    (task,) = asks(desk)
    assert (
        refusal(desk.reply(TaskReport, "bank01", offer=offer_id("lender"), task=task.task, done=True)) == "unknown_task"
    )
