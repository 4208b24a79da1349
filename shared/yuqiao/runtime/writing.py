"""What a batch writes besides the book: the event log with its sequences, held and parked messages."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from asyncpg import Connection

from yuqiao.contracts.base import Event
from yuqiao.contracts.envelope import Envelope
from yuqiao.runtime.batch import Arrival, LogRow, short_name
from yuqiao.runtime.messages import BEIJING, derived_id
from yuqiao.runtime.records import Record
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)


class Emitted(NamedTuple):
    """An event and what caused it; `ordinal` is its place among the events of that cause."""

    event: Event
    arrival: Arrival
    ordinal: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A message to be parked: why, and whether only because an earlier one of its key is parked."""

    arrival: Arrival
    reason: str
    detail: str
    behind: bool
    asked: str | None


@dataclass(frozen=True, slots=True)
class ReplayFailed:
    """A replayed message that raised again: it stays parked, and with it the rest of its key."""

    parked_id: int
    key: str
    reason: str
    detail: str


def columns(rows: Sequence[Sequence[Any]], count: int = 0) -> list[list[Any]]:
    """Rows as the column arrays that `unnest` takes: of at least one row, or `count` empty ones."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def event_id(service: str, emitted: Emitted) -> str:
    """uuid5(service, cause, type, ordinal): the same cause gives the same ids. A bank's is the record, whatever it calls it."""
    cause = emitted.arrival.cause
    named = cause.record if cause.bank else cause.id
    return derived_id(service, cause.type, named, emitted.event.wire_type, emitted.ordinal)


async def append(conn: Connection, service: str, out: list[Emitted], writer: str) -> tuple[list[LogRow], bool]:
    """Give numbers, append to the event log: one statement.

    Returns the rows that have a topic, in commit order, and whether another process has some that are unsent.
    """
    if not out:
        return [], False
    counts = Counter((e.event.topic, e.event.key) for e in out if e.event.topic)
    named = sorted((short_name(*place), place) for place in counts)
    places = {place: number for number, (_, place) in enumerate(named, 1)}
    taken = [counts[place] for _, place in named]
    nth: Counter[tuple[str, str]] = Counter()
    log = []
    for emitted in out:
        event, place = emitted.event, (emitted.event.topic, emitted.event.key)
        nth[place] += 1
        what = event_id(service, emitted), event.wire_type, emitted.arrival.key, *place
        log.append((places.get(place), nth[place], *what, beijing(event.at), emitted.arrival.cause.id, event.to_json()))
    columns_ = columns(log)
    columns_[-1] = [body.decode() for body in columns_[-1]]
    done = await conn.fetchrow(Q.append_events, writer, [name for name, _ in named], taken, *columns_)
    if done is None:
        raise LookupError("append_events gives one row")
    lasts = done["lasts"] or ()
    rows = []
    for seq, (place, number, id_, type_, _, topic, key, at, _, body) in zip(done["seqs"], log, strict=True):
        if place is not None:
            sequence = lasts[place - 1] - taken[place - 1] + number
            rows.append(LogRow(seq, topic, key, body, Envelope(id_, type_, f"yuqiao/{service}", at, key, sequence)))
    return rows, bool(rows) and done["others_unsent"]


def log_row(service: str, row: Any) -> LogRow:
    """A row of the event log as it is published: the same bytes and headers, whether from memory or from the table."""
    envelope = Envelope(row["id"], row["type"], f"yuqiao/{service}", beijing(row["at"]), row["key"], row["sequence"])
    return LogRow(row["seq"], row["topic"], row["key"], row["body"].encode(), envelope)


def beijing(moment: datetime) -> datetime:
    """The moment in Beijing time."""
    return moment.astimezone(BEIJING)


async def save_held(conn: Connection, held: list[tuple[Arrival, str]], now: datetime, until: datetime) -> None:
    """Keep messages whose subject is not known yet."""
    await conn.execute(
        Q.hold,
        [subject for _, subject in held],
        [a.key for a, _ in held],
        *columns([_record_columns(a) for a, _ in held]),
        [now] * len(held),
        [until] * len(held),
    )


async def save_parked(conn: Connection, parked: list[Parked], replayed: list[int], failed: list[ReplayFailed]) -> None:
    """Keep what raised, and write down what became of replays."""
    if parked:
        await conn.execute(
            Q.park,
            [p.arrival.key for p in parked],
            ["record" if p.arrival.record else "deadline" for p in parked],
            [p.behind for p in parked],
            [p.reason for p in parked],
            [p.detail for p in parked],
            *columns([_record_columns(p.arrival) for p in parked]),
            [p.asked for p in parked],
        )
    if replayed:
        await conn.execute(Q.replayed, replayed)
    if failed:
        await conn.execute(Q.replay_failed, *columns([(f.parked_id, f.key, f.reason, f.detail) for f in failed]))


def _record_columns(arrival: Arrival) -> tuple[Any, ...]:
    record = arrival.record or Record("", 0, 0, None, arrival.cause.id.encode())
    place = record.topic, record.partition, record.offset
    return (*place, record.key, record.headers_text(), record.value, record.appended_ms)
