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
LOG_COLUMNS = ("seq", "id", "type", "owner", "topic", "key", "sequence", "at", "cause", "body")


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
    """Give numbers, append to the event log: two statements.

    Returns the rows that have a topic, in commit order, and whether another process has some that are unsent.
    """
    if not out:
        return [], False
    places = [(emitted.event.topic, emitted.event.key) for emitted in out]
    counts = Counter((topic, key) for topic, key in places if topic)
    named = {short_name(*place): place for place in counts}
    names = sorted(named)
    published = [topic is not None for topic, _ in places]
    drawn = await conn.fetchrow(Q.draw_numbers, names, [counts[named[name]] for name in names], published, writer)
    if drawn is None:
        raise LookupError("draw_numbers gives one row")
    lasts = zip(names, drawn["lasts"] or (), strict=True)
    sequences = {named[name]: last - counts[named[name]] for name, last in lasts}
    log, rows = [], []
    for seq, emitted, (topic, key) in zip(drawn["seqs"], out, places, strict=True):
        event, sequence = emitted.event, 0
        id_, at, body = event_id(service, emitted), beijing(event.at), event.to_json()
        if topic:
            sequence = sequences[topic, key] = sequences[topic, key] + 1
            envelope = Envelope(id_, event.wire_type, f"yuqiao/{service}", at, key, sequence)
            rows.append(LogRow(seq, topic, key, body, envelope))
        owner, cause = emitted.arrival.key, emitted.arrival.cause.id
        log.append((seq, id_, event.wire_type, owner, topic, key, sequence, at, cause, body.decode()))
    await conn.copy_records_to_table("event_log", records=log, columns=LOG_COLUMNS)
    return rows, bool(rows) and drawn["others_unsent"]


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
