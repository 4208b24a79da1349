"""A database with the runtime's tables and the toy's, cloned for each test."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from deploy.stack.postgres import LocalPostgres
from tests.conftest import clone, drop
from yuqiao.runtime.database import OWN


@pytest.fixture(scope="session")
async def toy_template(postgres: LocalPostgres) -> str:
    admin = await asyncpg.connect(postgres.admin_dsn)
    await admin.execute("CREATE DATABASE toy_template")
    await admin.close()
    conn = await asyncpg.connect(postgres.dsn("postgres", postgres.admin_password, "toy_template"))
    for migration in sorted(OWN.glob("*.sql")):
        await conn.execute(migration.read_text(encoding="utf-8"))
    await conn.execute("CREATE TABLE counted (thing text PRIMARY KEY, body text NOT NULL)")
    await conn.close()
    return "toy_template"


@pytest.fixture
async def toy_pool(postgres: LocalPostgres, toy_template: str) -> AsyncIterator[Any]:
    name = await clone(postgres, toy_template)
    async with asyncpg.create_pool(
        postgres.dsn("postgres", postgres.admin_password, name), min_size=1, max_size=8
    ) as pool:
        yield pool
    await drop(postgres, name)
