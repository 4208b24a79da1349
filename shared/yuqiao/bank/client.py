"""A bank's client: read each event once, open what is sealed for the bank, reply, publish products."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from yuqiao.bank.env import BankEnv
from yuqiao.contracts.base import BankEvent, event_type
from yuqiao.contracts.envelope import BadEnvelope, Envelope, read_envelope
from yuqiao.contracts.sealing import open_sealed
from yuqiao.contracts.to_bank import NeedDisclosed
from yuqiao.contracts.values import Identity

PATIENCE = 30
REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Received:
    """An event with its envelope (id, sequence per offer, time)."""

    envelope: Envelope
    event: BankEvent


class BankClient:
    """Reads needs and receipts, writes replies and products. Every wait is bounded by PATIENCE seconds."""

    def __init__(self, env: BankEnv, group: str = "main") -> None:
        """Not connected yet. `group` is one of the bank's own consumer groups, without its prefix."""
        self.env = env
        self.consumer = AIOKafkaConsumer(
            env.needs,
            env.receipts,
            **env.client_options(),
            group_id=env.group(group),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        self.producer = AIOKafkaProducer(**env.client_options(), acks="all", enable_idempotence=True)
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def __aenter__(self) -> "BankClient":
        """Connect. Raises KafkaError or TimeoutError when the broker is not there or refuses."""
        await asyncio.wait_for(self.producer.start(), PATIENCE)
        await asyncio.wait_for(self.consumer.start(), PATIENCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await asyncio.wait_for(self.consumer.stop(), PATIENCE)
        await asyncio.wait_for(self.producer.stop(), PATIENCE)

    async def events(self) -> AsyncIterator[Received]:
        """Each event once. What was yielded is committed when the next one is asked for."""
        while True:
            for records in (await self.consumer.getmany(timeout_ms=1000, max_records=500)).values():
                for record in records:
                    received = read(record)
                    if received and self._first(received.envelope.id):
                        yield received
            if self.consumer.assignment():
                await asyncio.wait_for(self.consumer.commit(), PATIENCE)

    def _first(self, event_id: str) -> bool:
        if event_id in self._seen:
            return False
        self._seen[event_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def open(self, event: NeedDisclosed) -> Identity:
        """Who the enterprise is. Raises NotSealedForUs."""
        return open_sealed(event.sealed, self.env.private_key)

    async def reply(self, event: BankEvent, reply_id: str | None = None) -> str:
        """Write a reply or a product; returns its id, which its receipt will name. The same id and bytes may be sent again."""
        reply_id = reply_id or str(uuid4())
        headers = envelope_of(event, reply_id).headers()
        sending = self.producer.send_and_wait(event.topic, event.to_json(), key=event.key.encode(), headers=headers)
        await asyncio.wait_for(sending, PATIENCE)
        return reply_id


def envelope_of(event: BankEvent, reply_id: str) -> Envelope:
    """The envelope of what a bank writes."""
    return Envelope(reply_id, event.wire_type, f"bank/{event.bank}", event.at, event.key, 0)


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
