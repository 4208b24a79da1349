"""The four services on a real database each, without a broker: what one commits is brought to whoever reads it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from asyncpg import Connection
from pydantic import SecretStr

from deploy.stack.partitions import readers
from yuqiao.contracts.base import BankEvent, Event
from yuqiao.contracts.envelope import Envelope
from yuqiao.runtime.batch import (
    Arrival,
    Batch,
    arrival_of_command,
    arrival_of_deadline,
    arrival_of_held,
    arrival_of_record,
)
from yuqiao.runtime.gateway import Outcome
from yuqiao.runtime.http import make_app
from yuqiao.runtime.messages import BEIJING, Command
from yuqiao.runtime.records import Record, record_from_row
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shell import Q as SHELL
from yuqiao.runtime.shell import Shell

OPERATOR_KEY = "operator-key-of-the-tests"
E = TypeVar("E", bound=Event)


class House:
    """The streams as lists, the business clock as a value; `settle` goes on until nobody has anything left to do."""

    def __init__(self, pools: Mapping[str, Any]) -> None:
        self.now = datetime(2022, 12, 28, 10, tzinfo=BEIJING)
        self.records: list[Record] = []
        self.anew: dict[str, int] = {}
        self.rooms = {name: Room(self, name, pool) for name, pool in pools.items()}

    async def read(self, conn: Any) -> datetime:
        """The clock, as services read it."""
        return self.now

    def publish(self, topic: str, key: str, body: bytes, envelope: Envelope) -> None:
        offset, appended_ms = self.end(topic) - self.anew.get(topic, 0), len(self.records)
        self.records.append(Record(topic, 0, offset, key.encode(), body, tuple(envelope.headers()), appended_ms))

    def end(self, topic: str) -> int:
        return sum(r.topic == topic for r in self.records)

    def make_anew(self, topic: str) -> None:
        """The topic is deleted and made again: it begins at offset 0."""
        self.anew[topic] = self.end(topic)

    def write(self, event: BankEvent, id: str | None = None) -> None:
        """A bank writes to a topic of its own, under a new id if it names none."""
        envelope = Envelope(id or str(uuid4()), event.wire_type, "", event.at, "", 0)
        self.publish(event.topic, event.key, event.to_json(), envelope)

    def said(self, kind: type[E]) -> list[E]:
        """Every event of a type on its topic, in order."""
        named = ("ce_type", kind.wire_type.encode())
        return [kind.from_json(r.value or b"") for r in self.records if named in r.headers]

    async def settle(self) -> None:
        while any([await room.step() for room in self.rooms.values()]):
            pass

    @contextlib.asynccontextmanager
    async def calling(self, service: str) -> AsyncIterator[httpx.AsyncClient]:
        """The operator at a service's HTTP routes."""
        app, room = make_app(service), self.rooms[service]
        app.include_router(room.service.routes(room))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=headers) as client:
            yield client


class Room:
    """One service, as a gateway straight onto its shell."""

    def __init__(self, house: House, name: str, pool: Any) -> None:
        self.house, self.name, self.pool = house, name, pool
        self.service = import_module(f"services.{name}.service").service
        self.settings = Settings(service=name, secret=SecretStr("0" * 64), operator_key=SecretStr(OPERATOR_KEY))
        self.store = self.service.store(self.settings)
        self.shell: Shell[Any] = Shell(self.service, self.store, pool, house, writer="test", held_for=timedelta(days=1))
        self.position = 0
        self._one = asyncio.Lock()

    async def step(self) -> bool:
        """Records that were not read yet, what is held and ready, what is due; False when there was none of these."""
        new, self.position = self.house.records[self.position :], len(self.house.records)
        arrivals = [arrival_of_record(r) for r in new if self.name in readers(r.topic)]
        async with self.reading() as conn:
            held = await conn.fetch(SHELL.held_ready, self.house.now, 100)
            due = await self.store.due(conn, self.house.now, 100)
        arrivals += [arrival_of_held(record_from_row(r), r["id"], r["expired"], r["subject"]) for r in held]
        arrivals += [arrival_of_deadline(d) for d in due]
        await self._run(arrivals)
        return bool(arrivals)

    async def _run(self, arrivals: list[Arrival]) -> None:
        if arrivals:
            async with self._one:
                committed = await self.shell.run(Batch(arrivals))
            assert committed.parked == 0, [a.poison or a.outcome for a in arrivals]
            for row in committed.rows:
                self.house.publish(row.topic, row.key, row.body, row.envelope)

    async def submit_all(self, commands: Sequence[Command]) -> list[Outcome | BaseException]:
        arrivals = [arrival_of_command(c) for c in commands]
        await self._run(arrivals)
        return [a.outcome or Outcome(()) for a in arrivals]

    async def submit(self, command: Command) -> Outcome:
        (outcome,) = await self.submit_all([command])
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        async with self.pool.acquire() as conn, conn.transaction(readonly=True):
            yield conn

    async def now(self) -> datetime:
        return self.house.now
