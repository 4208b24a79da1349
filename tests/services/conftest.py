"""A house for each test: a database with a schema for each service, cloned from one that is migrated once."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.stack.postgres import LocalPostgres
from tests.conftest import clone, drop
from tests.services.house import House
from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime.database import migrate, migration_files
from yuqiao.runtime.process import service_folder


@pytest.fixture(scope="session")
async def house_template(postgres: LocalPostgres) -> str:
    name = await clone(postgres, "template1")
    dsn = postgres.dsn("postgres", postgres.admin_password, name)
    for service in SERVICES:
        conn = await asyncpg.connect(dsn, server_settings={"search_path": service})
        await conn.execute(f"CREATE SCHEMA {service}")
        await migrate(conn, migration_files(service_folder(service)))
        await conn.close()
    return name


@contextlib.asynccontextmanager
async def built(postgres: LocalPostgres, house_template: str) -> AsyncIterator[House]:
    """A house, and its database gone afterwards."""
    name = await clone(postgres, house_template)
    dsn = postgres.dsn("postgres", postgres.admin_password, name)
    async with contextlib.AsyncExitStack() as stack:
        pools = {}
        for service in SERVICES:
            pool = asyncpg.create_pool(dsn, min_size=1, max_size=3, server_settings={"search_path": service})
            pools[service] = await stack.enter_async_context(pool)
        yield House(pools)
    await drop(postgres, name)


@pytest.fixture
async def house(postgres: LocalPostgres, house_template: str) -> AsyncIterator[House]:
    async with built(postgres, house_template) as made:
        yield made
