"""What a bank's topic does not take waits aside, in order, so that it keeps no other bank waiting."""

import time
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import structlog
from asyncpg import Pool

from yuqiao.runtime.batch import LogRow
from yuqiao.runtime.database import borrowed
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.writing import columns, log_row

Q = Queries.beside(__file__)
log = structlog.get_logger()
AGAIN_SECONDS = 15.0
"""So often a topic that took nothing is tried again: each time the others wait for the broker's word."""
BATCHES_AT_ONCE = 4
Batches = list[list[LogRow]]
"""What was committed together, in the order of commits."""


class Aside:
    """The relay's, and only while it leads. `topics` take nothing at present."""

    def __init__(self, service: str, pool: "Pool[Any]") -> None:
        """Not looked yet."""
        self.service, self.pool = service, pool
        self.topics: set[str] = set()
        self.again_at = 0.0

    async def look(self) -> None:
        """Learn what an earlier leader set aside."""
        self.topics |= {row["aside"] for row in await self.pool.fetch(Q.aside_topics)}

    def refused(self, topics: Sequence[str]) -> None:
        """These took nothing just now."""
        for topic in topics:
            log.error("topic takes nothing", topic=topic)
        self.topics.update(topics)
        self.again_at = time.monotonic() + AGAIN_SECONDS

    def divided(self, batches: Sequence[Sequence[LogRow]]) -> tuple[list[int], Batches]:
        """The names of those batches that are for topics which take, and the others."""
        others = [list(batch) for batch in batches if any(row.topic in self.topics for row in batch)]
        named = {batch[0].seq for batch in others}
        return [batch[0].seq for batch in batches if batch[0].seq not in named], others

    async def set(self, batches: Batches) -> None:
        """Of these batches only what is for such topics is unsent from now on."""
        kept = [(row.seq, row.topic) for batch in batches for row in batch if row.topic in self.topics]
        async with borrowed(self.pool) as conn, conn.transaction():
            await conn.execute(Q.mark_sent, [batch[0].seq for batch in batches])
            await conn.execute(Q.set_aside, *columns(kept, 2))

    async def batches(self, topic: str | None) -> Batches:
        """The next that wait aside for a topic, or, for None, that do not wait aside."""
        rows = sorted(await self.pool.fetch(Q.unsent, BATCHES_AT_ONCE, topic), key=itemgetter("batch", "seq"))
        return [[log_row(self.service, row) for row in batch] for _, batch in groupby(rows, itemgetter("batch"))]
