"""Loads and saves an intake book: one statement per shelf, whatever the batch's size."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from asyncpg import Connection
from joserfc.errors import JoseError

from services.intake.book import (
    Answer,
    Bank,
    IntakeBook,
    ListRow,
    NeedList,
    NeedPrivate,
    Pending,
    Progress,
    Seal,
)
from services.intake.commands import GrantConsent, RegisterNeed, RemoveRow
from services.intake.domain import Consent, Need
from yuqiao.contracts.banks import BankRegisterEvent
from yuqiao.contracts.base import Value
from yuqiao.contracts.cases import OfferAccepted
from yuqiao.contracts.sealing import seal
from yuqiao.contracts.values import Identity
from yuqiao.runtime.messages import Deadline, HeldTooLong, Message
from yuqiao.runtime.service import Store
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.writing import columns

Q = Queries.beside(__file__)
V = TypeVar("V", bound=Value)

_NEEDS_IDENTITY = (OfferAccepted, GrantConsent, RegisterNeed, BankRegisterEvent)
_NEEDS_ROWS = (RegisterNeed, RemoveRow)


class IntakeStore:
    """The store of one process."""

    def __init__(self, sealing: Seal) -> None:
        """`sealing` becomes a capability of each book."""
        self.sealing = sealing

    async def keys(self, conn: Connection, messages: Sequence[Message]) -> list[tuple[str, ...]]:
        """The enterprise, the list or the bank; with a bank, every enterprise whose disclosure waits for it."""
        banks = [m.bank for m in messages if isinstance(m, BankRegisterEvent)]
        waiting: dict[str, list[str]] = {bank: [] for bank in banks}
        if banks:
            for row in await conn.fetch(Q.enterprises_pending_for, banks):
                waiting[row["bank"]].append(row["key"])
        return [
            (m.bank, *waiting[m.bank])
            if isinstance(m, BankRegisterEvent)
            else (m.message.key if isinstance(m, HeldTooLong) else m.key,)
            for m in messages
        ]

    async def load(self, conn: Connection, keys: Sequence[str], messages: Sequence[Message]) -> IntakeBook:
        """The book of these keys, and all banks (they are few)."""
        found = list(keys)
        with_identity = any(isinstance(m, _NEEDS_IDENTITY) for m in messages)
        with_rows = any(isinstance(m, _NEEDS_ROWS) for m in messages)
        return IntakeBook(
            self.sealing,
            needs=await _load(conn, Need, Q.load_needs, found),
            consents=await _load(conn, Consent, Q.load_consents, found),
            pendings=await _load(conn, Pending, Q.load_pendings, found),
            progress=await _load(conn, Progress, Q.load_progress, found),
            rows=await _load(conn, ListRow, Q.load_rows, found) if with_rows else None,
            lists=await _load(conn, NeedList, Q.load_lists, found),
            banks=await _load(conn, Bank, Q.load_banks),
            privates=await _load(conn, NeedPrivate, Q.load_privates, found) if with_identity else None,
        )

    async def save(self, conn: Connection, book: IntakeBook) -> None:
        """Write what changed."""
        if rows := book.needs.changes():
            needs = [(i, n.enterprise, n.open, n.facts.stated_on, n.model_dump_json()) for i, n in rows]
            await conn.execute(Q.save_needs, *columns(needs))
        if pendings := book.pendings.changes():
            await conn.execute(
                Q.save_pendings, *columns([(i, p.enterprise, p.bank, p.model_dump_json()) for i, p in pendings])
            )
        if book.pendings.dropped:
            await conn.execute(Q.drop_pendings, list(book.pendings.dropped))
        await _save_keyed(conn, Q.save_consents, book.consents.changes())
        await _save_keyed(conn, Q.save_progress, book.progress.changes())
        await _save_keyed(conn, Q.save_privates, book.privates.changes())
        await _save_keyed(conn, Q.save_answers, book.answers.changes())
        await self._save_lists(conn, book)
        if banks := book.banks.changes():
            await conn.execute(Q.save_banks, [i for i, _ in banks], [b.model_dump_json() for _, b in banks])
        for client_id, client in book.clients.changes():
            await conn.execute(Q.save_clients, [client_id], [client.secret_hash], [" ".join(client.scopes)])

    async def _save_lists(self, conn: Connection, book: IntakeBook) -> None:
        if lists := book.lists.changes():
            await conn.execute(Q.save_lists, [i for i, _ in lists], [v.model_dump_json() for _, v in lists])
        if rows := book.rows.changes():
            await conn.execute(
                Q.save_rows, *columns([(i, r.enterprise, r.list_id, r.model_dump_json()) for i, r in rows])
            )
        if book.rows.dropped:
            await conn.execute(Q.drop_rows, list(book.rows.dropped))
        if reports := book.reports.changes():
            await conn.execute(Q.save_reports, *columns([(i, r.version, r.body) for i, r in reports]))

    async def due(self, conn: Connection, now: datetime, limit: int) -> list[Deadline]:
        """Nothing: intake waits for nobody; limits are feedback's."""
        return []

    async def load_all(self, conn: Connection) -> IntakeBook:
        """Everything but what no event can rebuild (`IntakeBook.kept`)."""
        keys = [row["key"] for row in await conn.fetch(Q.all_keys)]
        return IntakeBook(
            self.sealing,
            needs=await _load(conn, Need, Q.load_needs, keys),
            consents=await _load(conn, Consent, Q.load_consents, keys),
            pendings=await _load(conn, Pending, Q.load_pendings, keys),
            progress=await _load(conn, Progress, Q.load_progress, keys),
            rows=await _load(conn, ListRow, Q.load_rows, keys),
            lists=await _load(conn, NeedList, Q.load_lists, keys),
            answers=await _load(conn, Answer, Q.load_answers, keys),
            banks=await _load(conn, Bank, Q.load_banks),
        )


def make_store(settings: Settings) -> Store[IntakeBook]:
    """The store with the real seal."""
    return IntakeStore(_seal)


def _seal(identity: Identity, public_key: str, key_id: str) -> str:
    try:
        return seal(identity, public_key, key_id)
    except JoseError as error:
        raise ValueError(f"unusable key {key_id}: {type(error).__name__}") from error


async def _load(conn: Connection, model: type[V], query: str, *arguments: Any) -> dict[str, V]:
    return {row["id"]: model.model_validate_json(row["body"]) for row in await conn.fetch(query, *arguments)}


async def _save_keyed(conn: Connection, query: str, changes: Sequence[tuple[str, Any]]) -> None:
    """Rows that have an id, an enterprise and a body."""
    if changes:
        ids, bodies = [i for i, _ in changes], [row.model_dump_json() for _, row in changes]
        await conn.execute(query, ids, [row.enterprise for _, row in changes], bodies)
