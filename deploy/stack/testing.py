"""Servers of a test's own: fresh folders, free ports, gone afterwards, however the test ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.stack.kafka import LocalKafka
from deploy.stack.postgres import LocalPostgres


@contextmanager
def running_kafka(folder: Path) -> Iterator[LocalKafka]:
    """A broker under `folder`. Raises MissingPrerequisite, NotStarted."""
    server = LocalKafka(folder / "kafka")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def running_postgres(folder: Path) -> Iterator[LocalPostgres]:
    """A database server under `folder`, its data removed afterwards. Raises MissingPrerequisite, NotStarted."""
    server = LocalPostgres(folder / "postgres")
    try:
        server.start()
        yield server
    finally:
        server.remove()
