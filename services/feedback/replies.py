"""What a bank's reply leads to."""

from collections.abc import Iterator

from services.feedback import domain
from services.feedback.book import FeedbackBook
from services.feedback.case import Case, CaseOffer, KeptReply, kept_as
from services.feedback.consequences import advance, after_end, next_issue, plan, raise_issue, resolve_issue, wait_for
from services.feedback.notes import TaskDone, TaskNotDone, WordsKept
from yuqiao.contracts.cases import CaseAdvanced, CaseResolved, OfferAccepted, OfferDeclined, ReplyApplied, ReplyRefused
from yuqiao.contracts.from_bank import (
    ContactReport,
    CreditDecision,
    Disbursement,
    DocumentsComplete,
    IssueReport,
    OfferAccept,
    OfferDecline,
    Reply,
    TaskReport,
)
from yuqiao.contracts.values import Reason
from yuqiao.policy.decline_reasons import reason
from yuqiao.runtime.messages import BadRecord, HeldTooLong, Hold, Moment, Out


def on_reply(book: FeedbackBook, reply: Reply, at: Moment) -> Iterator[Out]:
    """Judge a reply: applied, repeated, refused; held while it speaks of what is not known here yet."""
    found = book.find(reply.offer)
    bank = at.cause.bank or reply.bank
    if kept := book.replies.get(kept_as(bank, at.cause.id)):
        yield _again(found[0] if found else None, reply, kept, at)
        return
    if found is None:
        yield Hold(reply.offer)
        return
    case, offer = found
    wrong = domain.faults(case, offer, reply, bank, at.day)
    if [w.code for w in wrong] == ["wrong_stage"] and domain.overtakes(offer, reply):
        yield Hold(f"disclosed:{offer.offer}")
        return
    if reply.note:
        yield _words(book, case, reply.note, bank, at, raises=isinstance(reply, IssueReport) and not wrong)
    if wrong:
        yield _refused(bank, reply, wrong, at, case)
        return
    yield _applied(case, reply, False, at)
    yield from _effects(book, case, offer, reply, at)


def _words(book: FeedbackBook, case: Case, note: str, bank: str, at: Moment, *, raises: bool) -> WordsKept:
    """A bank's own words; those of a report that `raises` an issue belong to it."""
    place = at.cause.record
    return WordsKept(
        at=at.now,
        enterprise=case.enterprise,
        place=place,
        sealed=book.encrypt(note, place),
        need=case.need,
        bank=bank,
        issue=next_issue(book, case) if raises else None,
    )


def _again(case: Case | None, reply: Reply, kept: KeptReply, at: Moment) -> Out:
    bank = at.cause.bank or reply.bank
    if case is None or (kept.type, kept.digest) != (at.cause.type, at.cause.digest):
        text = f"ce_id {at.cause.id[:40]} 已用于另一内容的回复，请换一个 ce_id"
        return _refused(bank, reply, (Reason(code="id_reused", values={"field": "ce_id"}, text=text),), at, case)
    return _applied(case, reply, True, at) if kept.applied else _refused(bank, reply, kept.reasons, at, case)


def _effects(book: FeedbackBook, case: Case, offer: CaseOffer, reply: Reply, at: Moment) -> Iterator[Out]:
    match reply:
        case OfferAccept():
            wait = wait_for(book, "disclose", at)
            yield OfferAccepted(
                at=at.now, enterprise=case.enterprise, need=case.need, offer=offer.offer, bank=offer.bank, wait=wait
            )
        case OfferDecline():
            yield from _decline(book, case, offer, reply.reason, at)
        case ContactReport():
            yield advance(book, case, offer, "contacted", "documents", at)
        case DocumentsComplete():
            yield advance(book, case, offer, "documents_complete", "decision", at)
        case CreditDecision():
            yield from _decision(book, case, offer, reply, at)
        case Disbursement():
            yield from _disbursement(case, offer, reply, at)
        case IssueReport():
            yield raise_issue(book, case, offer, "bank", reply.category, at)
        case TaskReport():
            yield from _reported(book, case, offer, reply, at)


