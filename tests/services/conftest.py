"""A house for each test: a database for each service, cloned from one that is migrated once."""

import asyncio
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
async def service_templates(postgres: LocalPostgres) -> dict[str, str]:
    templates = {service: await clone(postgres, "template1") for service in SERVICES}
    for service, name in templates.items():
        conn = await asyncpg.connect(postgres.dsn("postgres", postgres.admin_password, name))
        await migrate(conn, migration_files(service_folder(service)))
        await conn.close()
    return templates


@contextlib.asynccontextmanager
async def built(postgres: LocalPostgres, service_templates: dict[str, str]) -> AsyncIterator[House]:
    """A house, and its databases gone afterwards."""
    clones = await asyncio.gather(*(clone(postgres, template) for template in service_templates.values()))
    names = dict(zip(service_templates, clones, strict=True))
    async with contextlib.AsyncExitStack() as stack:
        pools = {}
        for service, name in names.items():
            dsn = postgres.dsn("postgres", postgres.admin_password, name)
            pools[service] = await stack.enter_async_context(asyncpg.create_pool(dsn, min_size=1, max_size=3))
        yield House(pools)
    await asyncio.gather(*(drop(postgres, name) for name in names.values()))


@pytest.fixture
async def house(postgres: LocalPostgres, service_templates: dict[str, str]) -> AsyncIterator[House]:
    async with built(postgres, service_templates) as made:
        yield made
