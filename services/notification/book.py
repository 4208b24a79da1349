"""notification's state: the bank register, the offers made, the needs that are void."""

from services.notification.domain import Bank, Offer, Void
from yuqiao.contracts.banks import BankChanged, BankDisabled, BankRegistered, BankRegisterEvent
from yuqiao.contracts.offers import IdentityDisclosed, LenderDisclosed, OfferClosed, OfferPushed
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.time_limits import TimeLimits
from yuqiao.runtime.book import Book, Shelf
from yuqiao.runtime.messages import Note


class NeedVoided(Note):
    """A need is withdrawn or its case resolved: nothing is offered for it any more."""

    wire_type = "notification.need_voided"
    key_field = "enterprise"
    enterprise: str
    need: str
    reason: str


class OfferMade(Note):
    """Beside OfferPushed: whether the first acceptance closes the need's other offers."""

    wire_type = "notification.offer_made"
    key_field = "enterprise"
    enterprise: str
    offer: str
    exclusive: bool


class NotificationBook(Book):
    """All banks (few), and the offers and voids of a batch's enterprises."""

    def __init__(
        self,
        banks: Shelf[Bank] | None = None,
        offers: Shelf[Offer] | None = None,
        voids: Shelf[Void] | None = None,
        *,
        limits: TimeLimits,
    ) -> None:
        """`limits` say by when a bank should answer."""
        super().__init__()
        self.banks = banks or Shelf[Bank]()
        self.offers = offers or Shelf[Offer]()
        self.voids = voids or Shelf[Void]()
        self.limits, self.calendar = limits, WorkingCalendar.load()
        self._offers_of: dict[str, dict[str, None]] = {}
        for offer in self.offers:
            self._offers_of.setdefault(offer.need, {})[offer.offer] = None

    def open_offers(self, need: str) -> list[Offer]:
        """The need's offers that are not closed, in an order that no table decides."""
        offers = (self.offers[offer] for offer in sorted(self._offers_of.get(need, ())))
        return [o for o in offers if o.closed is None]

    def put_offer(self, offer: Offer) -> None:
        """An offer that is new or changed."""
        self.offers.put(offer.offer, offer)
        self._offers_of.setdefault(offer.need, {})[offer.offer] = None


@NotificationBook.when(BankRegistered, BankChanged)
def _entered(book: NotificationBook, event: BankRegisterEvent) -> None:
    book.banks.put(event.bank, entry(event, enabled=True))


@NotificationBook.when(BankDisabled)
def _disabled(book: NotificationBook, event: BankDisabled) -> None:
    book.banks.put(event.bank, entry(event, enabled=False))


def entry(event: BankRegisterEvent, enabled: bool) -> Bank:
    """The register's entry that an event carries."""
    return Bank(**event.model_dump(include=set(Bank.model_fields)), enabled=enabled)


@NotificationBook.when(OfferPushed)
def _pushed(book: NotificationBook, event: OfferPushed) -> None:
    book.put_offer(Offer(offer=event.offer, need=event.need, enterprise=event.enterprise, bank=event.bank))


@NotificationBook.when(OfferMade)
def _made(book: NotificationBook, event: OfferMade) -> None:
    book.put_offer(book.offers[event.offer].but(exclusive=event.exclusive))


@NotificationBook.when(IdentityDisclosed)
def _disclosed(book: NotificationBook, event: IdentityDisclosed) -> None:
    book.put_offer(book.offers[event.offer].but(disclosed=True))


@NotificationBook.when(LenderDisclosed)
def _lender(book: NotificationBook, event: LenderDisclosed) -> None:
    place = event.model_dump(include={"offer", "need", "enterprise", "bank"})
    book.put_offer(Offer(**place, disclosed=True, lender=True))


@NotificationBook.when(OfferClosed)
def _closed(book: NotificationBook, event: OfferClosed) -> None:
    book.put_offer(book.offers[event.offer].but(closed=event.reason))


@NotificationBook.when(NeedVoided)
def _voided(book: NotificationBook, event: NeedVoided) -> None:
    book.voids.put(event.need, Void(need=event.need, enterprise=event.enterprise, reason=event.reason))
