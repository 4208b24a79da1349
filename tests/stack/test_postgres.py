"""The local database server: durable, back after kill -9, never mistaken for something else that listens."""

import os
import shutil
import signal
import socket
from pathlib import Path

import asyncpg

from deploy.stack.postgres import LocalPostgres
from tests.stack.conftest import kill, until


async def ask(server: LocalPostgres, question: str) -> object:
    conn = await asyncpg.connect(server.admin_dsn, timeout=5)
    try:
        return await conn.fetchval(question)
    finally:
        await conn.close()


async def test_everything_is_durable(database: LocalPostgres) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert await ask(database, f"SHOW {setting}") == "on"
    assert await ask(database, "SHOW listen_addresses") == "127.0.0.1"


def test_starting_again_and_attaching_by_the_folder_change_nothing(database: LocalPostgres) -> None:
    before = database.pid
    again = LocalPostgres(database.home)
    again.start()
    assert (again.pid, again.admin_dsn) == (before, database.admin_dsn)


async def test_after_kill_9_it_comes_back_with_what_was_committed(database: LocalPostgres) -> None:
    await ask(database, "CREATE TABLE kept AS SELECT 42 AS number")
    kill(database.pid)
    database.start()  # at once: the lock file is still there
    assert await ask(database, "SELECT number FROM kept") == 42
    await ask(database, "DROP TABLE kept")


async def test_a_stop_ends_it_and_a_start_brings_it_back(database: LocalPostgres) -> None:
    database.stop()
    assert database.pid is None
    database.start()
    assert await ask(database, "SELECT 1") == 1


async def test_it_is_stopped_also_by_who_attached_without_its_mark(database: LocalPostgres) -> None:
    database.daemon.mark.unlink(missing_ok=True)  # as when its starter was killed before writing it
    LocalPostgres(database.home).stop()
    assert database.pid is None
    database.start()


def test_a_port_that_accepts_is_not_enough(database: LocalPostgres) -> None:
    """A server that is frozen, or killed a moment ago, has its process, its file and its port, and answers nobody."""
    assert database.pid is not None
    os.kill(database.pid, signal.SIGSTOP)
    try:
        socket.create_connection(("127.0.0.1", database.port), 1).close()
        assert not database.ready
    finally:
        os.kill(database.pid, signal.SIGCONT)
    until(lambda: database.ready)


def test_a_process_that_inherited_the_pid_is_not_taken_for_it(database: LocalPostgres) -> None:
    file = database.data / "postmaster.pid"
    kill(database.pid)
    told = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([str(os.getpid()), *told[1:]]) + "\n", encoding="utf-8")
    assert database.pid is None
    file.unlink()
    database.start()
    assert database.ready


def test_a_killed_first_start_is_begun_again(database: LocalPostgres, folder: Path) -> None:
    """initdb writes PG_VERSION early: half a cluster must not be taken for one."""
    half = LocalPostgres(folder / "half")
    (half.data.parent / "data.new").mkdir(parents=True)
    shutil.copy(database.data / "PG_VERSION", half.data.parent / "data.new")
    try:
        half.start()
        assert half.pid is not None
    finally:
        half.remove()
    assert half.pid is None
    assert not half.data.exists()
