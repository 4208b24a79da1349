"""Where a service's loop gets its records from."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

from yuqiao.runtime.batch import Partition
from yuqiao.runtime.records import Record


@dataclass(slots=True)
class Fetched:
    """Records in partition order and the positions they move."""

    records: list[Record] = field(default_factory=list)
    moves: dict[Partition, tuple[int, int]] = field(default_factory=dict)


class Inlet(Protocol):
    """Where a loop gets records from."""

    @property
    def ready(self) -> bool:
        """Whether `take` would give records."""

    def arrived(self) -> "asyncio.Future[Any]":
        """A future that is done when records may be there."""

    def take(self) -> Fetched | None:
        """What has arrived; the next fetch starts when somebody waits for it."""

    def done(self, fetched: Fetched) -> None:
        """That batch is committed."""

    async def seek(self) -> None:
        """Forget what was fetched and go on where Postgres says."""

    async def unread(self, topics: set[str]) -> set[str]:
        """Those of the topics that the service has not read to their end as of now."""
