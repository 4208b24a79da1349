"""What follows when a time limit passes. Each handler checks under the lock that the limit still stands."""

from collections.abc import Iterator

from services.feedback import domain
from services.feedback.book import FeedbackBook
from services.feedback.case import Case, CaseOffer
from services.feedback.consequences import advance, after_end, raise_issue, resolve, wait_for
from services.feedback.messages import IssueDue, LimitDue, RecountDue, TaskOverdue
from services.feedback.notes import WaitRecounted
from yuqiao.contracts.cases import CaseAdvanced, CaseEscalated, OfferExpired, ReofferRequested, TaskDue, Wait
from yuqiao.contracts.values import Reason
from yuqiao.policy.calendar import BEIJING
from yuqiao.policy.decline_reasons import reason
from yuqiao.runtime.messages import Moment, Out

REASON_OF_LIMIT = {
    "accept": "B3",
    "contact": "B3",
    "decision": "B3",
    "documents": "D1",
    "consent": "D3",
    "disburse": "N2",
}
"""The coded reason of an expiry, set by the system; whatever else expires has reason X."""


def on_limit_due(book: FeedbackBook, due: LimitDue, at: Moment) -> Iterator[Out]:
    """An offer expires, or the case's own wait ends."""
    case = book.cases.get(due.need)
    if case is None or case.outcome:
        return
    if due.offer is None:
        if case.wait and case.wait.due_at == due.due_at and case.wait.limit == due.limit:
            yield from _case_due(book, case, due, at)
        return
    offer = case.offers.get(due.offer)
    if offer and offer.live and offer.wait and (offer.wait.due_at, offer.wait.limit) == (due.due_at, due.limit):
        yield from _offer_due(book, case, offer, due, at)


def _offer_due(book: FeedbackBook, case: Case, offer: CaseOffer, due: LimitDue, at: Moment) -> Iterator[Out]:
    if due.limit == "disclose" and not offer.extended:
        yield raise_issue(book, case, offer, "office", "disclosure_late", at)
        yield advance(book, case, offer, "accepted", "disclose", at)
        return
    code = REASON_OF_LIMIT.get(due.limit, "X")
    yield OfferExpired(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        offer=offer.offer,
        bank=offer.bank,
        stage=offer.stage,
        limit=due.limit,
        due_at=due.due_at,
        reason=code,
    )
    yield from after_end(book, case, offer, reason(code), at)


def _case_due(book: FeedbackBook, case: Case, due: LimitDue, at: Moment) -> Iterator[Out]:
    """Our own limit: once it is an issue and the need is asked for again; then the case ends."""
    if due.limit == "match" and not case.late_match:
        yield raise_issue(book, case, None, "office", "match_late", at)
        yield ReofferRequested(
            at=at.now,
            enterprise=case.enterprise,
            need=case.need,
            after_offer=case.need,
            exclude=case.tried,
            places=domain.PLACES_ON_REOFFER,
        )
        wait = wait_for(book, "room", at)
        yield CaseAdvanced(at=at.now, enterprise=case.enterprise, need=case.need, stage="waiting", wait=wait)
        return
    text = "在规定时限内没有银行有余量对接"
    yield resolve(case, "no_bank", at, reasons=(Reason(code="no_room", values={"limit": due.limit}, text=text),))


def on_task_overdue(book: FeedbackBook, due: TaskOverdue, at: Moment) -> Iterator[Out]:
    """A task's day has passed without a report."""
    case = book.cases.get(due.need)
    task = case.tasks.get(due.task) if case else None
    if case and task and task.due_at == due.due_at and case.awaits(task):
        due_on = due.due_at.astimezone(BEIJING).date()
        yield TaskDue(at=at.now, enterprise=case.enterprise, need=case.need, task=task.task, due_on=due_on)


def on_issue_due(book: FeedbackBook, due: IssueDue, at: Moment) -> Iterator[Out]:
    """One rung up the ladder; the task force's meeting is the last."""
    issue = book.issues.get(due.issue)
    if issue is None or issue.resolution or issue.wait is None or issue.wait.due_at != due.due_at:
        return
    level = domain.next_level(issue.level)
    if level is None:
        return
    last = level == domain.LEVELS[-1]
    yield CaseEscalated(
        at=at.now,
        enterprise=issue.enterprise,
        need=issue.need,
        issue=issue.issue,
        level=level,
        wait=None if last else wait_for(book, "issue", at),
    )


def on_recount_due(book: FeedbackBook, due: RecountDue, at: Moment) -> Iterator[Out]:
    """The calendar covers a day that was provisional: it is certain now, or later. Never earlier than it was announced."""
    wait = _waiting(book, due)
    if wait is None or wait.since is None or wait.due_at != due.due_at:
        return
    counted = book.limits.again(wait.limit, wait.since, wait.due_at, book.calendar)
    since = wait.since if counted.provisional else None
    again = wait.but(due_at=counted.at, provisional=counted.provisional, since=since)
    if again != wait:
        yield WaitRecounted(at=at.now, enterprise=due.key, need=due.need, kind=due.kind, ref=due.ref, wait=again)


def _waiting(book: FeedbackBook, due: RecountDue) -> Wait | None:
    if due.kind == "issue":
        issue = book.issues.get(due.ref)
        return issue.wait if issue else None
    case = book.cases.get(due.need)
    waits = case.waits() if case else []
    return next((wait for kind, ref, wait, _ in waits if (kind, ref) == (due.kind, due.ref)), None)
