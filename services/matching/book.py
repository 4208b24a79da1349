"""matching's state: needs, the catalogue, the banks, and what of each day's quotas is used."""

from datetime import date

from services.matching.domain import Room, Wanted
from services.matching.notes import BankNoted, NeedDropped, NeedNoted, ProductTaken, ReofferNoted
from services.matching.terms import Terms, terms_of
from yuqiao.contracts.base import Value
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting, ProductListed
from yuqiao.contracts.values import NeedFacts, Routing
from yuqiao.policy.calendar import BEIJING, WorkingCalendar
from yuqiao.runtime.book import Book, Shelf


class Candidate(Value):
    """A need as matching knows it. `status`: noted | waiting | matched | unmatched | dropped."""

    need: str
    enterprise: str
    facts: NeedFacts
    routing: Routing
    status: str = "noted"
    reason: str | None = None
    round: int = 0
    places: int = 3
    waited: int = 0
    retry_on: date | None = None
    offered: tuple[str, ...] = ()

    def wanted(self) -> Wanted:
        """What it looks for."""
        return Wanted(self.need, self.facts, self.routing, self.places, frozenset(self.offered), self.waited)


class BankEntry(Value):
    """A bank's daily quota, and whether it is switched on."""

    bank: str
    daily_quota: int
    enabled: bool


class Used(Value):
    """Offers made on one local day under one quota (a product's, or a bank's over all products); never given back."""

    day: date
    used: int


class MatchingBook(Book):
    """The needs of a batch's enterprises (or all that wait), the whole catalogue, today's quotas."""

    def __init__(self) -> None:
        """Empty; the store puts shelves in."""
        super().__init__()
        self.needs: Shelf[Candidate] = Shelf()
        self.products: Shelf[ProductPublished] = Shelf()
        self.banks: Shelf[BankEntry] = Shelf()
        self.quotas: Shelf[Used] = Shelf()
        self.calendar = WorkingCalendar.load()
        self._terms: list[Terms] | None = None

    def catalogue(self) -> list[Terms]:
        """The products of the banks that are switched on, ready to be tried."""
        if self._terms is None:
            enabled = {b.bank for b in self.banks if b.enabled}
            listed = [(key, product) for key, product in self.products.items() if product.bank in enabled]
            self._terms = [terms_of(key, product) for key, product in sorted(listed)]
        return self._terms

    def catalogue_changed(self) -> None:
        """Make the products ready anew."""
        self._terms = None

    def room_left(self, day: date) -> Room:
        """What is left of the day's quotas."""
        products = {t.key: t.daily_quota - self.used(day, t.key) for t in self.catalogue()}
        banks = {b.bank: b.daily_quota - self.used(day, b.bank) for b in self.banks}
        return Room(products, banks)

    def used(self, day: date, name: str) -> int:
        """Offers made on a day under a quota."""
        row = self.quotas.get(f"{day}/{name}")
        return row.used if row else 0

    def take(self, day: date, name: str) -> None:
        """One offer more."""
        self.quotas.put(f"{day}/{name}", Used(day=day, used=self.used(day, name) + 1))

    def change(self, need: str, **fields: object) -> None:
        """Replace a need's row."""
        self.needs.put(need, self.needs[need].model_copy(update=fields))


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
        book.take(day, f"{offer.bank}/{offer.product}")
        book.take(day, offer.bank)
    offered = (*book.needs[event.need].offered, *(o.bank for o in event.offers))
    book.change(
        event.need,
        status="matched",
        reason=None,
        retry_on=None,
        waited=0,
        round=event.round,
        offered=tuple(dict.fromkeys(offered)),
    )


@MatchingBook.when(NeedUnmatched)
def _unmatched(book: MatchingBook, event: NeedUnmatched) -> None:
    book.change(event.need, status="unmatched", reason=None, retry_on=None, round=event.round)


@MatchingBook.when(NeedDropped)
def _dropped(book: MatchingBook, event: NeedDropped) -> None:
    book.change(event.need, status="dropped", reason=event.reason, retry_on=None)


@MatchingBook.when(BankNoted)
def _bank(book: MatchingBook, event: BankNoted) -> None:
    if event.bank not in book.banks:
        book.introduce(f"bank:{event.bank}", event.bank)
    book.banks.put(event.bank, BankEntry(bank=event.bank, daily_quota=event.daily_quota, enabled=event.enabled))
    book.catalogue_changed()


@MatchingBook.when(ProductTaken)
def _product(book: MatchingBook, event: ProductTaken) -> None:
    book.products.put(f"{event.bank}/{event.product.product}", event.product)
    book.catalogue_changed()


@MatchingBook.when(ProductListed)
def _listed(book: MatchingBook, event: ProductListed) -> None:
    if event.action == "withdrawn" and event.product:
        book.products.drop(f"{event.bank}/{event.product}")
        book.catalogue_changed()
