"""Every query of every service is prepared against its migrated schema, and every store reads and writes an empty book."""

from collections.abc import AsyncIterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.stack.postgres import LocalPostgres
from services.feedback.store import Q as FEEDBACK
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


A_BUSY_DAY = """
INSERT INTO held (subject, key, topic, partition, "offset", headers, held_at, expires_at, released_at)
SELECT n, n, 'things', 0, n, '[]', now(), now(), CASE WHEN n % 20 > 0 THEN now() END FROM generate_series(1, 2000) AS n;
INSERT INTO parked (key, kind, behind, reason, detail, topic, partition, "offset", headers, asked, decided_at)
SELECT n, 'record', false, '', '', 'things', 0, n, '[]', 'replay', CASE WHEN n % 20 > 0 THEN now() END
FROM generate_series(1, 2000) AS n;
ANALYZE held, parked;
UPDATE held SET released_at = now() WHERE released_at IS NULL;
UPDATE parked SET decided_at = now() WHERE decided_at IS NULL;
"""


@pytest.mark.parametrize(
    ("name", "types", "given"), [("held_ready", "timestamptz, int", "now(), 500"), ("replay_ready", "int", "500")]
)
async def test_who_looks_for_what_is_open_does_not_read_what_is_closed(
    migrated: tuple[str, Any], name: str, types: str, given: str
) -> None:
    conn = migrated[1]
    async with conn.transaction():
        await conn.execute("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off")
        await conn.execute(A_BUSY_DAY)
        await conn.execute(f"PREPARE {name} ({types}) AS {Queries.beside(database.__file__).texts[name]}")
        plan = [row[0] for row in await conn.fetch(f"EXPLAIN (ANALYZE, COSTS off) EXECUTE {name} ({given})")]
        await conn.execute(f"DEALLOCATE {name}")
        assert not [line for line in plan if "Removed by Filter" in line]
        await conn.execute("DELETE FROM held; DELETE FROM parked")


MANY_WORDS = """
INSERT INTO issue SELECT 'issue-' || n, n, n, n % 400 = 0, json_build_object('raised_at', n) FROM generate_series(20, 20000, 20) AS n;
INSERT INTO words SELECT n, n, CASE n % 20 WHEN 0 THEN json_build_object('issue', 'issue-' || n) ELSE '{}' END
FROM generate_series(1, 20000) AS n;
ANALYZE issue, words;
"""


@pytest.mark.parametrize("migrated", ["feedback"], indirect=True)
async def test_who_lists_issues_does_not_read_all_words(migrated: tuple[str, Any]) -> None:
    conn = migrated[1]
    async with conn.transaction():
        await conn.execute(MANY_WORDS)
        plan = [row[0] for row in await conn.fetch(f"EXPLAIN (COSTS off) {FEEDBACK.list_issues}", 200)]
        await conn.execute("DELETE FROM issue; DELETE FROM words")
    assert [line for line in plan if "Index Scan using words_issue" in line], plan
