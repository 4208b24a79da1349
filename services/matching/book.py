"""matching's state: needs, the catalogue, what of the quotas is used, and what the banks' answers taught."""

from datetime import date
from decimal import Decimal

from services.matching.catalogue import Catalogue
from services.matching.notes import (
    AnswerNoted,
    BankNoted,
    NeedDropped,
    NeedNoted,
    ProductTaken,
    ReofferNoted,
    RestEnded,
    RoundAsked,
    RoundHeld,
)
from services.matching.room import Room
from services.matching.state import BankEntry, Candidate, Learnt, Rounds, Tally, Total, Used
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting, ProductListed
from yuqiao.policy.calendar import BEIJING, WorkingCalendar
from yuqiao.runtime.book import Book, Shelf


class MatchingBook(Book):
    """The needs of a batch's enterprises (or all that wait), the catalogue, and, for who takes room, quotas and learning.

    On the shelves `products` and `banks` lies only what this batch changes: what stands is in the catalogue.
    """

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        """Empty; the store puts shelves in."""
        super().__init__()
        self.needs: Shelf[Candidate] = Shelf()
        self.products: Shelf[ProductPublished] = Shelf()
        self.banks: Shelf[BankEntry] = Shelf()
        self.quotas: Shelf[Used] = Shelf()
        self.totals: Shelf[Total] = Shelf()
        self.rounds: Shelf[Rounds] = Shelf()
        self.learnt: Shelf[Learnt] = Shelf()
        self.catalogue = catalogue or Catalogue()
        self.calendar = WorkingCalendar.load()
        self._room: Room | None = None

    def room(self, day: date) -> Room:
        """What is left of the quotas on a day, to take from: the book's own changes with what has been matched."""
        if self._room is None or self._room.day != day:
            self._room = Room(self.catalogue, day, dict(self.quotas.items()), dict(self.totals.items()))
        return self._room.fork()

    def catalogue_changed(self) -> None:
        """A product or a bank is another now: what is left is counted anew."""
        self._room = None

    def take(self, day: date, bank: str, product: str) -> None:
        """One offer more of a product."""
        key = f"{bank}/{product}"
        for name in (key, bank):
            quota = f"{day}/{name}"
            used = self.quotas.get(quota)
            self.quotas.put(quota, Used(day=day, used=used.used + 1 if used else 1))
        total = self.totals.get(key)  # counted without a total quota, too: the bank may set one later
        self.totals.put(key, Total(used=total.used + 1 if total else 1))
        slot = self.catalogue.slot(key)
        if self._room is None or self._room.day != day or slot is None:
            self._room = None
        else:
            self._room.take(slot)

    def change(self, need: str, **fields: object) -> None:
        """Replace a need's row."""
        self.needs.put(need, self.needs[need].but(**fields))


@MatchingBook.when(NeedNoted)
def _noted(book: MatchingBook, event: NeedNoted) -> None:
    before = book.needs.get(event.need)
    if before:
        book.change(event.need, facts=event.facts, routing=event.routing)
    else:
        candidate = Candidate(
            need=event.need,
            enterprise=event.enterprise,
            facts=event.facts,
            routing=event.routing,
            places=event.routing.places,
        )
        book.needs.put(event.need, candidate)


@MatchingBook.when(ReofferNoted)
def _reoffer(book: MatchingBook, event: ReofferNoted) -> None:
    offered = (*book.needs[event.need].offered, *event.exclude)
    book.change(event.need, offered=tuple(dict.fromkeys(offered)), places=event.places)


@MatchingBook.when(NeedWaiting)
def _waiting(book: MatchingBook, event: NeedWaiting) -> None:
    waited = book.needs[event.need].waited + (event.reason == "no_room")
    book.change(event.need, status="waiting", reason=event.reason, retry_on=event.retry_on, waited=waited)


@MatchingBook.when(NeedMatched)
def _matched(book: MatchingBook, event: NeedMatched) -> None:
    day = event.at.astimezone(BEIJING).date()
    for offer in event.offers:
        book.take(day, offer.bank, offer.product)
    candidate = book.needs[event.need]
    banks = [offer.bank for offer in event.offers]
    book.change(
        event.need,
        status="matched",
        reason=None,
        retry_on=None,
        waited=0,
        round=event.round,
        offered=tuple(dict.fromkeys((*candidate.offered, *banks))),
        asked_at=candidate.asked_at | dict.fromkeys(banks, event.at),
    )


@MatchingBook.when(RestEnded)
def _rest_ended(book: MatchingBook, event: RestEnded) -> None:
    book.change(event.need, status="matched", reason=None, retry_on=None)


@MatchingBook.when(NeedUnmatched)
def _unmatched(book: MatchingBook, event: NeedUnmatched) -> None:
    book.change(event.need, status="unmatched", reason=None, retry_on=None, round=event.round)


@MatchingBook.when(NeedDropped)
def _dropped(book: MatchingBook, event: NeedDropped) -> None:
    book.change(event.need, status="dropped", reason=event.reason, retry_on=None)


@MatchingBook.when(AnswerNoted)
def _answer(book: MatchingBook, event: AnswerNoted) -> None:
    day = event.at.astimezone(BEIJING).date()
    answer = Tally(answered=1, accepted=int(event.accepted), hours=event.hours if event.accepted else Decimal(0))
    before = book.learnt.get(event.bank) or Learnt(bank=event.bank, day=day)
    book.learnt.put(event.bank, before.with_answer(day, event.segment, answer))


@MatchingBook.when(RoundAsked)
def _asked(book: MatchingBook, event: RoundAsked) -> None:
    before = book.rounds.get(event.round)
    row = Rounds(asked=event.number, asked_at=event.at, held=before.held if before else 0)
    book.rounds.put(event.round, row)


@MatchingBook.when(RoundHeld)
def _held(book: MatchingBook, event: RoundHeld) -> None:
    book.rounds.put(event.round, book.rounds[event.round].but(held=event.number))


@MatchingBook.when(BankNoted)
def _bank(book: MatchingBook, event: BankNoted) -> None:
    if event.bank not in book.catalogue.banks:
        book.introduce(f"bank:{event.bank}", event.bank)
    entry = BankEntry(bank=event.bank, daily_quota=event.daily_quota, enabled=event.enabled)
    book.banks.put(event.bank, entry)
    book.catalogue.put_bank(entry)
    book.catalogue_changed()


@MatchingBook.when(ProductTaken)
def _product(book: MatchingBook, event: ProductTaken) -> None:
    key = f"{event.bank}/{event.product.product}"
    book.products.put(key, event.product)
    book.catalogue.put(key, event.product)
    book.catalogue_changed()


@MatchingBook.when(ProductListed)
def _listed(book: MatchingBook, event: ProductListed) -> None:
    if event.action == "withdrawn" and event.product:
        key = f"{event.bank}/{event.product}"
        book.products.drop(key)
        book.catalogue.drop(key)
        book.catalogue_changed()
