"""Loads and saves matching's book."""

from collections.abc import Sequence
from datetime import date, datetime, time

from asyncpg import Connection

from services.matching.book import BankEntry, Candidate, MatchingBook, Used
from services.matching.messages import QUOTA, ROUND, RoundDue, RunRound
from yuqiao.contracts.from_bank import ProductPublished, ProductRecord
from yuqiao.contracts.needs import NeedRegistered
from yuqiao.policy.calendar import BEIJING, WorkingCalendar
from yuqiao.runtime.messages import BadRecord, Deadline, HeldTooLong, Message
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shelving import Models, drop_rows, load_shelf, load_shelves, save_shelf
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)
ROUND_AT = time(9, tzinfo=BEIJING)


class MatchingStore:
    """Needs by enterprise; catalogue and banks whole; quotas from the day before on."""

    def __init__(self, settings: Settings) -> None:
        """Nothing of the settings matters here."""
        self.calendar = WorkingCalendar.load()

    async def keys(self, conn: Connection, messages: Sequence[Message]) -> list[tuple[str, ...]]:
        """A round's keys are all enterprises that wait; whoever may take room locks the quotas too."""
        waiting: tuple[str, ...] = ()
        if any(isinstance(m, RoundDue | RunRound) for m in messages):
            waiting = tuple(r["enterprise"] for r in await conn.fetch(Q.waiting_enterprises))
        return [_keys(m, waiting) for m in messages]

    async def load(self, conn: Connection, keys: Sequence[str], messages: Sequence[Message]) -> MatchingBook:
        """One statement. The quotas are locked by their key."""
        models: Models = {"needs": Candidate, "products": ProductPublished, "banks": BankEntry, "quotas": Used}
        book = MatchingBook()
        for name, shelf in (await load_shelves(conn, Q.load, models, list(keys))).items():
            setattr(book, name, shelf)
        return book

    async def save(self, conn: Connection, book: MatchingBook) -> None:
        """At most five statements."""
        await save_shelf(conn, Q.save_needs, book.needs, _need_columns)
        await save_shelf(conn, Q.save_products, book.products)
        await drop_rows(conn, Q.drop_products, book.products.dropped)
        await save_shelf(conn, Q.save_banks, book.banks)
        await save_shelf(conn, Q.save_quotas, book.quotas, lambda _, q: (q.day,))

    async def due(self, conn: Connection, now: datetime, limit: int) -> list[Deadline]:
        """At most one round: at 09:00 of the first day on which something waits."""
        day: date | None = await conn.fetchval(Q.next_round)
        if day is None:
            return []
        due_at = datetime.combine(day, ROUND_AT)
        return [RoundDue(key=ROUND, due_at=due_at)] if due_at <= now else []

    async def load_all(self, conn: Connection) -> MatchingBook:
        """Everything."""
        book = await self.load(conn, [], [])
        book.needs = await load_shelf(conn, Q.all_needs, Candidate)
        book.quotas = await load_shelf(conn, Q.all_quotas, Used)
        return book

    async def gauges(self, conn: Connection) -> dict[str, float]:
        """Needs that wait for room, and how far the calendar reaches."""
        today = datetime.now(BEIJING).date()
        return {
            "needs_waiting_for_room": await conn.fetchval(Q.waiting_for_room),
            "calendar_horizon_days": (self.calendar.horizon - today).days,
        }


def _keys(message: Message, waiting: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(message, RoundDue | RunRound):
        return (ROUND, QUOTA, *waiting)
    if isinstance(message, HeldTooLong):
        return _keys(message.message, waiting)
    if isinstance(message, ProductRecord | BadRecord):
        return (message.bank,)
    if isinstance(message, NeedRegistered) and not message.batched:
        return (message.enterprise, QUOTA)
    return (message.key,)


def _need_columns(_: str, need: Candidate) -> tuple[str, str, str | None, date | None]:
    return need.enterprise, need.status, need.reason, need.retry_on
