"""Servers for these tests alone: they are killed here, which others' servers must not be."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.stack.kafka import LocalKafka
from deploy.stack.postgres import LocalPostgres
from deploy.stack.processes import ended
from deploy.stack.provision import Kafka, Provision
from deploy.stack.testing import running_kafka, running_postgres

BANKS = ["bank01", "bank02"]
PATIENCE = 20


@pytest.fixture(scope="package")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yuqiao-stack-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="package")
def broker(folder: Path) -> Iterator[LocalKafka]:
    with running_kafka(folder) as server:
        yield server


@pytest.fixture(scope="package")
def database(folder: Path) -> Iterator[LocalPostgres]:
    with running_postgres(folder) as server:
        yield server


@pytest.fixture(scope="package")
def provision(folder: Path, broker: LocalKafka, database: LocalPostgres) -> Provision:
    """Two banks and four services may now come in."""
    admin = Kafka(broker.bootstrap, broker.admin_username, broker.admin_password)
    made = Provision(folder, admin, database.admin_dsn)
    made.run(BANKS)
    return made


def kill(pid: int | None) -> None:
    """kill -9, and wait until it is gone."""
    assert pid is not None
    process = psutil.Process(pid)
    process.kill()
    assert ended(process, 10)


def until(condition: Callable[[], bool]) -> None:
    """Poll another process's condition, bounded."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)  # the condition is another process's: polled, bounded