def _reported(book: FeedbackBook, case: Case, offer: CaseOffer, report: TaskReport, at: Moment) -> Iterator[Out]:
    """The task is answered; a promise that the figures break is an issue until other figures keep it."""
    answer = TaskDone if report.done else TaskNotDone
    yield answer(at=at.now, enterprise=case.enterprise, need=case.need, task=report.task)
    checked = domain.promises(case.tasks[report.task], report, at.day)
    broken = domain.broken(checked)
    before = [i for i in book.issues if (i.offer, i.category, i.resolution) == (offer.offer, "promise_broken", None)]
    if broken and not before:
        yield raise_issue(book, case, offer, "office", "promise_broken", at, broken)
    elif checked and not broken:
        yield from (resolve_issue(issue, "promise_kept", at) for issue in before)


def _decline(book: FeedbackBook, case: Case, offer: CaseOffer, code: str, at: Moment) -> Iterator[Out]:
    why = reason(code)
    yield OfferDeclined(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        offer=offer.offer,
        bank=offer.bank,
        stage=offer.stage,
        reason=code,
        repairable=bool(why and why.repairable),
    )
    if why and why.repairable:
        repair = domain.ToDo(f"repair.{code}", f"修复：{why.term}", why.owner_dept or "区金融办")
        yield plan(book, case, (), [repair], at)
    yield from after_end(book, case, offer, why, at)


def _decision(book: FeedbackBook, case: Case, offer: CaseOffer, decision: CreditDecision, at: Moment) -> Iterator[Out]:
    if not decision.approved:
        yield from _decline(book, case, offer, decision.reason or "X", at)
        return
    yield CaseAdvanced(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        offer=offer.offer,
        bank=offer.bank,
        stage="approved",
        wait=wait_for(book, "disburse", at),
        amount_cny=decision.amount_cny,
        annual_rate=decision.annual_rate,
    )


def _disbursement(case: Case, offer: CaseOffer, paid: Disbursement, at: Moment) -> Iterator[Out]:
    yield CaseAdvanced(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        offer=offer.offer,
        bank=offer.bank,
        stage="disbursed",
        amount_cny=paid.amount_cny,
        annual_rate=paid.annual_rate,
    )
    yield CaseResolved(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        outcome="financed",
        bank=offer.bank,
        offer=offer.offer,
        amount_cny=paid.amount_cny,
    )


def on_bad_record(book: FeedbackBook, bad: BadRecord, at: Moment) -> Iterator[Out]:
    """What cannot be read is refused, and stops nobody."""
    yield ReplyRefused(
        at=at.now,
        offer=bad.readable.get("offer"),
        bank=bad.bank,
        reply=bad.record_id,
        reply_type=bad.record_type,
        place=at.cause.place,
        digest=at.cause.digest,
        reasons=bad.reasons,
    )


def on_held_too_long(book: FeedbackBook, held: HeldTooLong, at: Moment) -> Iterator[Out]:
    """A reply to an offer, or a step of it, that never came."""
    reply = held.message
    if not isinstance(reply, Reply):
        return
    found = book.find(reply.offer)
    if found:
        wrong = domain.faults(*found, reply, at.cause.bank or reply.bank, at.day)
    else:
        text = f"没有推送 {reply.offer}，请使用推送事件中的 offer"
        wrong = (Reason(code="unknown_offer", values={"field": "offer", "value": reply.offer}, text=text),)
    yield _refused(at.cause.bank or reply.bank, reply, wrong, at, found[0] if found else None)


def _applied(case: Case, reply: Reply, repeated: bool, at: Moment) -> ReplyApplied:
    return ReplyApplied(
        at=at.now,
        enterprise=case.enterprise,
        need=case.need,
        offer=reply.offer,
        bank=at.cause.bank or reply.bank,
        reply=at.cause.id,
        reply_type=at.cause.type,
        place=at.cause.place,
        digest=at.cause.digest,
        repeated=repeated,
    )


def _refused(bank: str, reply: Reply, reasons: tuple[Reason, ...], at: Moment, case: Case | None) -> ReplyRefused:
    mine = case is not None and any(o.bank == bank for o in case.parts.values())
    return ReplyRefused(
        at=at.now,
        enterprise=case.enterprise if case and mine else None,
        need=case.need if case and mine else None,
        offer=reply.offer,
        bank=bank,
        reply=at.cause.id,
        reply_type=at.cause.type,
        place=at.cause.place,
        digest=at.cause.digest,
        reasons=reasons,
    )
