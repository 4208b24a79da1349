"""A service small enough to see through: it counts pings, and every way to fail can be asked for in a ping."""

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from yuqiao.contracts import streams
from yuqiao.contracts.base import StreamEvent, Value
from yuqiao.contracts.envelope import Envelope
from yuqiao.runtime.batch import Arrival, Batch, arrival_of_record
from yuqiao.runtime.book import Book, Shelf
from yuqiao.runtime.messages import BEIJING, Command, Deadline, HeldTooLong, Hold, Message, Moment, Note, Out, Refused
from yuqiao.runtime.records import Record
from yuqiao.runtime.service import Service
from yuqiao.runtime.sql import Queries

START = datetime(2022, 12, 28, 9, tzinfo=BEIJING)
TOPIC = streams.NEEDS.name


class Ping(StreamEvent):
    """`ask`: apply | raise | break | hold:<subject> | insist:<subject>, known or not | introduce:<subject>."""

    wire_type = "test.ping"
    stream = streams.NEEDS
    key_field = "thing"
    thing: str
    ask: str = "apply"
    text: str = ""


class Pong(StreamEvent):
    wire_type = "test.pong"
    stream = streams.MATCHES
    key_field = "thing"
    thing: str
    text: str
    introduce: str = ""
    explode: bool = False


class Given(Note):
    wire_type = "test.given"
    key_field = "thing"
    thing: str
    subject: str


class Nudge(Command):
    key_field = "thing"
    thing: str
    ask: str = "apply"


class Overdue(Deadline):
    pass


class Counted(Value):
    count: int = 0
    texts: tuple[str, ...] = ()


class ToyBook(Book):
    def __init__(self, counts: dict[str, Counted] | None = None) -> None:
        super().__init__()
        self.counts = Shelf(counts)


@ToyBook.when(Pong)
def _(book: ToyBook, event: Pong) -> None:
    if event.explode:
        raise RuntimeError("a rule that raises is a bug")
    before = book.counts.get(event.thing) or Counted()
    book.counts.put(event.thing, Counted(count=before.count + 1, texts=(*before.texts, event.text)))
    if event.introduce:
        book.introduce(event.introduce, event.thing)


@ToyBook.when(Given)
def _(book: ToyBook, event: Given) -> None:
    before = book.counts.get(event.thing) or Counted()
    book.counts.put(event.thing, Counted(count=before.count, texts=(*before.texts, f"gave up {event.subject}")))


broken: set[str] = set()
"""Texts whose pings raise for as long as they stand here."""


def on_ping(book: ToyBook, ping: Ping, at: Moment) -> Iterator[Out]:
    if ping.ask == "raise" or ping.text in broken:
        raise ValueError(f"cannot decide {ping.text}")
    if ping.ask.startswith("hold:") and ping.ask[5:] not in {t for c in book.counts for t in c.texts}:
        yield Hold(ping.ask[5:])
        return
    if ping.ask.startswith("insist:"):
        yield Hold(ping.ask[7:])
        return
    introduce = ping.ask[10:] if ping.ask.startswith("introduce:") else ""
    yield Pong(
        thing=ping.thing, text=introduce or ping.text, at=at.now, introduce=introduce, explode=ping.ask == "break"
    )


def on_nudge(book: ToyBook, nudge: Nudge, at: Moment) -> Iterator[Out]:
    if nudge.ask == "refuse":
        raise Refused("toy_refused", "不行")
    if nudge.ask == "raise":
        raise ValueError("bug")
    yield Pong(thing=nudge.thing, text=nudge.id, at=at.now)


def on_overdue(book: ToyBook, overdue: Overdue, at: Moment) -> Iterator[Out]:
    if "overdue" in broken:
        raise ValueError("cannot decide what is overdue")
    counted = book.counts.get(overdue.key)
    if counted and "overdue" not in counted.texts:
        yield Pong(thing=overdue.key, text="overdue", at=at.now)


def on_held_too_long(book: ToyBook, held: HeldTooLong, at: Moment) -> Iterator[Out]:
    yield Given(thing=held.message.key, subject=held.subject, at=at.now)


Q = Queries(
    """
-- name: load
SELECT thing, body FROM counted WHERE thing = ANY($1::text[]);
-- name: save
INSERT INTO counted (thing, body) SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (thing) DO UPDATE SET body = excluded.body;
""",
    "toy",
)


class ToyStore:
    async def keys(self, conn: Any, messages: Sequence[Message]) -> list[tuple[str, ...]]:
        return [(m.message.key if isinstance(m, HeldTooLong) else m.key,) for m in messages]

    async def load(self, conn: Any, keys: Sequence[str], arrivals: Sequence[Arrival]) -> ToyBook:
        return ToyBook(
            {r["thing"]: Counted.model_validate_json(r["body"]) for r in await conn.fetch(Q.load, list(keys))}
        )

    async def save(self, conn: Any, book: ToyBook) -> None:
        changes = book.counts.changes()
        if changes:
            await conn.execute(Q.save, [k for k, _ in changes], [v.model_dump_json() for _, v in changes])

    async def due(self, conn: Any, now: datetime, limit: int, unread: Collection[str] = ()) -> list[Deadline]:
        return []

    async def load_all(self, conn: Any) -> ToyBook:
        return await self.load(conn, [r["thing"] for r in await conn.fetch("SELECT thing FROM counted")], [])


toy = Service(
    name="matching",
    purpose="counts pings",
    book=ToyBook,
    store=lambda settings: ToyStore(),
    on={Ping: on_ping, Nudge: on_nudge, Overdue: on_overdue, HeldTooLong: on_held_too_long},
    emits=(Pong,),
    notes=(Given,),
)


def record(
    offset: int, thing: str, text: str, ask: str = "apply", *, id: str | None = None, kind: str = "test.ping"
) -> Record:
    """A ping as it stands on the topic."""
    ping = Ping(thing=thing, text=text, ask=ask, at=START)
    envelope = Envelope(id or f"id-{text}", kind, "test", START, thing, offset + 1)
    return Record(TOPIC, 0, offset, thing.encode(), ping.to_json(), tuple(envelope.headers()))


def batch(*records: Record) -> Batch:
    """Consecutive records of one partition, with the position they move."""
    arrivals: list[Arrival] = [arrival_of_record(r) for r in records]
    return Batch(arrivals, {(TOPIC, 0): (records[0].offset, records[-1].offset + 1)})


def body(raw: str) -> dict[str, Any]:
    """A log row's body."""
    loaded: dict[str, Any] = json.loads(raw)
    return loaded
