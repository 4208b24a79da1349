"""What is to be judged: the four event logs, every record on every topic, the saved and the folded states."""

import copy
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from typing import Any, TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer

from deploy.stack.partitions import partitions
from yuqiao.bank.client import started
from yuqiao.contracts.base import Event, event_type
from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime.book import Book, Shelf
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.unfolding import install

E = TypeVar("E", bound=Event)
Q = Queries.beside(__file__)
install()


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of an event log."""

    service: str
    seq: int
    id: str
    type: str
    topic: str | None
    key: str
    sequence: int
    at: datetime
    cause: str
    body: str

    def event(self) -> Event:
        """Decoded."""
        kind = event_type(self.type)
        if kind is None:
            raise LookupError(f"{self.service} logged {self.type}, which this release does not know")
        return kind.from_json(self.body.encode())


@dataclass(frozen=True, slots=True)
class Record:
    """A record on a topic; `digest` of its bytes."""

    topic: str
    partition: int
    offset: int
    key: str
    id: str
    type: str
    sequence: str
    digest: str


@dataclass
class Evidence:
    """Everything the invariants look at."""

    logs: list[Logged] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    positions: dict[tuple[str, str, int], int] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)
    states: dict[str, tuple[Book, Book]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    metrics: dict[str, dict[str, int]] = field(default_factory=dict)
    intrusions: list[tuple[str, bool]] = field(default_factory=list)

    @cached_property
    def by_type(self) -> dict[str, list[Logged]]:
        """The log by type, in order."""
        found: dict[str, list[Logged]] = defaultdict(list)
        for row in self.logs:
            found[row.type].append(row)
        return found

    def events(self, kind: type[E]) -> Iterator[E]:
        """The logged events of one kind, decoded, in order."""
        return (kind.from_json(row.body.encode()) for row in self.by_type[kind.wire_type])

    @cached_property
    def ours(self) -> list[Record]:
        """The records on topics that services write."""
        return [r for r in self.records if not r.topic.endswith((".replies.v1", ".products.v1"))]


async def read_logs(conn: "asyncpg.Connection[Any]") -> list[Logged]:
    """Every event log, service by service, in order."""
    return [Logged(**dict(row)) for row in await conn.fetch(Q.logs)]


async def read_records(options: dict[str, Any]) -> tuple[list[Record], dict[tuple[str, int], int]]:
    """Every record on every topic of ours, and where each partition ends. Raises KafkaError, TimeoutError."""
    reader = AIOKafkaConsumer(**options, enable_auto_commit=False, auto_offset_reset="earliest")
    async with started(reader) as consumer:
        ours = [tp for tp in await partitions(options) if "clock" not in tp.topic]
        consumer.assign(ours)
        await consumer.seek_to_beginning(*ours)
        ends = await consumer.end_offsets(ours)
        found: list[Record] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
                found += [_record(r) for r in records]
    return found, {(tp.topic, tp.partition): end for tp, end in ends.items()}


def _record(raw: Any) -> Record:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
    return Record(
        raw.topic,
        raw.partition,
        raw.offset,
        (raw.key or b"").decode("utf-8", "replace"),
        headers.get("ce_id", ""),
        headers.get("ce_type", ""),
        headers.get("ce_sequence", ""),
        sha256(raw.value or b"").hexdigest(),
    )


async def read_states(dsns: dict[str, str], logs: list[Logged]) -> dict[str, tuple[Book, Book]]:
    """For each service the state as saved, and as its event log rebuilds it."""
    found: dict[str, tuple[Book, Book]] = {}
    for service in SERVICES:
        store = import_module(f"services.{service}.service").service.store(Settings())
        conn = await asyncpg.connect(dsns[service])
        try:
            saved: Book = await store.load_all(conn)
        finally:
            await conn.close()
        folded = emptied(saved)
        for row in logs:
            if row.service == service:
                folded.apply(row.event())
        found[service] = (saved, folded)
    return found


def emptied(book: Book) -> Book:
    """A book like this one, with nothing on its shelves."""
    empty = copy.copy(book)
    empty.introduced = {}
    for name, value in vars(book).items():
        if isinstance(value, Shelf):
            setattr(empty, name, Shelf())
    return empty
