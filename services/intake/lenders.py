"""免申即享: the bank that has lent to an enterprise already is asked what it owes, if the enterprise lets it know who it is."""

from collections.abc import Iterable, Iterator

from services.intake.book import IntakeBook
from services.intake.domain import Need, Said, is_live
from services.intake.filing import Private
from services.intake.naming import awaited, lender_named, lenders_in
from services.intake.notes import LenderAwaited
from services.intake.shelves import Bank
from yuqiao.contracts.base import Event
from yuqiao.contracts.needs import IdentitySealed, LenderSealed
from yuqiao.contracts.offers import LenderUndeliverable
from yuqiao.contracts.values import Borrower
from yuqiao.policy.without_application import owed_without_application
from yuqiao.runtime.messages import Moment, Out, derived_id


def ask_lenders(
    book: IntakeBook,
    enterprise: str,
    said: Said,
    at: Moment,
    out: Iterable[Event] = (),
    stated: tuple[Need, Private] | None = None,
) -> Iterator[LenderSealed | LenderAwaited]:
    """The lenders of an enterprise's open needs, `stated` as it is now, that may know whom they are asked about.

    Whatever matching makes of a need. Each once for an enterprise: it is one loan. One to which `out`, said in the same
    commit, or an earlier one gives the need's identity is asked by feedback for what a match said, and here for what a later
    statement adds. Nobody without live consent: the next one asks again. A lender that is not registered or switched off, or
    has no usable key, is waited for: its next entry asks again.
    """
    asked, knows = _told(book, enterprise)
    knows |= {(event.need, event.bank) for event in out if isinstance(event, IdentitySealed)}
    for need, private, name in _lent(book, enterprise, stated):
        bank = lender_named(name, book.banks)
        if bank and (bank.bank in asked or not is_live(said, bank.bank, at.day)):
            continue
        measures = owed_without_application(need.facts, need.facts.stated_on)
        if bank and (need.id, bank.bank) in knows:
            measures = _unsaid(book, need, measures)
        if measures:
            question = _question(book, need, private, bank, measures, at) or _wait(book, need, name, at)
            if isinstance(question, LenderSealed):
                asked.add(question.bank)
            if question:
                yield question


def on_lender_undeliverable(book: IntakeBook, failed: LenderUndeliverable, at: Moment) -> Iterator[Out]:
    """The question waits for an entry that the bank did not have when it was asked; it may have come already."""
    if failed.need in book.needs:
        place = failed.model_dump(include={"enterprise", "need", "offer"})
        yield LenderAwaited(at=at.now, **place, bank=awaited(failed.bank), entry=failed.entry or 0)


def _told(book: IntakeBook, enterprise: str) -> tuple[set[str], set[tuple[str, str]]]:
    """The banks that were asked about an enterprise, and (need, bank) for those that know whose need it is."""
    shown = [one for need in book.needs_of(enterprise) if (one := book.progress.get(need.id))]
    reached = [(progress.need, offer.bank, offer.reached) for progress in shown for offer in progress.offers]
    asked = {bank for _, bank, stages in reached if "asked" in stages}
    return asked, {(need, bank) for need, bank, stages in reached if "disclosed" in stages}


def _unsaid(book: IntakeBook, need: Need, measures: tuple[int, ...]) -> tuple[int, ...]:
    """Of these measures those that no match said apply; none where that is not known, as of before it was kept."""
    progress = book.progress.get(need.id)
    if progress is None or progress.measures is None:
        return ()
    return tuple(one for one in measures if one not in progress.measures)


def _lent(
    book: IntakeBook, enterprise: str, stated: tuple[Need, Private] | None
) -> Iterator[tuple[Need, Private, str]]:
    """Each lender that an enterprise's open needs name; of the need that is being stated, as it is now."""
    borrowers: dict[str, tuple[Need, Private | None]] = {
        need.id: (need, book.privates.get(need.id)) for need in book.needs_of(enterprise) if need.open
    }
    if stated:
        borrowers[stated[0].id] = stated
    for need, private in borrowers.values():
        if private:
            for name in lenders_in(private.lender):
                yield need, private, name


def _question(
    book: IntakeBook, need: Need, private: Private, bank: Bank | None, measures: tuple[int, ...], at: Moment
) -> LenderSealed | None:
    if bank is None or not bank.enabled:
        return None
    try:
        sealed = book.seal(Borrower(enterprise_name=private.enterprise_name, uscc=private.uscc), bank)
    except ValueError:
        return None
    return LenderSealed(
        at=at.now,
        enterprise=need.enterprise,
        need=need.id,
        offer=derived_id("intake", "lender", need.id, bank.bank),
        bank=bank.bank,
        measures=measures,
        key_id=bank.key_id,
        sealed=sealed,
        entry=bank.entry,
    )


def _wait(book: IntakeBook, need: Need, name: str, at: Moment) -> LenderAwaited | None:
    """The question waits, once, for the bank that has this name."""
    offer = derived_id("intake", "lender", need.id, name)
    if offer in book.pendings:
        return None
    return LenderAwaited(at=at.now, enterprise=need.enterprise, need=need.id, offer=offer, bank=awaited(name))
