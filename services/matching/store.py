"""Loads and saves matching's book."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from asyncpg import Connection

from services.matching.book import MatchingBook
from services.matching.catalogue import Catalogue
from services.matching.messages import QUOTA, ROUND, RoundDue, RunRound
from services.matching.state import BankEntry, Candidate, Learnt, Rounds, Total, Used
from yuqiao.contracts.banks import BankRegisterEvent
from yuqiao.contracts.cases import OfferAccepted, OfferDeclined, OfferExpired
from yuqiao.contracts.from_bank import ProductPublished, ProductRecord
from yuqiao.contracts.needs import NeedRegistered
from yuqiao.policy.calendar import BEIJING, WorkingCalendar
from yuqiao.runtime.batch import Arrival
from yuqiao.runtime.messages import BadRecord, Deadline, HeldTooLong, Message
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shelving import Changed, Models, drop_rows, load_shelf, save_shelves, shelves_of
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)
ROUND_AT = time(9)
"""In Beijing."""
CATALOGUE = ("product", "withdrawn", "bank", "version")
"""The rows that `load` gives of the catalogue; the others lie on the shelves of a book."""


class MatchingStore:
    """Needs by enterprise; quotas and what was learnt for who takes room; the catalogue as changes since it was last read."""

    def __init__(self, settings: Settings) -> None:
        """Nothing of the settings matters here."""
        self.calendar = WorkingCalendar.load()
        self.catalogue = Catalogue()

    async def keys(self, conn: Connection, messages: Sequence[Message]) -> list[tuple[str, ...]]:
        """A round's keys are all enterprises that wait; whoever takes room or sets it locks the quotas too."""
        waiting: tuple[str, ...] = ()
        if any(isinstance(m, RoundDue | RunRound) for m in messages):
            waiting = tuple(r["enterprise"] for r in await conn.fetch(Q.waiting_enterprises))
        return [_keys(m, waiting) for m in messages]

    async def load(self, conn: Connection, keys: Sequence[str], arrivals: Sequence[Arrival]) -> MatchingBook:
        """One statement. The quotas are locked by their key, what was learnt of a bank by the bank's."""
        takes_room, catalogue = QUOTA in keys, self.catalogue
        rows = await conn.fetch(Q.load, list(keys), takes_room, catalogue.version, list(catalogue.touched))
        book = MatchingBook(self._refreshed([r for r in rows if r["shelf"] in CATALOGUE]) if takes_room else None)
        models: Models = {"needs": Candidate, "quotas": Used, "totals": Total, "rounds": Rounds, "learnt": Learnt}
        for name, shelf in shelves_of((r for r in rows if r["shelf"] in models), models).items():
            setattr(book, name, shelf)
        return book

    def _refreshed(self, rows: Iterable[Any]) -> Catalogue:
        """The catalogue as it stands: what others changed was read, and what a batch of ours touched, committed or not."""
        catalogue = self.catalogue
        for id_ in tuple(catalogue.touched):
            catalogue.drop(id_)
            catalogue.drop_bank(id_)
        for row in rows:
            if row["shelf"] == "bank":
                catalogue.put_bank(BankEntry.model_validate_json(row["body"]))
            elif row["shelf"] == "product":
                catalogue.put(row["id"], ProductPublished.model_validate_json(row["body"]))
            elif row["shelf"] == "withdrawn":
                catalogue.drop(row["id"])
            else:
                catalogue.version = row["version"]
        catalogue.touched.clear()
        return catalogue

    async def save(self, conn: Connection, book: MatchingBook) -> None:
        """At most five statements. Whoever changes the catalogue counts its version up, so that others see it."""
        quotas = Changed(book.quotas, 1, lambda _, q: (q.day,))
        needs, totals = Changed(book.needs, 4, _need_columns), Changed(book.totals)
        await save_shelves(conn, Q.save_decisions, needs, quotas, totals, Changed(book.learnt))
        await save_shelves(conn, Q.save_products, Changed(book.products))
        await drop_rows(conn, Q.withdraw_products, book.products.dropped)
        await save_shelves(conn, Q.save_banks, Changed(book.banks))
        rounds = Changed(book.rounds, 3, lambda _, r: (r.asked, r.asked_at, r.held))
        await save_shelves(conn, Q.save_rounds, rounds)

    async def due(self, conn: Connection, now: datetime, limit: int, unread: Collection[str] = ()) -> list[Deadline]:
        """At most one round: at 09:00 of the first day on which something waits, or out of turn when room came."""
        row = await conn.fetchrow(Q.next_round, ROUND_AT)
        if row is None or row["due_at"] > now:
            return []
        return [RoundDue(key=ROUND, due_at=row["due_at"], number=row["number"])]

    async def load_all(self, conn: Connection) -> MatchingBook:
        """Everything."""
        book = MatchingBook()
        book.needs = await load_shelf(conn, Q.all_needs, Candidate)
        book.products = await load_shelf(conn, Q.listed_products, ProductPublished)
        book.banks = await load_shelf(conn, Q.all_banks, BankEntry)
        book.quotas = await load_shelf(conn, Q.all_quotas, Used)
        book.totals = await load_shelf(conn, Q.all_totals, Total)
        book.rounds = await load_shelf(conn, Q.all_rounds, Rounds)
        book.learnt = await load_shelf(conn, Q.all_learnt, Learnt)
        return book

    async def gauges(self, conn: Connection) -> dict[str, float]:
        """Needs that wait for room, and how far the calendar reaches."""
        today = datetime.now(BEIJING).date()
        return {
            "needs_waiting_for_room": await conn.fetchval(Q.waiting_for_room),
            "calendar_horizon_days": (self.calendar.horizon - today).days,
        }


def _keys(message: Message, waiting: tuple[str, ...]) -> tuple[str, ...]:
    match said := message.message if isinstance(message, HeldTooLong) else message:
        case RoundDue() | RunRound():
            return (ROUND, QUOTA, *waiting)
        case ProductRecord() | BankRegisterEvent():
            return (said.bank, QUOTA)
        case BadRecord():
            return (said.bank,)
        case OfferAccepted() | OfferDeclined() | OfferExpired():
            return (said.enterprise, said.bank)
        case NeedRegistered(batched=False):
            return (said.enterprise, QUOTA)
        case _:
            return (said.key,)


def _need_columns(_: str, need: Candidate) -> tuple[str, str, str | None, date | None]:
    return need.enterprise, need.status, need.reason, need.retry_on
