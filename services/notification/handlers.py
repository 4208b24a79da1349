"""What follows for the banks from each event and command."""

from collections.abc import Iterator

from services.notification import domain
from services.notification.book import NeedVoided, NotificationBook, OfferMade
from services.notification.commands import DisableBank, RegisterBank
from services.notification.domain import Offer
from yuqiao.contracts.banks import BankChanged, BankDisabled, BankRegistered
from yuqiao.contracts.cases import (
    CaseResolved,
    IssueResolved,
    OfferDeclined,
    OfferExpired,
    PlanAdopted,
    ReplyApplied,
    ReplyRefused,
)
from yuqiao.contracts.matches import NeedMatched, ProductListed, ProductRefused
from yuqiao.contracts.needs import ConsentRevoked, IdentitySealed, IdentityWithheld, LenderSealed, NeedWithdrawn
from yuqiao.contracts.offers import (
    IdentityDisclosed,
    LenderDisclosed,
    LenderUndeliverable,
    OfferClosed,
    OfferPushed,
    OfferUndeliverable,
)
from yuqiao.contracts.to_bank import (
    BorrowerDisclosed,
    IssueAnswered,
    NeedClosed,
    NeedDisclosed,
    NeedOffered,
    NeedWithheld,
    Receipt,
    TaskAsked,
)
from yuqiao.contracts.values import Offer as MatchedOffer
from yuqiao.runtime.messages import Moment, Out, Refused


def on_need_matched(book: NotificationBook, matched: NeedMatched, at: Moment) -> Iterator[Out]:
    """One event on each chosen bank's topic, without identity."""
    for offer in matched.offers:
        if offer.offer in book.offers:
            continue  # a bank sees a need at most once
        reason = domain.undeliverable(book.banks.get(offer.bank), book.voids.get(matched.need))
        if reason:
            yield OfferUndeliverable(
                at=at.now,
                enterprise=matched.enterprise,
                need=matched.need,
                offer=offer.offer,
                bank=offer.bank,
                reason=reason,
            )
        else:
            yield from _push(book, matched, offer, at)


def _push(book: NotificationBook, matched: NeedMatched, offer: MatchedOffer, at: Moment) -> Iterator[Out]:
    due = book.limits.due("accept", at.now, book.calendar)
    yield OfferPushed(
        at=at.now,
        enterprise=matched.enterprise,
        need=matched.need,
        offer=offer.offer,
        bank=offer.bank,
        product=offer.product,
        respond_by=due.at,
        provisional=due.provisional,
    )
    if matched.mode in domain.EXCLUSIVE_MODES:
        yield OfferMade(at=at.now, enterprise=matched.enterprise, offer=offer.offer, exclusive=True)
    yield NeedOffered(
        at=at.now,
        bank=offer.bank,
        offer=offer.offer,
        product=offer.product,
        need=matched.snapshot,
        measures=matched.measures,
        reasons=offer.reasons,
        respond_by=due.at,
    )


def on_identity_sealed(book: NotificationBook, sealed: IdentitySealed, at: Moment) -> Iterator[Out]:
    """The sealed identity goes to the bank that accepted, unless its offer was closed meanwhile."""
    offer = book.offers.get(sealed.offer)
    if offer is None or offer.closed or offer.bank != sealed.bank:
        return
    contact_by = sealed.contact_by or book.limits.due("contact", sealed.at, book.calendar).at
    yield IdentityDisclosed(
        at=at.now,
        enterprise=offer.enterprise,
        need=offer.need,
        offer=offer.offer,
        bank=offer.bank,
        contact_by=contact_by,
        provisional=sealed.provisional,
    )
    yield NeedDisclosed(
        at=at.now,
        bank=offer.bank,
        offer=offer.offer,
        key_id=sealed.key_id,
        sealed=sealed.sealed,
        contact_by=contact_by,
    )


def on_identity_withheld(book: NotificationBook, withheld: IdentityWithheld, at: Moment) -> Iterator[Out]:
    """A bank that accepted is told why it has to wait. Of a need that was taken back it hears by the offer's end."""
    offer = book.offers.get(withheld.offer)
    if offer and offer.bank == withheld.bank and offer.closed is None and withheld.reason != "need_withdrawn":
        yield NeedWithheld(at=at.now, bank=offer.bank, offer=offer.offer, reason=withheld.reason)


def on_lender_sealed(book: NotificationBook, sealed: LenderSealed, at: Moment) -> Iterator[Out]:
    """The enterprise's lender is told whom it will be asked about, once, also where the need itself went to nobody.

    A bank that was switched off while the question was under way is told nothing, and intake hears that.
    """
    if sealed.offer in book.offers:
        return
    place = sealed.model_dump(include={"enterprise", "need", "offer", "bank"})
    if reason := domain.undeliverable(book.banks.get(sealed.bank), void=None):
        yield LenderUndeliverable(at=at.now, **place, entry=sealed.entry, reason=reason)
        return
    yield LenderDisclosed(at=at.now, **place, measures=sealed.measures)
    yield BorrowerDisclosed(at=at.now, bank=sealed.bank, offer=sealed.offer, key_id=sealed.key_id, sealed=sealed.sealed)


