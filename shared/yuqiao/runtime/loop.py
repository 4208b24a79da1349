"""One loop per process takes what is there — records, commands, deadlines, held and replayed messages — and runs it."""

import asyncio
import contextlib
import gc
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

import structlog
from asyncpg import Connection

from yuqiao.runtime import metrics
from yuqiao.runtime.batch import (
    Arrival,
    Batch,
    Committed,
    arrival_of_command,
    arrival_of_deadline,
    arrival_of_held,
    arrival_of_parked,
    arrival_of_record,
)
from yuqiao.runtime.book import Book
from yuqiao.runtime.database import TRANSIENT, borrowed
from yuqiao.runtime.gateway import Outcome
from yuqiao.runtime.inlet import Fetched, Inlet
from yuqiao.runtime.messages import Command, Deadline, Refused
from yuqiao.runtime.records import is_of_no_concern, record_from_row
from yuqiao.runtime.relay import Relay
from yuqiao.runtime.shell import Again, Shell, StalePosition
from yuqiao.runtime.sql import Queries

B = TypeVar("B", bound=Book)
Q = Queries.beside(__file__)
log = structlog.get_logger()

MAX_PARKED_IN_A_ROW = 100
ANSWER_AFTER = 0.005
"""Seconds: what was committed goes to the broker first. Answers take this process's time, and nobody notices so little."""


class TooManyParked(Exception):
    """One message after another cannot be decided: that is our fault, so the process stops."""


