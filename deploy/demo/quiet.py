"""When nothing moves: no lag in any service, nothing unsent, nothing due. Only then may business time move."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer

from deploy.stack.partitions import partitions, readers
from deploy.stack.provision import Provision
from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime.messages import Deadline
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shell import Q as RUNTIME
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)
FAR = datetime.fromisoformat("2100-01-01T00:00:00+08:00")


class Restless(Exception):
    """It did not become quiet in time; the message says what still moved."""


class Quiet:
    """Looks at Postgres as the administrator and at Kafka as the operator."""

    def __init__(self, provision: Provision) -> None:
        """Of the stack of this provision; each service's store reads its own schema."""
        self.provision = provision
        self.stores = {name: import_module(f"services.{name}.service").service.store(Settings()) for name in SERVICES}

    async def __aenter__(self) -> "Quiet":
        """Connect."""
        self.admin = await asyncpg.connect(self.provision.admin_dsn())
        self.connections = {name: await asyncpg.connect(self.provision.dsn(name)) for name in SERVICES}
        kafka = self.provision.client("operator")
        self.consumer = AIOKafkaConsumer(**kafka, enable_auto_commit=False)
        await self.consumer.start()
        self.partitions = [tp for tp in await partitions(kafka) if readers(tp.topic)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self.consumer.stop()
        for conn in [self.admin, *self.connections.values()]:
            await conn.close()

    async def wait(self, now: datetime, seconds: float = 60) -> None:
        """Until quiet at `now`. Raises Restless."""
        deadline = time.monotonic() + seconds
        while restless := await self.because(now):
            if time.monotonic() > deadline:
                raise Restless(f"{now.isoformat()}: {restless}")
            await asyncio.sleep(0.01)  # the condition is other processes': polled, bounded

    async def products(self, count: int, seconds: float = 60) -> None:
        """Until the banks' products are listed. Raises Restless."""
        deadline = time.monotonic() + seconds
        while (listed := await self.admin.fetchval(Q.products)) < count:
            if time.monotonic() > deadline:
                raise Restless(f"{listed} of {count} products are listed")
            await asyncio.sleep(0.05)  # the condition is other processes': polled, bounded

    async def because(self, now: datetime) -> str:
        """What still moves; empty when nothing does.

        With nothing unsent, every event stands on its topic when the ends are asked for, unless somebody commits after
        that was looked up: then Postgres has another snapshot at the end. So nothing slips through, however fast it is.
        """
        positions = await self.admin.fetch(Q.positions)
        (work,) = await self.admin.fetch(Q.at_work)
        if work["unsent"]:
            return f"{work['unsent']} unsent"
        for name, store in self.stores.items():
            conn = self.connections[name]
            if due := await store.due(conn, now, 1):
                return f"{name} has due {type(due[0]).__name__} of {due[0].due_at}"
            if await conn.fetch(RUNTIME.held_ready, now, 1) or await conn.fetch(RUNTIME.replay_ready, 1):
                return f"{name} has a message to release or to replay"
        if lag := self._lag(positions, await self.consumer.end_offsets(self.partitions)):
            return lag
        return "" if await self.admin.fetchval(Q.snapshot) == work["snapshot"] else "something was committed meanwhile"

    @staticmethod
    def _lag(rows: Iterable[asyncpg.Record], ends: Mapping[Any, int]) -> str:
        positions = {(r["service"], r["topic"], r["partition"]): r["next"] for r in rows}
        for tp, end in ends.items():
            for service in readers(tp.topic):
                at = positions.get((service, tp.topic, tp.partition), 0)
                if at < end:
                    return f"{service} is at {at} of {end} in {tp.topic}/{tp.partition}"
        return ""

    async def next_due(self) -> Deadline | None:
        """The earliest deadline of any service, whenever it is."""
        found = [d for name in SERVICES for d in await self.stores[name].due(self.connections[name], FAR, 1)]
        return min(found, key=lambda d: d.due_at, default=None)
