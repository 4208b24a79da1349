"""Loads and saves an intake book: a number of statements that does not depend on the batch's size."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Connection
from joserfc.errors import JoseError

from services.intake.book import IntakeBook, Seal
from services.intake.commands import BankEntered, GrantConsent, RegisterNeed, RemoveRow
from services.intake.domain import Consent, Need
from services.intake.naming import awaited_as
from services.intake.shelves import Answer, Bank, ListRow, NeedList, NeedPrivate, Pending, Progress
from yuqiao.contracts.cases import OfferAccepted
from yuqiao.contracts.sealing import seal
from yuqiao.contracts.values import Borrower, Identity
from yuqiao.policy.time_limits import TimeLimits
from yuqiao.runtime.batch import Arrival
from yuqiao.runtime.messages import Deadline, Message, Refused
from yuqiao.runtime.service import Store
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shelving import Changed, Models, drop_rows, load_shelves, save_shelves
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.store import keys_of
from yuqiao.runtime.writing import columns

Q = Queries.beside(__file__)

_NEEDS_IDENTITY = (OfferAccepted, GrantConsent, RegisterNeed, BankEntered)
_NEEDS_ROWS = (RegisterNeed, RemoveRow)
_MODELS: Models = {
    "needs": Need,
    "consents": Consent,
    "pendings": Pending,
    "progress": Progress,
    "lists": NeedList,
    "banks": Bank,
    "privates": NeedPrivate,
    "rows": ListRow,
    "answers": Answer,
}


class IntakeStore:
    """The store of one process."""

    def __init__(self, sealing: Seal, limits: TimeLimits) -> None:
        """`sealing` becomes a capability of each book."""
        self.sealing, self.limits = sealing, limits

    async def keys(self, conn: Connection, messages: Sequence[Message]) -> list[tuple[str, ...]]:
        """The enterprise, the list or the bank."""
        return keys_of(messages)

    async def load(self, conn: Connection, keys: Sequence[str], arrivals: Sequence[Arrival]) -> IntakeBook:
        """The book of these keys, and all banks (they are few)."""
        messages = [arrival.message for arrival in arrivals]
        identity = any(isinstance(m, _NEEDS_IDENTITY) for m in messages)
        rows = any(isinstance(m, _NEEDS_ROWS) for m in messages)
        requests = [m.id for m in messages if isinstance(m, RegisterNeed) and m.request]
        shelves = await load_shelves(conn, Q.load, _MODELS, list(keys), identity, rows, requests, read_often=("banks",))
        return IntakeBook(self.sealing, self.limits, **shelves)

    async def save(self, conn: Connection, book: IntakeBook) -> None:
        """Write what changed."""
        await save_shelves(
            conn,
            Q.save_of_needs,
            Changed(book.needs, 3, lambda _, n: (n.enterprise, n.open, n.facts.stated_on)),
            Changed(book.privates, 1, lambda _, p: (p.enterprise,)),
            Changed(book.answers, 1, lambda _, a: (a.enterprise,)),
            Changed(book.consents, 1, lambda _, c: (c.enterprise,)),
            Changed(book.progress, 1, lambda _, p: (p.enterprise,)),
        )
        pendings = Changed(book.pendings, 3, lambda _, p: (p.enterprise, p.bank, p.seen))
        await save_shelves(conn, Q.save_pendings, pendings)
        await drop_rows(conn, Q.drop_pendings, book.pendings.dropped)
        banks = Changed(book.banks, 3, lambda _, b: (b.enabled, b.entry, " ".join((b.bank, *awaited_as(b)))))
        await save_shelves(conn, Q.save_banks, banks)
        await save_shelves(conn, Q.save_lists, Changed(book.lists))
        await save_shelves(conn, Q.save_rows, Changed(book.rows, 2, lambda _, r: (r.enterprise, r.list_id)))
        await drop_rows(conn, Q.drop_rows, book.rows.dropped)
        if reports := book.reports.changes():
            await conn.execute(Q.save_reports, *columns([(i, r.version, r.body) for i, r in reports]))
        if clients := book.clients.changes():
            rows = [(i, c.secret_hash, " ".join(c.scopes)) for i, c in clients]
            await conn.execute(Q.save_clients, *columns(rows))

    async def due(self, conn: Connection, now: datetime, limit: int, unread: Collection[str] = ()) -> list[Deadline]:
        """What waits for a bank that is there now, with an entry that it was not tried with."""
        return [BankEntered(**row, due_at=now) for row in await conn.fetch(Q.due, limit)]

    async def load_all(self, conn: Connection) -> IntakeBook:
        """Everything but what no event can rebuild (`IntakeBook.kept`)."""
        keys = [row["key"] for row in await conn.fetch(Q.all_keys)]
        return IntakeBook(
            self.sealing, self.limits, **await load_shelves(conn, Q.load, _MODELS, keys, False, True, None)
        )


async def need_by_id(conn: Connection, need_id: str) -> tuple[Need, NeedPrivate, Progress]:
    """What is kept of a need. Raises Refused (404) when it is nobody's."""
    rows = await conn.fetch(Q.need_by_id, need_id)
    if not rows:
        raise Refused("need_unknown", "没有这条需求", 404)
    return (
        Need.model_validate_json(rows[0]["need"]),
        NeedPrivate.model_validate_json(rows[0]["private"]),
        Progress.model_validate_json(rows[0]["progress"]),
    )


def make_store(settings: Settings) -> Store[IntakeBook]:
    """The store with the real seal."""
    return IntakeStore(_seal, TimeLimits.load(settings.time_limits))


def _seal(identity: Identity | Borrower, public_key: str, key_id: str) -> str:
    try:
        return seal(identity, public_key, key_id)
    except JoseError as error:
        raise ValueError(f"unusable key {key_id}: {type(error).__name__}") from error
