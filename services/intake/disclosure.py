"""Consent and disclosure: a bank that accepted is told who the enterprise is, if the enterprise lets it know."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from services.intake.book import IntakeBook, bank_subject
from services.intake.commands import BankEntered, GrantConsent, RevokeConsent
from services.intake.domain import Need, Said, also, is_live
from services.intake.filing import ANY_BANK, Private
from services.intake.lenders import ask_lenders
from services.intake.notes import BankNoted, EntrySeen
from services.intake.shelves import Bank
from yuqiao.contracts.banks import BankDisabled, BankRegisterEvent
from yuqiao.contracts.base import Event
from yuqiao.contracts.cases import OfferAccepted
from yuqiao.contracts.needs import ConsentGranted, ConsentRevoked, IdentitySealed, IdentityWithheld
from yuqiao.contracts.values import Identity
from yuqiao.runtime.messages import Hold, Moment, Out, Refused

LONGEST_CONSENT = timedelta(days=731)


def on_offer_accepted(book: IntakeBook, accepted: OfferAccepted, at: Moment) -> Iterator[Out]:
    """The disclosure, or why there is none: this commit is the moment at which consent must be live."""
    need, bank = book.needs.get(accepted.need), book.banks.get(accepted.bank)
    if bank is None:
        yield Hold(bank_subject(accepted.bank))
    elif need is None:
        yield Hold(accepted.need)
    else:
        yield _disclosed(book, need, accepted.offer, bank, book.said(need.enterprise), at)


def _disclosed(
    book: IntakeBook, need: Need, offer: str, bank: Bank, said: Said, at: Moment
) -> IdentitySealed | IdentityWithheld:
    place: dict[str, Any] = {
        "enterprise": need.enterprise,
        "need": need.id,
        "offer": offer,
        "bank": bank.bank,
        "at": at.now,
    }
    private = book.privates.get(need.id)
    if not need.open:
        return IdentityWithheld(reason="need_withdrawn", **place)
    if private is None:
        return IdentityWithheld(reason="identity_erased", **place)
    if not is_live(said, bank.bank, at.day):
        return IdentityWithheld(reason="consent_missing", **place)
    identity = Identity(
        enterprise_name=private.enterprise_name,
        uscc=private.uscc,
        contact_name=private.contact_name,
        contact_phone=private.contact_phone,
        amount_cny=need.facts.amount_cny,
        term_months=need.facts.term_months,
        purpose=private.purpose,
    )
    try:
        sealed = book.seal(identity, bank)
    except ValueError:
        return IdentityWithheld(reason="bank_key_missing", **place)
    due = book.limits.due("contact", at.now, book.calendar)
    return IdentitySealed(
        key_id=bank.key_id, sealed=sealed, contact_by=due.at, provisional=due.provisional or None, **place
    )


def on_grant_consent(book: IntakeBook, command: GrantConsent, at: Moment) -> Iterator[Out]:
    """The enterprise's own consent; disclosures that waited for it happen at once. The same again changes nothing."""
    if not at.day <= command.expires_on <= at.day + LONGEST_CONSENT:
        raise Refused("consent_period", "授权有效期须从今天起、不超过两年", 422)
    if command.bank != ANY_BANK and command.bank not in book.banks:
        raise Refused("bank_unknown", "没有这家银行", 422)
    known = book.said(command.enterprise)(command.bank)
    if known is None or known.revoked or known.expires_on != command.expires_on:
        yield from grant(book, command.enterprise, {command.bank: command.expires_on}, at)


def grant(
    book: IntakeBook,
    enterprise: str,
    until: Mapping[str, date],
    at: Moment,
    stated: tuple[Need, Private] | None = None,
) -> Iterator[Event]:
    """Consent for these banks, every disclosure that it sets free, and every lender that may be asked now (see there)."""
    for bank, last in until.items():
        yield ConsentGranted(enterprise=enterprise, bank=bank, expires_on=last, at=at.now)
    said = also(book.said(enterprise), enterprise, until)
    freed = list(_set_free(book, enterprise, said, at)) if until else []
    yield from freed
    yield from ask_lenders(book, enterprise, said, at, freed, stated)


def _set_free(book: IntakeBook, enterprise: str, said: Said, at: Moment) -> Iterator[IdentitySealed]:
    for pending in sorted(book.pendings, key=attrgetter("offer")):
        need = book.needs.get(pending.need)
        bank = book.banks.get(pending.bank)
        if pending.enterprise == enterprise and need and bank:
            result = _disclosed(book, need, pending.offer, bank, said, at)
            if isinstance(result, IdentitySealed):
                yield result


def on_revoke_consent(book: IntakeBook, command: RevokeConsent, at: Moment) -> Iterator[Out]:
    """Consent taken back; also beforehand, for a bank that never had it. The same again changes nothing."""
    known = book.said(command.enterprise)(command.bank)
    others = command.bank == ANY_BANK and any(
        c.enterprise == command.enterprise and not c.revoked for c in book.consents
    )
    if known is None or not known.revoked or others:
        yield ConsentRevoked(enterprise=command.enterprise, bank=command.bank, at=at.now)


def on_bank(book: IntakeBook, event: BankRegisterEvent, at: Moment) -> Iterator[Out]:
    """A bank's entry, noted; disclosures and questions to a lender that wait for it are due then."""
    told = event.model_dump(include={"bank", "name", "key_id", "public_key"})
    bank = Bank(**told, enabled=not isinstance(event, BankDisabled))
    known = book.banks.get(event.bank)
    if known is None or bank.but(entry=known.entry) != known:
        yield BankNoted(at=at.now, **bank.model_dump(exclude={"entry"}))


def on_bank_entered(book: IntakeBook, due: BankEntered, at: Moment) -> Iterator[Out]:
    """What waits for a bank's entry is tried with the one that is there: once, whatever comes of it."""
    pending = book.pendings.get(due.offer)
    if pending and pending.seen is not None and pending.seen < due.entry:
        yield EntrySeen(at=at.now, enterprise=due.key, offer=due.offer, entry=due.entry)
        said = book.said(due.key)
        freed = list(_set_free(book, due.key, said, at))
        yield from freed
        yield from ask_lenders(book, due.key, said, at, freed)
