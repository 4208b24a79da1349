"""A database with intake's tables, cloned for each test, and a client of its HTTP routes."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

import services.intake
from deploy.stack.postgres import LocalPostgres
from services.intake.service import service
from tests.conftest import clone, drop
from tests.unit.intake.harness import OPERATOR_KEY, Intake
from yuqiao.runtime.database import migrate, migration_files
from yuqiao.runtime.http import make_app

FOLDER = Path(services.intake.__file__).parent


@pytest.fixture(scope="session")
async def intake_template(postgres: LocalPostgres) -> str:
    admin = await asyncpg.connect(postgres.admin_dsn)
    await admin.execute("CREATE DATABASE intake_template")
    await admin.close()
    conn = await asyncpg.connect(postgres.dsn("postgres", postgres.admin_password, "intake_template"))
    await migrate(conn, migration_files(FOLDER))
    await conn.close()
    return "intake_template"


@pytest.fixture
async def intake(postgres: LocalPostgres, intake_template: str) -> AsyncIterator[Intake]:
    name = await clone(postgres, intake_template)
    dsn = postgres.dsn("postgres", postgres.admin_password, name)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
        yield Intake(pool)
    await drop(postgres, name)


@pytest.fixture
async def http(intake: Intake) -> AsyncIterator[httpx.AsyncClient]:
    assert service.routes
    app = make_app("intake")
    app.include_router(service.routes(intake))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://intake", headers=headers) as client:
        yield client