class Loop(Generic[B]):
    """Owns the order of batches. One batch is in flight at a time."""

    def __init__(self, shell: Shell[B], relay: Relay, inlet: Inlet, *, size: int, poll: float, gather: float) -> None:
        """`size` bounds a batch, `poll` seconds lie at most between two looks for what is due.

        Between two batches with commands lie at least `gather` seconds: who asks meanwhile is answered with the next.
        """
        self.shell, self.relay, self.inlet, self.pool = shell, relay, inlet, shell.pool
        self.size, self.poll, self.gather = size, poll, gather
        self.commands: list[tuple[Command, asyncio.Future[Outcome]]] = []
        self.wake = asyncio.Event()
        self.stopping = False
        self.last_turn = time.monotonic()
        self.parked_in_a_row = 0
        self._look_at = 0.0
        self._answered_at = 0.0

    def submit(self, command: Command) -> "asyncio.Future[Outcome]":
        """Queue a command; the future ends at its commit, or with Refused."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if self.stopping:
            future.set_exception(Refused("stopping", "服务正在重启，请稍后重试", 503))
        else:
            self.commands.append((command, future))
            self.wake.set()
        return future

    def look(self) -> None:
        """Something may be due: look at once."""
        self._look_at = 0.0
        self.wake.set()

    def stop(self) -> None:
        """Finish the batch in flight, then end."""
        self.stopping = True
        self.wake.set()

    async def run(self) -> None:
        """Until stopped. Raises what must stop the process."""
        while not self.stopping:
            self.last_turn = time.monotonic()
            fetched = await self._wait()
            if self.stopping:
                break
            with _all_alive():
                await self._turn(fetched)
        for _, future in self.commands:
            if not future.done():
                future.set_exception(Refused("stopping", "服务正在重启，请稍后重试", 503))

    async def _wait(self) -> Fetched | None:
        """Records, or None when something else is there to do."""
        until_look = self._look_at - time.monotonic()
        records = self.inlet.arrived()  # records are fetched also while there are commands all the time
        if self.commands:
            await asyncio.sleep(self._answered_at + self.gather - time.monotonic())
        elif until_look > 0 and not self.inlet.ready:
            waiting = asyncio.ensure_future(self.wake.wait())
            await asyncio.wait({waiting, records}, timeout=until_look, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        self.wake.clear()
        return self.inlet.take()

    async def _turn(self, fetched: Fetched | None) -> None:
        queued, self.commands = self.commands[: self.size], self.commands[self.size :]
        batch = Batch()
        if fetched:
            batch.moves = fetched.moves
            heard = self.shell.service.heard
            mine = [record for record in fetched.records if not is_of_no_concern(record, heard)]
            metrics.messages.labels("skipped").inc(len(fetched.records) - len(mine))
            batch.arrivals += [arrival_of_record(record) for record in mine]
        commands = [arrival_of_command(c) for c, _ in queued]
        batch.arrivals += commands
        due: list[Arrival] = []
        if time.monotonic() >= self._look_at:
            due = await self._retrying(self._due)
            self._look_at = time.monotonic() + self.poll
        batch.arrivals += due
        if batch.arrivals or batch.moves:
            await self._run(batch, fetched, more_due=bool(due))
        if queued:
            self._answered_at = time.monotonic()
            answers = [(future, arrival) for arrival, (_, future) in zip(commands, queued, strict=True)]
            asyncio.get_running_loop().call_later(ANSWER_AFTER, _answer, answers)

    async def _due(self) -> list[Arrival]:
        """Deadlines, replays that were asked for, held messages whose subject came or never came."""
        async with borrowed(self.pool) as conn:
            now = await self.shell.clock.read(conn)
            due = await self._deadlines(conn, now)
            kinds = self.shell.service.on
            replays = [arrival_of_parked(r, kinds) for r in await conn.fetch(Q.replay_ready, self.size)]
            held = [
                arrival_of_held(record_from_row(r), r["id"], r["expired"], r["subject"])
                for r in await conn.fetch(Q.held_ready, now, self.size)
            ]
        return replays + held + [arrival_of_deadline(d) for d in due]

    async def _deadlines(self, conn: Connection, now: datetime) -> list[Deadline]:
        """What is due, without that whose bank may have answered in time and has not been read to the end.

        Such a bank may have more than a batch takes: what is due behind that is asked for without it.
        """
        without: set[str] = set()
        while True:
            due = await self.shell.store.due(conn, now, self.size, without)
            topics = {d.after_topic for d in due if d.after_topic}
            unread = await self.inlet.unread(topics) if topics else set()
            if not unread or len(due) < self.size:
                return [d for d in due if d.after_topic not in unread]
            without |= unread

    async def _run(self, batch: Batch, fetched: Fetched | None, *, more_due: bool) -> None:
        started = time.monotonic()
        try:
            committed = await self._retrying(lambda: self.shell.run(batch))
        except StalePosition as stale:
            metrics.stale_positions.inc()
            log.warning("stale position", partitions=str(stale))
            await self._retrying(self.inlet.seek)
            rest = Batch([a for a in batch.arrivals if a.claim is None or isinstance(a.message, Command)])
            if rest.arrivals:
                await self._run(rest, None, more_due=more_due)
            return
        metrics.batch_seconds.observe(time.monotonic() - started)
        self._count(committed, len(batch.arrivals))
        self.relay.offer(committed)
        if fetched:
            self.inlet.done(fetched)
        if more_due and committed.changed:
            self._look_at = 0.0  # one batch may not take all, and what it changed may be due at once

    async def _retrying(self, action: Any) -> Any:
        """Run an action again after transient errors, with back-off, until it works or the process stops."""
        delay, failed = 0.05, False
        while True:
            try:
                return await action()
            except (*TRANSIENT, Again) as error:
                gc.enable()  # it may be long until it works
                failed = True
                metrics.retries.labels(type(error).__name__).inc()
                log.warning("retrying", error=type(error).__name__, detail=str(error)[:200], seconds=delay)
                if self.stopping:
                    raise
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped(), delay)
                delay = min(delay * 2, 5.0)
                self.last_turn = time.monotonic()
            finally:
                if failed:
                    self.relay.look()  # what seemed to fail may be committed all the same, and only its answer lost

    async def _stopped(self) -> None:
        while not self.stopping:
            self.wake.clear()
            await self.wake.wait()

    def _count(self, committed: Committed, size: int) -> None:
        metrics.batches.inc()
        metrics.batch_messages.observe(size)
        for outcome in ("applied", "skipped", "held", "parked"):
            metrics.messages.labels(outcome).inc(getattr(committed, outcome))
        self.parked_in_a_row = self.parked_in_a_row + committed.parked if not committed.applied else 0
        if self.parked_in_a_row > MAX_PARKED_IN_A_ROW:
            raise TooManyParked(f"{self.parked_in_a_row} messages in a row could not be decided")


def _answer(answers: "list[tuple[asyncio.Future[Outcome], Arrival]]") -> None:
    for future, arrival in answers:
        if future.done():
            continue
        if isinstance(arrival.outcome, BaseException):
            future.set_exception(arrival.outcome)
        else:
            future.set_result(arrival.outcome or Outcome(()))


@contextlib.contextmanager
def _all_alive() -> Iterator[None]:
    """Nobody looks for garbage meanwhile: what a batch made is all in use, and gone without a search at its end."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
