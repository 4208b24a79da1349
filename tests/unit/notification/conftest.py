"""Notification on a real database, without a broker, and a client of its bank register."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from asyncpg import Connection
from pydantic import SecretStr

import services.notification
from deploy.stack.postgres import LocalPostgres
from services.notification.book import NotificationBook
from services.notification.service import service
from tests.conftest import clone, drop
from tests.unit.notification.door import NOW
from yuqiao.contracts.base import Event
from yuqiao.runtime.batch import Arrival, Batch, arrival_of_command
from yuqiao.runtime.database import migrate, migration_files
from yuqiao.runtime.gateway import Outcome
from yuqiao.runtime.http import make_app
from yuqiao.runtime.messages import Cause, Command
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shell import Shell

OPERATOR_KEY = "operator-key-of-the-tests"


class Stopped:
    async def read(self, conn: Any) -> datetime:
        return NOW


class Notification:
    """A gateway straight onto the shell."""

    def __init__(self, pool: Any) -> None:
        self.settings = Settings(service="notification", operator_key=SecretStr(OPERATOR_KEY))
        self.pool = pool
        self.store = service.store(self.settings)
        self.shell: Shell[NotificationBook] = Shell(
            service, self.store, pool, Stopped(), writer="test", held_for=timedelta(days=1)
        )
        self._one = asyncio.Lock()
        self._heard = 0

    async def submit_all(self, commands: Sequence[Command]) -> list[Outcome | BaseException]:
        arrivals = [arrival_of_command(c) for c in commands]
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
            self._heard += 1
            arrivals.append(Arrival(Cause(f"heard-{self._heard}", event.wire_type), event))
        await self.shell.run(Batch(arrivals))

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        async with self.pool.acquire() as conn, conn.transaction(readonly=True):
            yield conn

    async def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="session")
async def notification_template(postgres: LocalPostgres) -> str:
    admin = await asyncpg.connect(postgres.admin_dsn)
    await admin.execute("CREATE DATABASE notification_template")
    await admin.close()
    conn = await asyncpg.connect(postgres.dsn("postgres", postgres.admin_password, "notification_template"))
    await migrate(conn, migration_files(Path(services.notification.__file__).parent))
    await conn.close()
    return "notification_template"


@pytest.fixture
async def notification(postgres: LocalPostgres, notification_template: str) -> AsyncIterator[Notification]:
    name = await clone(postgres, notification_template)
    dsn = postgres.dsn("postgres", postgres.admin_password, name)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
        yield Notification(pool)
    await drop(postgres, name)


@pytest.fixture
async def http(notification: Notification) -> AsyncIterator[httpx.AsyncClient]:
    assert service.routes
    app = make_app("notification")
    app.include_router(service.routes(notification))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://notification", headers=headers) as client:
        yield client
