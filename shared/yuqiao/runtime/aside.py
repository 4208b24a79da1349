"""What a bank's topic does not take waits aside, in order, so that it keeps no other bank waiting."""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from asyncpg import Connection, Pool

from yuqiao.runtime.batch import LogRow
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.writing import columns, log_row

Q = Queries.beside(__file__)
log = structlog.get_logger()
AGAIN_SECONDS = 15.0
"""So often a topic that took nothing is tried again."""
TRIED_AT_ONCE = 500


class Aside:
    """The relay's, and only while it leads. `topics` take nothing at present, or not yet all that waits for them."""

    def __init__(self, service: str, pool: "Pool[Any]") -> None:
        """Not looked yet."""
        self.service, self.pool = service, pool
        self.topics: set[str] = set()
        self.again_at = 0.0

    @property
    def is_time(self) -> bool:
        """Whether to try again now."""
        return time.monotonic() >= self.again_at

    def trying(self) -> None:
        """Whatever comes of it, the next time is later: meanwhile the others have their turn."""
        self.again_at = time.monotonic() + AGAIN_SECONDS

    async def look(self) -> None:
        """Learn what earlier leaders have set aside."""
        self.topics |= {row["topic"] for row in await self.pool.fetch(Q.aside_topics)}

    def refused(self, rows: Sequence[LogRow], left: Mapping[int, str]) -> set[str]:
        """Learn, and give, the topics of those of the rows that are `left` (by `seq`): they take nothing just now, and why."""
        if not left:  # as a rule
            return set()
        topics = {row.topic: left[row.seq] for row in rows if row.seq in left}
        for topic, why in sorted(topics.items()):
            log.error("topic takes nothing", topic=topic, why=why)
        self.topics.update(topics)
        return set(topics)

    def divided(self, batches: Sequence[Sequence[LogRow]]) -> tuple[list[int], list[Sequence[LogRow]]]:
        """The names of those batches that are for topics which take, and the other batches."""
        others = [batch for batch in batches if any(row.topic in self.topics for row in batch)]
        named = {batch[0].seq for batch in others}
        return [batch[0].seq for batch in batches if batch[0].seq not in named], others

    async def set(self, leading: Connection, batches: Sequence[Sequence[LogRow]], but: Collection[int]) -> None:
        """Of these batches what is for such topics waits here from now on, `but` what they took (by `seq`).

        What is not unsent any more is left alone. `leading`: the transaction that holds the relay's lock. A leader that has
        lost it changes nothing, and its successor looks only after the commit.
        """
        found = await leading.fetch(Q.take_unsent, [batch[0].seq for batch in batches])
        unsent = {seq for row in found for seq in row["seqs"]}.difference(but)
        kept = [(row.seq, row.topic) for batch in batches for row in batch if row.topic in self.topics]
        await leading.execute(Q.set_aside, *columns([row for row in kept if row[0] in unsent], 2))

    async def next(self, but: Collection[str] = ()) -> list[LogRow]:
        """What waits first for each topic `but` some. Topics for which nothing waits take everything again."""
        asked = self.topics.difference(but)
        rows = await self.pool.fetch(Q.next_aside, sorted(asked), max(1, TRIED_AT_ONCE // max(1, len(asked))))
        self.topics -= asked - {row["topic"] for row in rows}
        return [log_row(self.service, row) for row in rows]

    async def sent(self, rows: Sequence[LogRow]) -> None:
        """These need not wait any more."""
        await self.pool.execute(Q.aside_sent, [row.seq for row in rows])
