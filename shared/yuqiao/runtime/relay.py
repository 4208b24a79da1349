"""Publication: one process per service holds the relay lock and publishes committed rows, per key in commit order."""

import asyncio
import contextlib
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any, Protocol

import structlog
from asyncpg import Connection, Pool

from yuqiao.runtime import metrics
from yuqiao.runtime.aside import Aside
from yuqiao.runtime.batch import Committed, LogRow
from yuqiao.runtime.database import DATABASE_AWAY
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.writing import log_row

Q = Queries.beside(__file__)
log = structlog.get_logger()
BATCHES_AT_ONCE = 4
ROWS_AT_ONCE = 5_000
SURE_SECONDS = 1.0
MARK_SECONDS = 5.0
QUEUE_LIMIT = 50
MOMENT = 0.3
READ_SECONDS = 5.0
"""So often a leader looks for rows that nobody told it of: a commit's answer, or a wake-up, may be lost."""


class Publisher(Protocol):
    """Where rows go. Publishing the same row again is harmless: same id, same bytes."""

    async def publish(self, rows: Sequence[LogRow]) -> Mapping[int, str]:
        """Return when every row is acknowledged, in order per key; raise when that is not certain.

        Gives those (by `seq`) that their banks' topics did not take, and why: of one partition all from the first on.
        """


