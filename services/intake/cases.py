"""What an enterprise is shown of its case: events of matching and feedback, noted: stages, reasons, due times, no more."""

from collections.abc import Iterator
from typing import Any

from services.intake.book import IntakeBook
from services.intake.notes import DisputeAnswered, OffersNoted, ProgressNoted
from yuqiao.contracts.cases import (
    CaseAdvanced,
    CaseEvent,
    CaseResolved,
    IssueResolved,
    OfferDeclined,
    OfferExpired,
    ReofferRequested,
)
from yuqiao.contracts.matches import NeedMatched
from yuqiao.runtime.messages import Hold, Moment, Out


def noted(event: CaseEvent, at: Moment, **step: Any) -> ProgressNoted:
    """The step that an event means for the enterprise's page."""
    wait = getattr(event, "wait", None)
    return ProgressNoted(
        enterprise=event.enterprise,
        need=event.need,
        offer=getattr(event, "offer", None),
        bank=getattr(event, "bank", None),
        wait_on=wait.on if wait else None,
        due_at=wait.due_at if wait else None,
        provisional=(wait.provisional or None) if wait else None,
        at=at.now,
        **step,
    )


def _known(book: IntakeBook, event: CaseEvent, at: Moment, **step: Any) -> Iterator[Out]:
    if event.need in book.needs:
        yield noted(event, at, **step)
    else:
        yield Hold(event.need)


def on_need_matched(book: IntakeBook, event: NeedMatched, at: Moment) -> Iterator[Out]:
    """The need goes to banks; when they have answered or not, the case says so."""
    if event.need in book.needs:
        due = book.limits.due("accept", at.now, book.calendar)
        yield OffersNoted(
            at=at.now,
            enterprise=event.enterprise,
            need=event.need,
            offers={offer.offer: offer.bank for offer in event.offers},
            measures=tuple(dict.fromkeys(applied.measure for applied in event.measures)),
            due_at=due.at,
            provisional=due.provisional or None,
        )


def on_case_advanced(book: IntakeBook, event: CaseAdvanced, at: Moment) -> Iterator[Out]:
    """The case, or one offer in it, reached a stage."""
    if event.offer is None:
        return _known(book, event, at, stage=event.stage)
    return _known(book, event, at, offer_stage=event.stage, amount_cny=event.amount_cny)


def on_offer_declined(book: IntakeBook, event: OfferDeclined, at: Moment) -> Iterator[Out]:
    """A bank said no, with a reason."""
    return _known(book, event, at, offer_stage="declined", reason=event.reason)


def on_offer_expired(book: IntakeBook, event: OfferExpired, at: Moment) -> Iterator[Out]:
    """A limit passed."""
    return _known(book, event, at, offer_stage="expired", reason=event.reason)


def on_reoffer_requested(book: IntakeBook, event: ReofferRequested, at: Moment) -> Iterator[Out]:
    """The need goes to further banks."""
    return _known(book, event, at, stage="waiting")


def on_issue_resolved(book: IntakeBook, event: IssueResolved, at: Moment) -> Iterator[Out]:
    """What the enterprise disputes is answered, unless it took that back, or took it back and disputed it anew."""
    offer, (_, _, statement) = event.offer, (event.category or "").partition("disputed.")
    if event.raised_by != "enterprise" or not (offer and statement):
        return
    progress = book.progress.get(event.need)
    if progress is None:
        yield Hold(event.need)
        return
    part = progress.part(offer)
    word = part.word(statement) if part else None
    if word and not word.agreed and (event.raised_at is None or word.at <= event.raised_at):
        yield DisputeAnswered(
            at=at.now,
            enterprise=event.enterprise,
            need=event.need,
            offer=offer,
            statement=statement,
            resolution=event.resolution,
            answer=event.answer,
        )


def on_case_resolved(book: IntakeBook, event: CaseResolved, at: Moment) -> Iterator[Out]:
    """The end; with a loan, the bank's part ends too."""
    last = {"offer_stage": "disbursed", "amount_cny": event.amount_cny} if event.outcome == "financed" else {}
    return _known(book, event, at, stage="resolved", outcome=event.outcome, **last)
