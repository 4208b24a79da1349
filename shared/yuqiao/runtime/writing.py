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


class Logged(NamedTuple):
    """What of an event the log keeps beside its numbers; `owner` is the key that was locked. Without a topic it is a note."""

    id: str
    type: str
    owner: str
    topic: str | None
    key: str
    at: datetime
    cause: str
    body: bytes


def _logged(service: str, emitted: Emitted) -> Logged:
    event, arrival = emitted.event, emitted.arrival
    return Logged(
        event_id(service, emitted),
        event.wire_type,
        arrival.key,
        event.topic,
        event.key,
        beijing(event.at),
        arrival.cause.id,
        event.to_json(),
    )


def _numbers(events: Sequence[Logged]) -> tuple[list[bytes], list[int], list[int], list[int]]:
    """The names that numbers are drawn under, and how many; for each event its name's place, and which of those it gets."""
    counts = Counter((e.topic, e.key) for e in events if e.topic)
    named = sorted((short_name(*key), key) for key in counts)
    place_of = {key: place for place, (_, key) in enumerate(named, 1)}
    given = dict.fromkeys(counts, 0)
    places, nths = [0] * len(events), [0] * len(events)
    for number, e in enumerate(events):
        if e.topic:
            key = e.topic, e.key
            given[key] += 1
            places[number], nths[number] = place_of[key], given[key]
    return [name for name, _ in named], [counts[key] for _, key in named], places, nths


async def append(conn: Connection, service: str, out: list[Emitted], writer: str) -> tuple[list[LogRow], bool]:
    """Give numbers, append to the event log: one statement.

    Returns the rows that have a topic, in commit order, and whether another process has some that are unsent.
    """
    if not out:
        return [], False
    events = [_logged(service, emitted) for emitted in out]
    *log, bodies = columns(events)
    texts = [body.decode() for body in bodies]
    done = await conn.fetchrow(Q.append_events, writer, *_numbers(events), *log, texts)
    if done is None:
        raise LookupError("append_events gives one row")
    rows = []
    for seq, sequence, e in zip(done["seqs"], done["sequences"], events, strict=True):
        if e.topic:
            envelope = Envelope(e.id, e.type, f"yuqiao/{service}", e.at, e.key, sequence)
            rows.append(LogRow(seq, e.topic, e.key, e.body, envelope))
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
