"""免申即享: the bank that has lent to an enterprise already is asked what it owes, if the enterprise lets it know who it is."""

import unicodedata
from collections.abc import Iterable, Iterator

from services.intake.book import IntakeBook
from services.intake.domain import Need, Said, is_live
from services.intake.filing import Private
from services.intake.shelves import Bank
from yuqiao.contracts.base import Event
from yuqiao.contracts.needs import IdentitySealed, LenderSealed
from yuqiao.contracts.values import Borrower
from yuqiao.policy.without_application import owed_without_application
from yuqiao.runtime.messages import Moment, derived_id


def lender_named(text: str | None, banks: Iterable[Bank]) -> str | None:
    """The code of the registered bank that 存量贷款银行 names by code or name; None for another: that stays a text."""
    if not text:
        return None
    said = _plain(text)
    found = [bank.bank for bank in banks if said in (_plain(bank.bank), _plain(bank.name))]
    return found[0] if len(found) == 1 else None


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def ask_lenders(
    book: IntakeBook,
    enterprise: str,
    said: Said,
    at: Moment,
    out: Iterable[Event] = (),
    stated: tuple[Need, Private] | None = None,
) -> Iterator[LenderSealed]:
    """The lenders of an enterprise's open needs, `stated` the newest, that may know whom they are asked about.

    Whatever matching makes of a need. Each once for an enterprise: it is one loan; and none to which `out`, said in the same
    commit, or an earlier one gives the need's identity. Nobody without live consent, nobody without a lender that is
    registered and has a usable key: the next consent asks again.
    """
    asked, knows = _told(book, enterprise)
    knows |= {(event.need, event.bank) for event in out if isinstance(event, IdentitySealed)}
    for need, private in _borrowers(book, enterprise, stated):
        bank = book.banks.get(lender_named(private.lender, book.banks) or "")
        if bank is None or bank.bank in asked or (need.id, bank.bank) in knows or not is_live(said, bank.bank, at.day):
            continue
        if question := _question(book, need, private, bank, at):
            yield question
            asked.add(bank.bank)


def _told(book: IntakeBook, enterprise: str) -> tuple[set[str], set[tuple[str, str]]]:
    """The banks that were asked about an enterprise, and (need, bank) for those that know whose need it is."""
    shown = [one for need in book.needs_of(enterprise) if (one := book.progress.get(need.id))]
    reached = [(progress.need, offer.bank, offer.reached) for progress in shown for offer in progress.offers]
    asked = {bank for _, bank, stages in reached if "asked" in stages}
    return asked, {(need, bank) for need, bank, stages in reached if "disclosed" in stages}


def _borrowers(
    book: IntakeBook, enterprise: str, stated: tuple[Need, Private] | None
) -> Iterator[tuple[Need, Private]]:
    """An enterprise's open needs, and who stands behind each; of the one that is being stated, what it says now."""
    for need in book.needs_of(enterprise):
        private = book.privates.get(need.id)
        if private and need.open and not (stated and stated[0].id == need.id):
            yield need, private
    if stated:
        yield stated


def _question(book: IntakeBook, need: Need, private: Private, bank: Bank, at: Moment) -> LenderSealed | None:
    measures = owed_without_application(need.facts, need.facts.stated_on)
    if not measures:
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
    )
