"""Loads and saves notification's book."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Connection

from services.notification.book import NotificationBook
from services.notification.domain import Bank, Offer, Void
from yuqiao.policy.time_limits import TimeLimits
from yuqiao.runtime.batch import Arrival
from yuqiao.runtime.messages import Deadline, Message
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shelving import Changed, Models, load_shelf, load_shelves, save_shelves
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.store import keys_of

Q = Queries.beside(__file__)


class NotificationStore:
    """Offers and voids by enterprise; the banks, few, always."""

    def __init__(self, settings: Settings) -> None:
        """Time limits come from the file that the settings name."""
        self.limits = TimeLimits.load(settings.time_limits)

    async def keys(self, conn: Connection, messages: Sequence[Message]) -> list[tuple[str, ...]]:
        """Each message's own key."""
        return keys_of(messages)

    async def load(self, conn: Connection, keys: Sequence[str], arrivals: Sequence[Arrival]) -> NotificationBook:
        """One statement."""
        models: Models = {"banks": Bank, "offers": Offer, "voids": Void}
        shelves = await load_shelves(conn, Q.load, models, list(keys), read_often=("banks",))
        return NotificationBook(**shelves, limits=self.limits)

    async def save(self, conn: Connection, book: NotificationBook) -> None:
        """At most three statements."""
        await save_shelves(conn, Q.save_banks, Changed(book.banks))
        offers = Changed(book.offers, 3, lambda _, o: (o.enterprise, o.bank, o.closed is None))
        await save_shelves(conn, Q.save_offers, offers)
        await save_shelves(conn, Q.save_voids, Changed(book.voids, 1, lambda _, v: (v.enterprise,)))

    async def due(self, conn: Connection, now: datetime, limit: int, unread: Collection[str] = ()) -> list[Deadline]:
        """Notification waits for nobody: limits are feedback's."""
        return []

    async def load_all(self, conn: Connection) -> NotificationBook:
        """Everything."""
        return NotificationBook(
            await load_shelf(conn, Q.load_banks, Bank),
            await load_shelf(conn, Q.all_offers, Offer),
            await load_shelf(conn, Q.all_voids, Void),
            limits=self.limits,
        )
