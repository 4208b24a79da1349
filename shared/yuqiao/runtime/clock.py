"""Two clocks. The business clock says what day it is for handlers; the machine clock (time.monotonic) drives the rest."""

from datetime import datetime
from typing import Protocol

from asyncpg import Connection

from yuqiao.runtime.messages import BEIJING
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)


class Clock(Protocol):
    """Business time."""

    async def read(self, conn: Connection) -> datetime:
        """Now, in Beijing."""


class SystemClock:
    """Production: business time follows the machine's clock."""

    async def read(self, conn: Connection) -> datetime:
        """Now, in Beijing."""
        return datetime.now(BEIJING)


class SteppedClock:
    """A demo: business time is a row that a conductor moves; each transaction reads it."""

    async def read(self, conn: Connection) -> datetime:
        """The row's moment, in Beijing."""
        now = await conn.fetchval(Q.read_clock)
        if now is None:
            raise LookupError("platform.clock is empty: no conductor has set the business clock")
        moment: datetime = now
        return moment.astimezone(BEIJING)
