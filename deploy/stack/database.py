"""Schemas and roles in Postgres: one of each per service, an operator who may read. Doing it again changes nothing."""

from collections.abc import Collection, Mapping
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

import asyncpg

from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__, "database.sql")
DATABASE = "yuqiao"
ROLES = (*SERVICES, "operator")


def with_role(dsn: str, role: str, password: str) -> str:
    """The same server and our database, as another role. A server may be a socket's folder, which is no host: `?host=/…`."""
    parts = urlsplit(dsn)
    return _ours(parts, f"{role}:{password}@{parts.netloc.rpartition('@')[2]}")


def as_admin(dsn: str) -> str:
    """The administrator in our database."""
    parts = urlsplit(dsn)
    return _ours(parts, parts.netloc)


def _ours(parts: SplitResult, place: str) -> str:
    return f"{parts.scheme}://{place}/{DATABASE}" + (f"?{parts.query}" if parts.query else "")


async def prepare(
    admin_dsn: str, passwords: Mapping[str, str], starts_at: datetime | None, missing: Collection[str]
) -> None:
    """Database, schemas, roles, rights. `passwords` are ours (URL-safe), so they can stand in a statement.

    The `missing` topics, which are made only after this, will be read from their beginning: who had read others of their
    names would pass over records.
    """
    admin = await asyncpg.connect(admin_dsn, timeout=10)
    try:
        roles = {r["rolname"] for r in await admin.fetch(Q.roles)}
        for role in ROLES:
            statement = Q.set_password if role in roles else Q.create_role
            await admin.execute(statement.format(role=role, password=passwords[role]))
        if DATABASE not in {r["datname"] for r in await admin.fetch(Q.databases)}:
            await admin.execute(Q.create_database)
    finally:
        await admin.close()
    ours = await asyncpg.connect(as_admin(admin_dsn), timeout=10)
    try:
        await ours.execute(Q.platform)
        for service in SERVICES:
            await ours.execute(Q.service.format(role=service))
            if await ours.fetchval(Q.reads.format(role=service)):
                await ours.execute(Q.read_anew.format(role=service), list(missing))
        if starts_at:
            await ours.execute(Q.begin_clock, starts_at)
    finally:
        await ours.close()