class Relay:
    """Publishes from memory what this process has just committed where nothing of others is unsent, else by reading."""

    def __init__(
        self, service: str, pool: "Pool[Any]", publisher: Publisher, poll_seconds: float, mark_after: float = 0.0
    ) -> None:
        """`poll_seconds`: how often a process without the lock tries to get it.

        What was published is marked about `mark_after` seconds later: one mark for many small batches. What a killed
        process had not marked its successor publishes again, which is harmless.
        """
        self.service, self.pool, self.publisher, self.poll = service, pool, publisher, poll_seconds
        self.aside = Aside(service, pool)
        self.mark_after = mark_after
        self.queue: list[Committed] = []
        self.wake = asyncio.Event()
        self.must_read = True
        self.leading: Connection | None = None
        self.sure_until = self.read_at = 0.0
        self.draining = False
        self.behind = False
        self.offered = False
        self.after_publish: Any = None
        self.acknowledged: list[int] = []
        self.marking: asyncio.Future[Any] | None = None
        self.mark_now = asyncio.Event()

    def offer(self, committed: Committed) -> None:
        """Take over what was committed; too long a queue is dropped and read back later."""
        if not committed.rows:
            return
        if committed.others_unsent or self.must_read or len(self.queue) >= QUEUE_LIMIT:
            self.queue.clear()
            self.must_read = True
        else:
            self.queue.append(committed)
        self.offered = True
        self.wake.set()

    def look(self) -> None:
        """Somebody committed something, or may have: read what is unsent before anything newer is published."""
        self.must_read = True
        self.wake.set()

    @property
    def idle(self) -> bool:
        """Nothing known to be unsent, and nothing on its way."""
        return not (self.queue or self.must_read or self.draining)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.poll):
                    await self.wake.wait()
            self.wake.clear()
            try:
                if await self._lead():
                    await self._drain()
                    self.behind = False
                if self.leading is None and self.offered:
                    await self.pool.execute(Q.wake_others)
                self.offered = False
            except (*DATABASE_AWAY, PublishFailed) as error:
                log.warning("relay.failed", error=type(error).__name__, detail=str(error)[:200])
                self.behind, self.must_read = True, True
                self.queue.clear()
                await self.resign()

    async def _lead(self) -> bool:
        """Hold the relay lock in an open transaction, so that a frozen process loses it with its transaction."""
        if self.leading is not None:
            await self._make_sure(self.leading)
            return True
        conn: Any = await self.pool.acquire(timeout=5)
        try:
            await conn.execute("BEGIN")
            if await conn.fetchval(Q.try_relay_lock):
                await self.aside.look()
                self.leading, self.must_read = conn, True
                metrics.relay_leading.set(1)
                return True
            await conn.execute("ROLLBACK")
        except BaseException:  # cancelled, too: an open transaction must not go back into the pool
            await self._give_back(conn)
            raise
        await self.pool.release(conn)
        self.queue.clear()
        self.must_read = True
        return False

    async def _make_sure(self, leading: Connection) -> None:
        """Raises when the lock is lost: a frozen process wakes up later than it was sure of leading."""
        if leading.is_closed() or time.monotonic() > self.sure_until:
            await asyncio.wait_for(leading.execute("SELECT"), 5)
            self.sure_until = time.monotonic() + SURE_SECONDS

    async def _drain(self) -> None:
        """Publish and mark until nothing is left. Under a steady load that is never: so each turn makes sure of leading."""
        self.draining = True
        while self.leading and (self._should_read() or self.queue or self.marking):
            await self._make_sure(self.leading)
            if self._should_read():
                await self._read_all()
            elif self.queue:
                together = self._together()
                await self._publish([committed.rows for committed in self.queue[:together]])
                del self.queue[:together]
            elif self.marking:
                self.wake.clear()
                woken: asyncio.Future[Any] = asyncio.ensure_future(self.wake.wait())
                await asyncio.wait([self.marking, woken], return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                if self.marking.done():
                    await self._marked()
        self.draining = False

    def _should_read(self) -> bool:
        """Somebody said so, or nobody has looked for long."""
        return self.must_read or time.monotonic() > self.read_at

    def _together(self) -> int:
        """How many of the queued batches, at least one, make a publication of about ROWS_AT_ONCE."""
        rows = list(accumulate(len(committed.rows) for committed in self.queue))
        return max(1, bisect_right(rows, ROWS_AT_ONCE))

    async def _read_all(self) -> None:
        await self._all_marked()
        self.queue.clear()
        self.must_read = False
        self.read_at = time.monotonic() + READ_SECONDS
        if self.aside.is_time:
            await self._try_again()
        while self.leading and (rows := await self.pool.fetch(Q.unsent, BATCHES_AT_ONCE)):
            await self._make_sure(self.leading)
            by_batch = sorted(rows, key=itemgetter("batch", "seq"))
            batches = groupby(by_batch, itemgetter("batch"))
            await self._publish([[log_row(self.service, row) for row in batch] for _, batch in batches])
            await self._all_marked()

    async def _try_again(self) -> None:
        """Topics that took nothing first get what waits aside for them. Others wait no longer than that takes a moment."""
        self.aside.trying()
        until, refused = time.monotonic() + MOMENT, set[str]()
        while self.leading and (rows := await self.aside.next(refused)):
            await self._make_sure(self.leading)
            left = await self._publish_rows(rows)
            refused |= self.aside.refused(rows, left)
            await self.aside.sent([row for row in rows if row.seq not in left])
            if time.monotonic() > until:
                if not refused:  # all goes through: on with it as soon as the others had their turn
                    self.aside.again_at, self.must_read = 0.0, True
                return

    async def _publish(self, batches: Sequence[Sequence[LogRow]]) -> None:
        rows = [row for batch in batches for row in batch if row.topic not in self.aside.topics]
        left = await self._publish_rows(rows)
        self.aside.refused(rows, left)
        if self.after_publish:
            self.after_publish()
        sent, others = self.aside.divided(batches)
        self.acknowledged += sent
        if self.marking is None:
            self.marking = asyncio.ensure_future(self._mark())
        elif self.marking.done():
            await self._marked()
        if others and self.leading:
            await self.aside.set(self.leading, others, but={row.seq for row in rows} - left.keys())
            await self._lead_on(self.leading)

    async def _lead_on(self, leading: Connection) -> None:
        """Commit what was changed while leading: whoever leads next sees it. Then lead on, unless another is faster."""
        await leading.execute("COMMIT")
        await leading.execute("BEGIN")
        if not await leading.fetchval(Q.try_relay_lock):
            await self.resign()

    async def _publish_rows(self, rows: Sequence[LogRow]) -> Mapping[int, str]:
        try:
            left = await self.publisher.publish(rows) if rows else {}
        except Exception as error:
            raise PublishFailed(f"{type(error).__name__}: {error}") from error
        metrics.published.inc(len(rows) - len(left))
        return left

    async def _mark(self) -> None:
        """What is acknowledged by then is unsent no more. No publication from memory waits for this."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.mark_after):
                await self.mark_now.wait()
        batches, self.acknowledged = self.acknowledged, []
        await self.pool.execute(Q.mark_sent, batches)

    async def _marked(self) -> None:
        """The mark under way is committed, the next begins. Raises PostgresError and the like when it failed."""
        marking, self.marking = self.marking, None
        if marking is not None:
            await asyncio.shield(marking)
        if self.acknowledged:
            self.marking = asyncio.ensure_future(self._mark())

    async def _all_marked(self) -> None:
        """Everything acknowledged is marked, now."""
        self.mark_now.set()
        try:
            while self.marking:
                await self._marked()
        finally:
            self.mark_now.clear()

    async def resign(self) -> None:
        """Give the lock up."""
        conn, self.leading = self.leading, None
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._all_marked(), MARK_SECONDS)
        self.acknowledged.clear()
        metrics.relay_leading.set(0)
        if conn is not None:
            await self._give_back(conn)

    async def _give_back(self, conn: Any) -> None:
        with contextlib.suppress(Exception):
            conn.terminate()
        with contextlib.suppress(Exception):
            await self.pool.release(conn)


class PublishFailed(Exception):
    """The broker did not acknowledge; the rows stay unsent."""