def on_plan_adopted(book: NotificationBook, plan: PlanAdopted, at: Moment) -> Iterator[Out]:
    """What the plan asks of a bank is said to it while its offer stands."""
    for task in plan.tasks:
        offer = book.offers.get(task.offer) if task.offer else None
        if offer and offer.closed is None:
            yield TaskAsked(
                at=at.now,
                bank=offer.bank,
                offer=offer.offer,
                task=task.task,
                code=task.code,
                measure=task.measure,
                text=task.text,
                report_by=task.due_at,
            )


def on_issue_resolved(book: NotificationBook, resolved: IssueResolved, at: Moment) -> Iterator[Out]:
    """What a bank raised is answered to it, also when the offer is at its end."""
    offer = book.offers.get(resolved.offer) if resolved.raised_by == "bank" and resolved.offer else None
    if offer and offer.bank == resolved.bank and resolved.category:
        yield IssueAnswered(
            at=at.now,
            bank=offer.bank,
            offer=offer.offer,
            answers=resolved.reply,
            issue=resolved.issue,
            category=resolved.category,
            resolution=resolved.resolution,
            text=resolved.answer,
        )


def on_offer_ended(book: NotificationBook, ended: OfferDeclined | OfferExpired, at: Moment) -> Iterator[Out]:
    """A declined or expired offer gets its end mark."""
    offer = book.offers.get(ended.offer)
    if offer and offer.closed is None:
        yield from _close(offer, "declined" if isinstance(ended, OfferDeclined) else "expired", at)


def on_case_resolved(book: NotificationBook, resolved: CaseResolved, at: Moment) -> Iterator[Out]:
    """Everything that is still open for the need is closed."""
    yield from _void(book, resolved.need, resolved.enterprise, resolved.outcome, at)


def on_need_withdrawn(book: NotificationBook, withdrawn: NeedWithdrawn, at: Moment) -> Iterator[Out]:
    """The same, when the enterprise takes its need back."""
    yield from _void(book, withdrawn.need, withdrawn.enterprise, withdrawn.reason, at)


def on_consent_revoked(book: NotificationBook, revoked: ConsentRevoked, at: Moment) -> Iterator[Out]:
    """A bank that knew the enterprise is told that it may not go on."""
    for offer in book.offers:
        mine = offer.enterprise == revoked.enterprise and revoked.bank in {"*", offer.bank}
        if mine and offer.disclosed and offer.closed is None:
            yield from _close(offer, "consent_revoked", at)


def _void(book: NotificationBook, need: str, enterprise: str, reason: str, at: Moment) -> Iterator[Out]:
    if need not in book.voids:
        yield NeedVoided(at=at.now, enterprise=enterprise, need=need, reason=reason)
    for offer in book.open_offers(need):
        if not offer.lender:  # what a lender owes does not depend on the need
            yield from _close(offer, reason, at)


def _close(offer: Offer, reason: str, at: Moment) -> Iterator[Out]:
    yield OfferClosed(
        at=at.now, enterprise=offer.enterprise, need=offer.need, offer=offer.offer, bank=offer.bank, reason=reason
    )
    yield NeedClosed(at=at.now, bank=offer.bank, offer=offer.offer, reason=reason)


def on_reply_applied(book: NotificationBook, applied: ReplyApplied, at: Moment) -> Iterator[Out]:
    """Its receipt. In `single` and `race` the first acceptance closes the others; one that comes after it closes nobody."""
    yield _receipt(applied, at)
    mine = book.offers.get(applied.offer) if domain.accepts(applied) and applied.offer else None
    if mine and mine.closed is None:
        for offer in book.open_offers(mine.need):
            if offer.exclusive and offer.offer != mine.offer:
                yield from _close(offer, "taken_by_other", at)


def on_reply_refused(book: NotificationBook, refused: ReplyRefused, at: Moment) -> Iterator[Out]:
    """Its receipt, too."""
    yield _receipt(refused, at)


def _receipt(answer: ReplyApplied | ReplyRefused, at: Moment) -> Receipt:
    result, reasons = domain.verdict_on_reply(answer)
    return Receipt(
        at=at.now,
        bank=answer.bank,
        subject=answer.offer or answer.place,
        answers=answer.reply,
        place=answer.place,
        result=result,
        reasons=reasons,
    )


def on_product_answered(book: NotificationBook, answer: ProductListed | ProductRefused, at: Moment) -> Iterator[Out]:
    """One receipt for every product."""
    result, reasons = domain.verdict_on_product(answer)
    yield Receipt(
        at=at.now,
        bank=answer.bank,
        subject=answer.product or answer.place,
        answers=answer.publication,
        place=answer.place,
        result=result,
        reasons=reasons,
    )


def on_register_bank(book: NotificationBook, command: RegisterBank, at: Moment) -> Iterator[Out]:
    """A new bank, a changed one, or a disabled one that comes back. The same entry again changes nothing."""
    entry = command.entry
    before = book.banks.get(entry.bank)
    if domain.same_entry(entry, before):
        return
    kind = BankRegistered if before is None else BankChanged
    yield kind(at=at.now, **entry.model_dump(exclude={"enabled"}))


def on_disable_bank(book: NotificationBook, command: DisableBank, at: Moment) -> Iterator[Out]:
    """The bank gets no new offers; those it has go on."""
    before = book.banks.get(command.bank)
    if before is None:
        raise Refused("bank_unknown", f"名录中没有银行 {command.bank}", 404)
    if before.enabled:
        yield BankDisabled(at=at.now, **before.model_dump(exclude={"enabled"}), reason=command.reason)
