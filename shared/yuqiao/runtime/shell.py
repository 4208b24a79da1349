"""The one way to run a handler: a batch of messages becomes one transaction, with a fixed number of statements."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from asyncpg import Connection, Pool

from yuqiao.contracts.streams import is_compacted
from yuqiao.runtime import writing
from yuqiao.runtime.batch import Arrival, Batch, Committed, arrival_of_held, short_name
from yuqiao.runtime.book import Book
from yuqiao.runtime.clock import Clock
from yuqiao.runtime.database import borrowed
from yuqiao.runtime.deciding import Decisions, Trouble
from yuqiao.runtime.gateway import Outcome
from yuqiao.runtime.messages import Command, Refused
from yuqiao.runtime.records import record_from_row
from yuqiao.runtime.service import Service, Store
from yuqiao.runtime.sql import Queries

B = TypeVar("B", bound=Book)
Q = Queries.beside(__file__)
LOCKS_AT_ONCE = 2_000
"""More keys than this lock everybody out: a server's table of locks is not endless (6 400 by default)."""


class StalePosition(Exception):
    """Another process owns these partitions now, or this batch was done before: seek to what Postgres says."""


class Again(Exception):
    """A held message's subject came in between: run the batch again."""


class Shell(Generic[B]):
    """Runs batches of one service. A held message is given up `held_for` (business time) after it came."""

    def __init__(
        self, service: Service[B], store: Store[B], pool: "Pool[Any]", clock: Clock, *, writer: str, held_for: timedelta
    ) -> None:
        """`writer` names this process in the event log."""
        self.service, self.store, self.pool, self.clock = service, store, pool, clock
        self.writer, self.held_for = writer, held_for
        self.before_commit: Callable[[], None] = lambda: None

    async def run(self, batch: Batch) -> Committed:
        """One transaction. Raises StalePosition; Again; database errors; whatever a book's rule raises (a bug)."""
        async with borrowed(self.pool) as conn, conn.transaction():
            claimed, parked = await self._begin(conn, batch)
            fresh, reused = await self._fresh(conn, batch.arrivals, claimed)
            now = await self.clock.read(conn)
            if not fresh:
                return Committed(now, skipped=len(batch.arrivals))
            decisions = await self._decide(conn, fresh, now, parked, reused)
            decisions.skipped += len(batch.arrivals) - len(fresh)
            if refused := {a.claim: a.outcome for a in fresh if a.claim and isinstance(a.outcome, Refused)}:
                await self._unclaim(conn, refused, batch.arrivals)
            committed = await self._save(conn, decisions)
            self.before_commit()
            return committed

    async def _begin(self, conn: Connection, batch: Batch) -> tuple[set[bytes], dict[str, bool]]:
        """Lock every key, in one order; move all positions or none.

        Returns the names of the claims that nobody had made, and the keys with parked messages (`Decisions.parked_keys`).
        """
        await self._name_keys(conn, batch.arrivals)
        keys = sorted({key for a in batch.arrivals for key in a.keys})
        locks = sorted(_lock(self.service.name, key) for key in keys)
        if len(locks) > LOCKS_AT_ONCE:
            await conn.fetch(Q.lock_all_keys)
            locks.clear()
        moves = [(topic, part, expected, next_) for (topic, part), (expected, next_) in sorted(batch.moves.items())]
        claims = [a.claim for a in batch.arrivals if a.claim]
        row = await conn.fetchrow(Q.begin_batch, locks, *writing.columns(moves, 4), *writing.columns(claims, 2), keys)
        if row is None or row["moved"] != len(moves):
            raise StalePosition(", ".join(f"{topic}/{part}" for topic, part, _, _ in moves))
        if ever := [a.claim[0] for a in batch.arrivals if a.claim and a.record and is_compacted(a.record.topic)]:
            await conn.execute(Q.claim_for_ever, ever)
        parked = dict(zip(row["parked_keys"] or (), row["replaying"] or (), strict=True))
        return set(row["claimed"] or ()), parked

    async def _name_keys(self, conn: Connection, arrivals: list[Arrival]) -> None:
        found = iter(await self.store.keys(conn, [a.message for a in arrivals if a.message is not None]))
        for arrival in arrivals:
            arrival.keys = next(found) if arrival.message is not None else (_record_key(arrival),)

    async def _fresh(
        self, conn: Connection, arrivals: list[Arrival], claimed: set[bytes]
    ) -> tuple[list[Arrival], set[int]]:
        """The arrivals nobody has claimed, in order, and those (by identity) that reuse an id for other bytes."""
        fresh, seen = [], []
        for arrival in await self._still_open(conn, arrivals):
            if arrival.claim is None or arrival.claim[0] in claimed:
                fresh.append(arrival)
                claimed.discard(arrival.claim[0] if arrival.claim else b"")
            else:
                seen.append(arrival)
        reused = await self._reused(conn, seen) if seen else set()
        return fresh + [a for a in seen if id(a) in reused], reused

    async def _reused(self, conn: Connection, seen: list[Arrival]) -> set[int]:
        rows = await conn.fetch(Q.claimed_digests, [a.claim[0] for a in seen if a.claim])
        digests = {r["name"]: r["digest"] for r in rows}
        reused = set()
        for arrival in seen:
            arrival.outcome = Outcome((), repeated=True)
            if arrival.claim and digests[arrival.claim[0]] != arrival.claim[1]:
                if isinstance(arrival.message, Command):
                    arrival.outcome = Refused("id_reused", "同一标识的请求内容不同", 422)
                else:
                    reused.add(id(arrival))
        return reused

    async def _still_open(self, conn: Connection, arrivals: list[Arrival]) -> list[Arrival]:
        """Without the held or parked rows that another process has taken meanwhile."""
        held = [a.held_id for a in arrivals if a.held_id is not None]
        parked = [a.parked_id for a in arrivals if a.parked_id is not None]
        held_open = {r["id"] for r in await conn.fetch(Q.lock_held, held)} if held else set()
        parked_open = {r["id"] for r in await conn.fetch(Q.lock_parked, parked)} if parked else set()
        return [
            a
            for a in arrivals
            if (a.held_id is None or a.held_id in held_open) and (a.parked_id is None or a.parked_id in parked_open)
        ]

    async def _decide(
        self, conn: Connection, arrivals: list[Arrival], now: datetime, parked: dict[str, bool], reused: set[int]
    ) -> Decisions[B]:
        keys = sorted({key for a in arrivals for key in a.keys})
        book = await self.store.load(conn, keys, arrivals)
        decisions = Decisions(self.service, book, now, parked)
        for arrival in arrivals:
            decisions.decide(arrival, Trouble("id_reused") if id(arrival) in reused else None)
        await self._release(conn, decisions)
        return decisions

    async def _release(self, conn: Connection, decisions: Decisions[B]) -> None:
        """Make known what this batch introduces, and run what was held for it, in the order in which it came."""
        done: set[str] = set()
        introduced = decisions.book.introduced
        while subjects := sorted(introduced.keys() - done):
            done.update(subjects)
            rows = await conn.fetch(Q.introduce, subjects, [introduced[subject] for subject in subjects])
            kept = [(arrival_of_held(record_from_row(r), r["id"], False, r["subject"]), r["subject"]) for r in rows]
            decisions.release(kept, set(subjects).__contains__)

    async def _unclaim(
        self, conn: Connection, refused: dict[tuple[bytes, bytes], Refused], arrivals: list[Arrival]
    ) -> None:
        """A refused command may be tried again. Whoever sent it twice in one batch is told of the refusal twice.

        Another command under its id in that batch stays refused as `id_reused`: it was decided when the id was taken.
        """
        await conn.execute(Q.unclaim, [name for name, _ in refused])
        for arrival in arrivals:
            if arrival.claim in refused:
                arrival.outcome = refused[arrival.claim]

    async def _save(self, conn: Connection, decisions: Decisions[B]) -> Committed:
        if decisions.held:
            await self._hold(conn, decisions)
        await self.store.save(conn, decisions.book)
        if decisions.released:
            await conn.execute(Q.release_held, *writing.columns(decisions.released))
        await writing.save_parked(conn, decisions.parked, decisions.replayed, decisions.failed)
        rows, others_unsent = await writing.append(conn, self.service.name, decisions.out, self.writer)
        return Committed(
            decisions.now,
            rows,
            others_unsent=others_unsent,
            applied=decisions.applied,
            skipped=decisions.skipped,
            held=len(decisions.held),
            parked=sum(not p.behind for p in decisions.parked),
            changed=bool(decisions.out or decisions.released or decisions.replayed),
        )

    async def _hold(self, conn: Connection, decisions: Decisions[B]) -> None:
        """Keep what speaks of unknown subjects; nobody can make them known between this look and the commit."""
        await conn.fetch(Q.hold_exclusive)
        if await conn.fetch(Q.known_subjects, [subject for _, subject in decisions.held]):
            raise Again
        await writing.save_held(conn, decisions.held, decisions.now, decisions.now + self.held_for)


def _lock(service: str, key: str) -> int:
    """The number of a key's advisory lock. Two keys with one number would only wait for each other."""
    return int.from_bytes(short_name(service, key)[:8], signed=True)


def _record_key(arrival: Arrival) -> str:
    if arrival.record is None:
        return arrival.cause.id
    try:
        key = (arrival.record.key or b"").decode()
    except UnicodeDecodeError:
        key = ""
    return key if 0 < len(key) <= 200 and key.isprintable() else arrival.record.place
