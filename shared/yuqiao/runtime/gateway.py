"""What a service's HTTP routes may use: commands in, read-only queries, settings, the business clock."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from asyncpg import Connection

from yuqiao.contracts.base import Event
from yuqiao.runtime.messages import Command
from yuqiao.runtime.settings import Settings


class Outcome(NamedTuple):
    """What became of a command: its events, committed. `repeated` when the same command had been done before."""

    events: tuple[Event, ...]
    repeated: bool = False


class Gateway(Protocol):
    """Handed to `Service.routes`."""

    settings: Settings

    async def submit(self, command: Command) -> Outcome:
        """Run a command to its commit. Raises Refused (its handler refused it, or its key is parked: code `parked`)."""

    async def submit_all(self, commands: Sequence[Command]) -> list[Outcome | BaseException]:
        """Run many commands, together where possible; refusals are returned in place, not raised."""

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A connection in a read-only transaction."""

    async def now(self) -> datetime:
        """Business time, Beijing."""
