"""Every query of every service is prepared against its migrated schema, and every store reads and writes an empty book."""

from collections.abc import AsyncIterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.stack.postgres import LocalPostgres
from tests.conftest import clone, drop
from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime import database
from yuqiao.runtime.database import MigrationChanged, migrate, migration_files, missing_migrations
from yuqiao.runtime.messages import BEIJING
from yuqiao.runtime.process import service_folder
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.sql import Queries

PLATFORM = (
    "CREATE SCHEMA platform; CREATE TABLE platform.clock (singleton boolean PRIMARY KEY, now timestamptz NOT NULL)"
)
ADMINISTRATION = {"migration_table"}


@pytest.fixture(scope="module", params=SERVICES)
async def migrated(request: pytest.FixtureRequest, postgres: LocalPostgres) -> AsyncIterator[tuple[str, Any]]:
    name = await clone(postgres, "template1")
    conn = await asyncpg.connect(postgres.dsn("postgres", postgres.admin_password, name))
    await conn.execute(PLATFORM)
    await migrate(conn, migration_files(service_folder(request.param)))
    yield request.param, conn
    await conn.close()
    await drop(postgres, name)


async def test_every_query_can_be_prepared(migrated: tuple[str, Any]) -> None:
    service, conn = migrated
    files = [Path(database.__file__).with_name("queries.sql"), service_folder(service) / "queries.sql"]
    for path in files:
        queries = Queries(path.read_text(encoding="utf-8"), str(path))
        for name, text in queries.texts.items():
            if name not in ADMINISTRATION:
                await conn.prepare(text)


async def test_a_query_that_is_wrong_is_found(migrated: tuple[str, Any]) -> None:
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrated[1].prepare("SELECT nothing_of_that_name FROM event_log")


async def test_a_store_reads_and_writes_an_empty_book(migrated: tuple[str, Any]) -> None:
    service, conn = migrated
    store = import_module(f"services.{service}.service").service.store(Settings(secret="0" * 64))
    await store.save(conn, await store.load(conn, ["nobody"], []))
    assert await store.due(conn, datetime(2100, 1, 1, tzinfo=BEIJING), 10) == []
    await store.load_all(conn)


async def test_migrations_are_applied_once_and_never_changed(migrated: tuple[str, Any], tmp_path: Path) -> None:
    service, conn = migrated
    files = migration_files(service_folder(service))
    assert await migrate(conn, files) == []
    assert await missing_migrations(conn, files) == []
    name, path = files[0]
    other = tmp_path / "other.sql"
    other.write_text(path.read_text(encoding="utf-8") + "\n-- changed", encoding="utf-8")
    with pytest.raises(MigrationChanged):
        await migrate(conn, [(name, other)])
