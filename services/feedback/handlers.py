"""What feedback does on the other services' events and an operator's word; replies and deadlines have files of their own."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from services.feedback import domain
from services.feedback.book import FeedbackBook
from services.feedback.case import Case, CaseOffer, Issue
from services.feedback.consequences import advance, after_end, plan, raise_issue, resolve, resolve_issue, wait_for
from services.feedback.messages import FinishTask, ResolveIssue
from services.feedback.notes import LenderNoted, OfferNoted, TaskDone
from yuqiao.contracts.cases import CaseAdvanced, CaseOpened, Wait
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting
from yuqiao.contracts.needs import (
    EnterpriseConfirmed,
    EnterpriseDisputed,
    EnterprisesWord,
    IdentityWithheld,
    NeedRegistered,
    NeedWithdrawn,
)
from yuqiao.contracts.offers import IdentityDisclosed, LenderDisclosed, OfferClosed, OfferPushed, OfferUndeliverable
from yuqiao.runtime.messages import Hold, Moment, Out, Refused


def on_need_registered(book: FeedbackBook, need: NeedRegistered, at: Moment) -> Iterator[Out]:
    """A case exists from the registration of its need."""
    if need.need in book.cases:
        return
    yield CaseOpened(
        at=at.now,
        enterprise=need.enterprise,
        need=need.need,
        amount_cny=need.facts.amount_cny,
        kind=need.facts.kind,
        first_loan=need.facts.first_loan,
        channel=need.origin.channel,
        mode=need.routing.mode,
        wait=wait_for(book, "match", at),
    )


def on_need_matched(book: FeedbackBook, matched: NeedMatched, at: Moment) -> Iterator[Out]:
    """The plan starts with the measures that apply, takes in what a later match adds, and asks the banks that know the firm."""
    case = book.cases.get(matched.need)
    if case is None:
        yield Hold(matched.need)
    elif case.outcome is None:
        # a clause stands once for each part that applies
        new = {m.measure: m.title for m in matched.measures if m.measure not in case.measures}
        if new or not any(task.code == "follow" for task in case.tasks.values()):
            titles = "、".join(new.values()) or "常规融资对接"
            follow = domain.ToDo("follow", f"督导对接，落实：{titles}", "区金融办")
            knowing = [offer for offer in case.offers.values() if offer.stage in domain.KNOWS_ENTERPRISE]
            asks = [ask for offer in knowing for ask in domain.asks(case, new, offer)]
            yield plan(book, case, (*case.measures, *new), [follow, *asks], at)


def on_need_waiting(book: FeedbackBook, waiting: NeedWaiting, at: Moment) -> Iterator[Out]:
    """Without room a need waits under a limit of its own, counted from the first time."""
    case = book.cases.get(waiting.need)
    if case is None:
        yield Hold(waiting.need)
        return
    in_room = case.wait is not None and case.wait.limit == "room"
    if case.outcome or in_room or case.live_offers() or waiting.reason != "no_room":
        return
    wait = wait_for(book, "room", at)
    yield CaseAdvanced(
        at=at.now, enterprise=case.enterprise, need=case.need, stage="waiting", wait=wait, reasons=waiting.reasons
    )


def on_need_unmatched(book: FeedbackBook, unmatched: NeedUnmatched, at: Moment) -> Iterator[Out]:
    """No bank is left: the case ends with the reasons and with what would have to change."""
    case = book.cases.get(unmatched.need)
    if case is None:
        yield Hold(unmatched.need)
    elif case.outcome is None and not case.live_offers():
        yield resolve(case, "no_bank", at, reasons=unmatched.reasons + unmatched.nearest)


def on_offer_pushed(book: FeedbackBook, pushed: OfferPushed, at: Moment) -> Iterator[Out]:
    """An offer stands in the case, and its bank has until `respond_by`."""
    case = book.cases.get(pushed.need)
    if case is None:
        yield Hold(pushed.need)
        return
    if pushed.offer in case.offers:
        return
    offer = CaseOffer(offer=pushed.offer, bank=pushed.bank, stage="offered")
    if case.outcome:
        yield advance(book, case, offer, "closed", None, at)
        return
    wait = _told("accept", pushed.respond_by, pushed)
    yield _noted(case, offer, "offered", wait, at)


def _told(limit: str, due_at: datetime, told: OfferPushed | IdentityDisclosed) -> Wait:
    """The bank's wait as it was said to it."""
    since = told.at if told.provisional else None
    return Wait(limit=limit, on="bank", due_at=due_at, provisional=since is not None, since=since)


def _noted(case: Case, offer: CaseOffer, stage: Literal["offered", "disclosed"], wait: Wait, at: Moment) -> OfferNoted:
    """The door has told the bank, and by when it should act; the case keeps what was said."""
    return OfferNoted(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        offer=offer.offer,
        bank=offer.bank,
        stage=stage,
        wait=wait,
    )


def on_offer_undeliverable(book: FeedbackBook, failed: OfferUndeliverable, at: Moment) -> Iterator[Out]:
    """The bank counts as tried; when nothing else stands, the limit `match` finds the case."""
    case = book.cases.get(failed.need)
    if case is None:
        yield Hold(failed.need)
    elif case.outcome is None and failed.offer not in case.offers:
        yield advance(book, case, CaseOffer(offer=failed.offer, bank=failed.bank, stage="closed"), "closed", None, at)


