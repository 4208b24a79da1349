"""Servers that tests need: started once a session, out of packages, on free ports, gone afterwards."""

import itertools
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from deploy.stack.kafka import LocalKafka
from deploy.stack.postgres import LocalPostgres

_numbers = itertools.count(1)
# In CI, which hypothesis knows by itself, examples are the same every time: it refuses what is broken, it does not explore.
settings.register_profile("any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """A shell makes what it runs in the background deaf to Ctrl-C, and servers would live on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yuqiao-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(home: Path) -> Iterator[LocalPostgres]:
    server = LocalPostgres(home / "postgres")
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def kafka(home: Path) -> Iterator[LocalKafka]:
    server = LocalKafka(home / "kafka")
    server.start()
    yield server
    server.stop()


async def clone(postgres: LocalPostgres, template: str) -> str:
    """A fresh database made of a template; returns its name."""
    name = f"test_{next(_numbers)}"
    admin = await asyncpg.connect(postgres.admin_dsn)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await admin.close()
    return name


@pytest.fixture
async def empty_database(postgres: LocalPostgres) -> AsyncIterator[str]:
    """The address of a fresh, empty database."""
    name = await clone(postgres, "template1")
    yield postgres.dsn("postgres", postgres.admin_password, name)
    await drop(postgres, name)


async def drop(postgres: LocalPostgres, name: str) -> None:
    """Remove a database."""
    admin: Any = await asyncpg.connect(postgres.admin_dsn)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()
