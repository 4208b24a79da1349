"""免申即享: the bank that has lent to an enterprise already is asked what it owes, if the enterprise lets it know who it is."""

import unicodedata
from collections.abc import Iterable, Iterator

from services.intake.book import IntakeBook
from services.intake.domain import Need, Said, is_live
from services.intake.filing import Private
from services.intake.shelves import Bank
from yuqiao.contracts.needs import LenderSealed
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
    book: IntakeBook, enterprise: str, said: Said, at: Moment, besides: str | None = None
) -> Iterator[LenderSealed]:
    """The lenders of an enterprise's needs, `besides` one, that may be asked now that it has said more."""
    for need in book.needs_of(enterprise):
        if need.id != besides:
            yield from ask_lender(book, need, book.privates.get(need.id), said, at)


def ask_lender(book: IntakeBook, need: Need, private: Private | None, said: Said, at: Moment) -> Iterator[LenderSealed]:
    """Once for a need, whatever matching makes of it: its lender may know whom it is asked about.

    Nobody without live consent, nobody without a lender that is registered and has a usable key: the next consent asks again.
    """
    if private is None or need.lender_asked or not need.open:
        return
    bank = book.banks.get(lender_named(private.lender, book.banks) or "")
    if bank is None or not is_live(said, bank.bank, at.day):
        return
    measures = owed_without_application(need.facts, need.facts.stated_on)
    if not measures:
        return
    try:
        sealed = book.seal(Borrower(enterprise_name=private.enterprise_name, uscc=private.uscc), bank)
    except ValueError:
        return
    yield LenderSealed(
        at=at.now,
        enterprise=need.enterprise,
        need=need.id,
        offer=derived_id("intake", "lender", need.id, bank.bank),
        bank=bank.bank,
        measures=measures,
        key_id=bank.key_id,
        sealed=sealed,
    )
