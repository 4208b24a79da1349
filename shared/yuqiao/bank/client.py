"""A bank's client: read each event once, open what is sealed for the bank, reply, publish products."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from yuqiao.bank.env import BankEnv
from yuqiao.contracts.base import BankEvent, event_type
from yuqiao.contracts.envelope import BadEnvelope, Envelope, read_envelope
from yuqiao.contracts.from_bank import ProductRecord, Reply
from yuqiao.contracts.sealing import open_borrower, open_sealed
from yuqiao.contracts.to_bank import BorrowerDisclosed, NeedDisclosed
from yuqiao.contracts.values import Borrower, Identity

PATIENCE = 30
"""Seconds; with the broker away a client of Kafka may otherwise wait for ever."""
REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Received:
    """An event with its envelope (id, sequence per offer, time)."""

    envelope: Envelope
    event: BankEvent


class BankClient:
    """Reads needs and receipts, writes replies and products. Every wait is bounded by PATIENCE seconds."""

    def __init__(self, env: BankEnv, group: str = "main") -> None:
        """Not connected yet. `group`: one of the bank's own consumer groups, without its prefix."""
        self.env, self.group = env, group
        self._open = AsyncExitStack()
        self._reader: AIOKafkaConsumer | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._fetched: deque[Any] = deque()
        self._uncommitted = False

    @classmethod
    def from_env_file(cls, path: Path, group: str = "main") -> "BankClient":
        """A client with the way in of a file. Raises BadEnvFile."""
        return cls(BankEnv.read(path), group)

    async def __aenter__(self) -> "BankClient":
        """Connect for writing. Raises KafkaError or TimeoutError when the broker is not there or refuses."""
        producer = AIOKafkaProducer(**self.env.client_options(), acks="all", enable_idempotence=True)
        self._producer = await self._open.enter_async_context(started(producer))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        self._reader = None
        await self._open.aclose()

    async def _reading(self) -> AIOKafkaConsumer:
        """Connected for reading, in the bank's group: from the first time that it is asked for."""
        if self._reader is None:
            consumer = AIOKafkaConsumer(
                self.env.needs,
                self.env.receipts,
                **self.env.client_options(),
                group_id=self.env.group(self.group),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
            )
            self._reader = await self._open.enter_async_context(started(consumer))
        return self._reader

    async def events(self) -> AsyncIterator[Received]:
        """Each event once; unknown types are skipped. An event is done when the next one is asked for, here or in a new loop.

        Offsets are committed when all that was fetched together is done: what was not comes again after a restart.
        Raises KafkaError, TimeoutError.
        """
        consumer = await self._reading()
        while True:
            while self._fetched:
                received = read(self._fetched.popleft())
                if received and self._first(received.envelope.id):
                    yield received
            if self._uncommitted:
                await asyncio.wait_for(consumer.commit(), PATIENCE)
            fetching = consumer.getmany(timeout_ms=1000, max_records=500)
            fetched = await asyncio.wait_for(fetching, PATIENCE)
            self._fetched.extend(record for records in fetched.values() for record in records)
            self._uncommitted = bool(fetched)

    def _first(self, event_id: str) -> bool:
        if event_id in self._seen:
            return False
        self._seen[event_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def open_sealed(self, event: NeedDisclosed) -> Identity:
        """Who the enterprise is. Raises NotSealedForUs, BadEnvFile."""
        return open_sealed(event.sealed, self.env.private_key)

    def open_borrower(self, event: BorrowerDisclosed) -> Borrower:
        """Which enterprise a task is about that was not offered. Raises NotSealedForUs, BadEnvFile."""
        return open_borrower(event.sealed, self.env.private_key)

    async def write(self, event: Reply | ProductRecord, event_id: str | None = None) -> str:
        """Write a reply, a product, or that one is withdrawn; returns its id, which its receipt will name.

        The same id with the same event may be written again. Raises KafkaError, TimeoutError; then it is unknown whether
        it was written, and it should be written again.
        """
        event_id = event_id or str(uuid4())
        headers = envelope_of(event, event_id).headers()
        sending = self._producer.send_and_wait(event.topic, event.to_json(), key=event.key.encode(), headers=headers)
        await asyncio.wait_for(sending, PATIENCE)
        return event_id


@asynccontextmanager
async def started(client: Any) -> AsyncIterator[Any]:
    """A consumer or producer, started and stopped within PATIENCE. Raises KafkaError, TimeoutError, when it starts."""
    try:
        await asyncio.wait_for(client.start(), PATIENCE)
        yield client
    finally:
        await stopped(client)


async def stopped(client: Any) -> None:
    """Stopped, bounded, wherever the broker is: every write was waited for, so nothing is left to save.

    With the broker away aiokafka hangs or raises; a consumer, the CancelledError of its own fetch, its connections open.
    """
    connections = client._client if isinstance(client, AIOKafkaConsumer) else client.client
    for stop in (client.stop, connections.close):
        await asyncio.gather(asyncio.wait_for(stop(), PATIENCE), return_exceptions=True)


@asynccontextmanager
async def watching(env: BankEnv, *topics: str, from_start: bool) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader without a group: it leaves no trace. It begins at the start, or at the end as of now."""
    reset = "earliest" if from_start else "latest"
    options = {**env.client_options(), "enable_auto_commit": False, "auto_offset_reset": reset}
    consumer = AIOKafkaConsumer(*topics, **options)
    async with started(consumer):
        for partition in consumer.assignment():  # asking makes it look the place up now, not at the first fetch
            await asyncio.wait_for(consumer.position(partition), PATIENCE)
        yield consumer


def envelope_of(event: BankEvent, event_id: str) -> Envelope:
    """The envelope of what a bank writes."""
    return Envelope(event_id, event.wire_type, f"bank/{event.bank}", event.at, event.key, 0)


def read(record: Any) -> Received | None:
    """A record of the bank's topics as an event; None for a type that this release does not know."""
    try:
        envelope = read_envelope(record.headers, datetime.fromtimestamp(record.timestamp / 1000, UTC))
    except BadEnvelope:
        return None
    kind = event_type(envelope.type)
    if kind is None or not issubclass(kind, BankEvent) or record.value is None:
        return None
    return Received(envelope, kind.from_json(record.value))