def on_identity_disclosed(book: FeedbackBook, disclosed: IdentityDisclosed, at: Moment) -> Iterator[Out]:
    """The bank knows the enterprise: it has to call, and is asked for what nobody has to apply for (免申即享)."""
    found = book.find(disclosed.offer)
    if found and found[1].stage in {"accepted", "withheld"} and found[0].outcome is None:
        case, offer = found
        by = disclosed.contact_by
        wait = _told("contact", by, disclosed) if by else wait_for(book, "contact", at)
        yield _noted(case, offer, "disclosed", wait, at)
        if asks := list(domain.asks(case, case.measures, offer)):
            yield plan(book, case, (), asks, at)


def on_lender_disclosed(book: FeedbackBook, disclosed: LenderDisclosed, at: Moment) -> Iterator[Out]:
    """The enterprise's lender knows whom it is asked about: it is asked, whatever became of the need (免申即享).

    Where it is asked through another part already, it is noted all the same: what it replies to this one is judged.
    """
    case = book.cases.get(disclosed.need)
    if case is None:
        yield Hold(disclosed.need)
        return
    lender = CaseOffer(offer=disclosed.offer, bank=disclosed.bank, stage="asked")
    yield _lender(case, lender, "asked", at)
    if asks := list(domain.asks(case, disclosed.measures, lender)):
        yield plan(book, case, (), asks, at)


def _lender(case: Case, lender: CaseOffer, stage: Literal["asked", "closed"], at: Moment) -> LenderNoted:
    place = lender.model_dump(include={"offer", "bank"})
    return LenderNoted(at=at.now, enterprise=case.enterprise, need=case.need, stage=stage, **place)


def on_identity_withheld(book: FeedbackBook, withheld: IdentityWithheld, at: Moment) -> Iterator[Out]:
    """Without consent the enterprise is waited for."""
    found = book.find(withheld.offer)
    if found and found[1].stage == "accepted" and withheld.reason == "consent_missing" and found[0].outcome is None:
        yield advance(book, *found, "withheld", "consent", at)


def on_offer_closed(book: FeedbackBook, closed: OfferClosed, at: Moment) -> Iterator[Out]:
    """The door closed an offer that still lived here (consent revoked, taken by another, the case at its end).

    It may overtake what it closes.
    """
    found = book.find(closed.offer)
    if found is None:
        yield Hold(closed.offer)
    elif found[1].live and closed.offer in found[0].lenders:
        yield _lender(*found, "closed", at)
    elif found[1].live:
        yield advance(book, *found, "closed", None, at)
        if found[0].outcome is None:
            yield from after_end(book, *found, None, at)


def on_need_withdrawn(book: FeedbackBook, withdrawn: NeedWithdrawn, at: Moment) -> Iterator[Out]:
    """The enterprise, or its list, took the need back."""
    case = book.cases.get(withdrawn.need)
    if case and case.outcome is None:
        yield resolve(case, withdrawn.reason, at)


def on_enterprise_disputed(book: FeedbackBook, disputed: EnterpriseDisputed, at: Moment) -> Iterator[Out]:
    """What a bank reported is disputed: that is an issue, once."""
    found = book.find(disputed.offer)
    if found and not list(_disputes(book, disputed)):
        yield raise_issue(book, *found, "enterprise", f"disputed.{disputed.statement}", at)


def on_enterprise_confirmed(book: FeedbackBook, confirmed: EnterpriseConfirmed, at: Moment) -> Iterator[Out]:
    """Who confirms what it disputed takes the dispute back."""
    for issue in _disputes(book, confirmed):
        yield resolve_issue(issue, "confirmed", at)


def _disputes(book: FeedbackBook, word: EnterprisesWord) -> Iterator[Issue]:
    category = f"disputed.{word.statement}"
    yield from (i for i in book.issues if i.offer == word.offer and i.category == category and not i.resolution)


def on_resolve_issue(book: FeedbackBook, command: ResolveIssue, at: Moment) -> Iterator[Out]:
    """An operator answers an issue."""
    issue = book.issues.get(command.issue)
    if issue is None:
        raise Refused("not_found", f"没有问题 {command.issue}", 404)
    if issue.resolution:
        raise Refused("already_resolved", "该问题已办结", 409)
    if wrong := list(domain.wrong_answer(command.resolution, command.answer or "")):
        raise Refused("invalid_request", "答复有误", 422, tuple(wrong))
    yield resolve_issue(issue, command.resolution, at, command.answer)


def on_finish_task(book: FeedbackBook, command: FinishTask, at: Moment) -> Iterator[Out]:
    """The office, or whom it asked, has done its task; late is done too. What a bank is asked for the bank reports."""
    case = book.cases.get(command.need)
    task = case.tasks.get(command.task) if case else None
    if case is None or task is None:
        raise Refused("not_found", f"案件没有任务 {command.task[:40]}", 404)
    if task.offer:
        raise Refused("asked_of_a_bank", f"该任务已交银行 {task.owner}，由其以 reply.task 回复", 409)
    if task.done:
        raise Refused("already_done", "该任务已完成", 409)
    yield TaskDone(at=at.now, enterprise=case.enterprise, need=case.need, task=task.task)
