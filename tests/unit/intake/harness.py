"""Intake on a real database, without a broker: commands go through the shell, events come in as messages."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from asyncpg import Connection
from pydantic import SecretStr

from services.intake.book import IntakeBook
from services.intake.service import service
from yuqiao.contracts.base import Event
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
from yuqiao.runtime.messages import BEIJING, Cause, Command
from yuqiao.runtime.records import Record, record_from_row
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shell import Q as SHELL
from yuqiao.runtime.shell import Shell

OPERATOR_KEY = "operator-key-of-the-tests"


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2022, 12, 28, 10, tzinfo=BEIJING)

    async def read(self, conn: Any) -> datetime:
        return self.now


class Intake:
    """A gateway straight onto the shell."""

    def __init__(self, pool: Any) -> None:
        self.settings = Settings(
            service="intake", secret=SecretStr("a secret of the tests"), operator_key=SecretStr(OPERATOR_KEY)
        )
        self.pool, self.clock = pool, Clock()
        self.store = service.store(self.settings)
        self.shell: Shell[IntakeBook] = Shell(
            service, self.store, pool, self.clock, writer="test", held_for=timedelta(days=1)
        )
        self._one = asyncio.Lock()
        self._count = 0

    async def submit_all(self, commands: Sequence[Command]) -> list[Outcome | BaseException]:
        arrivals = [arrival_of_command(c) for c in commands]
        if arrivals:
            async with self._one:
                await self.shell.run(Batch(arrivals))
        return [a.outcome or Outcome(()) for a in arrivals]

    async def submit(self, command: Command) -> Outcome:
        (outcome,) = await self.submit_all([command])
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def hear(self, *events: Event) -> None:
        arrivals = []
        for event in events:
            self._count += 1
            arrivals.append(Arrival(Cause(f"heard-{self._count}", event.wire_type), event))
        async with self._one:
            await self.shell.run(Batch(arrivals))

    async def meet(self, limit: int = 100) -> int:
        """What is due is done; says how many deadlines there were."""
        async with self.reading() as conn:
            due = await self.store.due(conn, self.clock.now, limit)
        async with self._one:
            await self.shell.run(Batch([arrival_of_deadline(d) for d in due]))
        return len(due)

    async def hear_record(self, event: Event) -> None:
        """An event as a record on its topic, so that it can be held."""
        envelope = Envelope("held-1", event.wire_type, "test", self.clock.now, event.key, 1)
        record = Record(str(event.topic), 0, 0, event.key.encode(), event.to_json(), tuple(envelope.headers()))
        await self.shell.run(Batch([arrival_of_record(record)]))

    async def hear_held(self) -> None:
        """What is held and whose subject has come."""
        rows = await self.pool.fetch(SHELL.held_ready, self.clock.now, 10)
        arrivals = [arrival_of_held(record_from_row(r), r["id"], r["expired"], r["subject"]) for r in rows]
        await self.shell.run(Batch(arrivals))

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        async with self.pool.acquire() as conn, conn.transaction(readonly=True):
            yield conn

    async def now(self) -> datetime:
        return self.clock.now

    async def log(self, type: str) -> list[dict[str, Any]]:
        rows = await self.pool.fetch("SELECT body::jsonb AS body FROM event_log WHERE type = $1 ORDER BY seq", type)
        return [json.loads(r["body"]) for r in rows]
