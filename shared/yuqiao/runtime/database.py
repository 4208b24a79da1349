"""The connection pool, and migrations: plain SQL files applied once, in order, under a lock, with checksums."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import asyncpg
from asyncpg import Connection, Pool
from asyncpg.exceptions import IdleInTransactionSessionTimeoutError, OperatorInterventionError

from yuqiao.runtime.settings import Settings
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)
OWN = Path(__file__).with_name("migrations")

DATABASE_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Every way in which a connection can be lost, or refuse: InterfaceError is what a closed one says, the other what one
says that was cut off in the middle of an answer."""

TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    OperatorInterventionError,
    IdleInTransactionSessionTimeoutError,
)
"""After these a transaction may go through when it is tried again. Any other error of the database is a mistake of ours."""

# Every statement of a batch looks rows up by key. It is planned once, without a look at how full the tables are just now:
# a plan that scans a table because it is empty today would scan it tomorrow too.
SESSION = {
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "20s",
    "timezone": "Asia/Shanghai",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}


@contextlib.asynccontextmanager
async def borrowed(pool: "Pool[Any]", timeout: float | None = None) -> AsyncIterator[Connection]:
    """A connection of the pool. Raises TimeoutError when none is free within `timeout` seconds."""
    async with pool.acquire(timeout=timeout) as conn:
        yield cast("Connection", conn)


async def make_pool(settings: Settings, size: int = 10) -> "Pool[Any]":
    """A pool whose sessions never wait for a lock, or sit in a transaction, for long. Raises OSError and the like."""
    return await asyncpg.create_pool(
        settings.postgres_dsn.get_secret_value(),
        min_size=2,
        max_size=size,
        server_settings={"application_name": f"yuqiao-{settings.service}", **SESSION},
        command_timeout=60,
        timeout=10,
        reset=_left_as_it_was,
    )


async def _left_as_it_was(_: Connection) -> None:
    """Nobody here changes a session's settings, or takes a lock that outlives its transaction: a round trip less."""


class MigrationChanged(Exception):
    """A migration that was applied reads differently now: migrations are append-only."""


def migration_files(service_folder: Path) -> list[tuple[str, Path]]:
    """(name, path) in order: the runtime's own first, then the service's."""
    return [(f"runtime/{p.name}", p) for p in sorted(OWN.glob("*.sql"))] + [
        (f"service/{p.name}", p) for p in sorted(service_folder.glob("migrations/*.sql"))
    ]


async def migrate(conn: Connection, files: Iterable[tuple[str, Path]]) -> list[str]:
    """Apply what is missing, in one transaction; returns the names applied. Raises MigrationChanged."""
    applied = []
    async with conn.transaction():
        await conn.fetch(Q.migrate_lock)
        await conn.execute(Q.migration_table)
        done = {r["name"]: r["checksum"] for r in await conn.fetch(Q.migrations)}
        for name, path in files:
            text = path.read_text(encoding="utf-8")
            checksum = sha256(text.encode()).hexdigest()
            if name in done:
                if done[name] != checksum:
                    raise MigrationChanged(f"{name} was changed after it had been applied")
                continue
            await conn.execute(text)
            await conn.execute(Q.migration_done, name, checksum)
            applied.append(name)
    return applied


async def missing_migrations(conn: Connection, files: Iterable[tuple[str, Path]]) -> list[str]:
    """Names not applied yet."""
    if not await conn.fetchval(Q.has_migrations):
        return [name for name, _ in files]
    done = {r["name"] for r in await conn.fetch(Q.migrations)}
    return [name for name, _ in files if name not in done]
