"""What follows in several places: waits, the end of an offer, issues, the plan."""

from collections.abc import Iterator, Sequence

from services.feedback import domain
from services.feedback.book import FeedbackBook
from services.feedback.case import Case, CaseOffer, Issue
from yuqiao.contracts.cases import (
    CaseAdvanced,
    CaseResolved,
    IssueRaised,
    IssueResolved,
    PlanAdopted,
    PlanTask,
    ReofferRequested,
    Wait,
)
from yuqiao.contracts.values import Reason
from yuqiao.policy.decline_reasons import DeclineReason
from yuqiao.policy.states import term
from yuqiao.runtime.messages import Moment, Out, derived_id


def wait_for(book: FeedbackBook, limit: str, at: Moment) -> Wait:
    """The wait under a limit that starts now."""
    due = book.limits.due(limit, at.now, book.calendar)
    since = at.now if due.provisional else None
    on = book.limits[limit].waited_on
    return Wait(limit=limit, on=on, due_at=due.at, provisional=due.provisional, since=since)


def advance(
    book: FeedbackBook, case: Case, offer: CaseOffer, stage: str, limit: str | None, at: Moment
) -> CaseAdvanced:
    """An offer reaches a stage and waits under a limit."""
    return CaseAdvanced(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        offer=offer.offer,
        bank=offer.bank,
        stage=stage,
        wait=wait_for(book, limit, at) if limit else None,
    )


def after_end(book: FeedbackBook, case: Case, ended: CaseOffer, why: DeclineReason | None, at: Moment) -> Iterator[Out]:
    """An offer ended without a loan: others go on, or it is offered on, or the case ends with a reason."""
    outcome = domain.outcome_after_end(case, ended.offer, why)
    if outcome == "reoffer":
        yield ReofferRequested(
            at=at.now,
            enterprise=case.enterprise,
            need=case.need,
            after_offer=ended.offer,
            exclude=case.tried,
            places=domain.places_left(case),
        )
        wait = wait_for(book, "match", at)
        yield CaseAdvanced(at=at.now, enterprise=case.enterprise, need=case.need, stage="waiting", wait=wait)
    elif outcome:
        yield resolve(case, outcome, at, reasons=_reasons(outcome, case, why))


def _reasons(outcome: str, case: Case, why: DeclineReason | None) -> tuple[Reason, ...]:
    text = f"{term('case_outcome', outcome)}；已对接 {len(case.tried)} 家银行"
    if why is not None:
        text += f"，最后一家的原因：{why.term}"
    values = {"tried": str(len(case.tried))} | ({"reason": why.code} if why else {})
    return (Reason(code=outcome, values=values, text=text),)


def resolve(case: Case, outcome: str, at: Moment, reasons: tuple[Reason, ...] = ()) -> CaseResolved:
    """The end of a case. A credit that was granted and not drawn is counted with its amount."""
    approved = [o for o in case.offers.values() if o.approved_cny is not None]
    best = max(approved, key=lambda o: (o.approved_cny or 0, o.offer), default=None)
    credited = best if outcome == "credited" else None
    return CaseResolved(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        outcome=outcome,
        bank=credited.bank if credited else None,
        offer=credited.offer if credited else None,
        amount_cny=credited.approved_cny if credited else None,
        reasons=reasons,
    )


def next_issue(book: FeedbackBook, case: Case) -> str:
    """The id of the issue that is raised next about a case."""
    number = sum(issue.need == case.need for issue in book.issues) + 1
    return derived_id("feedback", "issue", case.need, number)


def raise_issue(
    book: FeedbackBook,
    case: Case,
    offer: CaseOffer | None,
    raised_by: str,
    category: str,
    at: Moment,
    reasons: tuple[Reason, ...] | None = None,
) -> IssueRaised:
    """An entry of the issue list, on its first rung. A bank raises it with the record that is answered just now."""
    return IssueRaised(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        issue=next_issue(book, case),
        raised_by=raised_by,
        bank=offer.bank if offer else None,
        offer=offer.offer if offer else None,
        category=category,
        level=domain.LEVELS[0],
        wait=wait_for(book, "issue", at),
        reasons=reasons,
        reply=at.cause.id if raised_by == "bank" else None,
    )


def resolve_issue(issue: Issue, resolution: str, at: Moment, answer: str | None = None) -> IssueResolved:
    """The entry is settled; who raised it is told what the office answers."""
    return IssueResolved(
        at=at.now,
        enterprise=issue.enterprise,
        need=issue.need,
        issue=issue.issue,
        resolution=resolution,
        answer=answer,
        raised_at=issue.raised_at,
        raised_by=issue.raised_by,
        category=issue.category,
        bank=issue.bank,
        offer=issue.offer,
        reply=issue.reply,
    )


def plan(
    book: FeedbackBook, case: Case, measures: tuple[int, ...], todo: Sequence[domain.ToDo], at: Moment
) -> PlanAdopted:
    """The plan for one enterprise (一企一策), or its next revision: these tasks more."""
    return PlanAdopted(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        revision=case.revision + 1,
        measures=measures,
        tasks=tuple(_task(book, case, one, at) for one in todo),
    )


def _task(book: FeedbackBook, case: Case, todo: domain.ToDo, at: Moment) -> PlanTask:
    """Who is asked through an offer has a limit of its own."""
    task = derived_id("feedback", "task", case.need, case.revision + 1, todo.code, todo.offer or "")
    wait = wait_for(book, "measure" if todo.offer else "task", at)
    return PlanTask(task=task, due_at=wait.due_at, since=wait.since, **todo._asdict())
