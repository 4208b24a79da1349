"""The loop around the shell, on a real database: transient trouble is tried again, a zombie goes on, a stop is whole."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from tests.services.runtime import toy
from tests.services.runtime.test_effectively_once import begin, log, texts
from tests.services.runtime.test_relay import Topic, running, until
from tests.services.runtime.toy import Nudge, Overdue, batch, record
from yuqiao.runtime.batch import Batch, Committed
from yuqiao.runtime.clock import SystemClock
from yuqiao.runtime.inlet import Fetched
from yuqiao.runtime.loop import MAX_PARKED_IN_A_ROW, Loop, TooManyParked
from yuqiao.runtime.messages import Deadline, Refused
from yuqiao.runtime.records import Record
from yuqiao.runtime.relay import Relay
from yuqiao.runtime.shell import Shell

BANK = "yuqiao.bank.bank01.replies.v1"


class Tape:
    """Records as they are put on; what `seek` and `unread` are asked."""

    def __init__(self) -> None:
        self.waiting: list[Fetched] = []
        self.sought = 0
        self.behind: set[str] = set()
        self._comes = asyncio.get_running_loop().create_future()

    def put(self, *records: Record) -> None:
        self.waiting.append(Fetched(list(records), dict(batch(*records).moves)))
        if not self._comes.done():
            self._comes.set_result(None)

    @property
    def ready(self) -> bool:
        return bool(self.waiting)

    def arrived(self) -> "asyncio.Future[Any]":
        if not self.waiting and self._comes.done():
            self._comes = asyncio.get_running_loop().create_future()
        return self._comes

    def take(self) -> Fetched | None:
        return self.waiting.pop(0) if self.waiting else None

    def done(self, fetched: Fetched) -> None:
        pass

    async def seek(self) -> None:
        self.sought += 1

    async def unread(self, topics: set[str]) -> set[str]:
        return topics & self.behind


class DueStore(toy.ToyStore):
    """A toy whose thing `a` is overdue once, unless its bank may still have answered."""

    async def due(self, conn: Any, now: datetime, limit: int, unread: Collection[str] = ()) -> list[Deadline]:
        done = "overdue" in str(await conn.fetch("SELECT body FROM counted WHERE thing = 'a'"))
        return [] if done else [Overdue(key="a", due_at=toy.START, after_topic=BANK)]


class CrowdedStore(DueStore):
    """The same, for no bank; before that lie more deadlines of one bank than a batch takes."""

    async def due(self, conn: Any, now: datetime, limit: int, unread: Collection[str] = ()) -> list[Deadline]:
        if BANK not in unread:
            return [Overdue(key=str(number), due_at=toy.START, after_topic=BANK) for number in range(limit)]
        return [due.but(after_topic=None) for due in await super().due(conn, now, limit)]


def make_loop(pool: Any, tape: Tape, store: Any = None) -> Loop[toy.ToyBook]:
    shell = Shell(toy.toy, store or toy.ToyStore(), pool, SystemClock(), writer="one", held_for=timedelta(days=1))
    return Loop(shell, Relay("matching", pool, Topic(), 1), tape, size=500, poll=0.05, gather=0)


@asynccontextmanager
async def looping(pool: Any, tape: Tape, store: Any = None) -> AsyncIterator[Loop[toy.ToyBook]]:
    loop = make_loop(pool, tape, store)
    running = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        loop.stop()
        await asyncio.wait_for(running, 10)


async def counted(pool: Any, thing: str, wanted: tuple[str, ...]) -> None:
    async with asyncio.timeout(10):
        while await texts(pool, thing) != wanted:
            await asyncio.sleep(0.01)


async def test_a_connection_that_is_cut_off_in_the_middle_costs_nothing_but_time(toy_pool: Any) -> None:
    await begin(toy_pool)
    tape, cut = Tape(), 3

    def cut_off() -> None:
        nonlocal cut
        if cut:
            cut -= 1
            raise ConnectionResetError

    async with looping(toy_pool, tape) as loop:
        loop.shell.before_commit = cut_off
        tape.put(record(0, "a", "1"), record(1, "a", "2"))
        command = loop.submit(Nudge(id="c", thing="b"))
        await counted(toy_pool, "a", ("1", "2"))
        assert not (await command).repeated
    assert cut == 0
    assert await log(toy_pool, "a") == [(1, "1"), (2, "2")]


@pytest.mark.parametrize("trouble", [None, TooManyParked()])
async def test_nobody_looks_for_garbage_while_a_batch_is_there(toy_pool: Any, trouble: Exception | None) -> None:
    await begin(toy_pool)
    tape, seen, loop = Tape(), [], make_loop(toy_pool, Tape())

    def look() -> None:
        seen.append(gc.isenabled())
        loop.stop()
        if trouble:
            raise trouble

    loop.inlet, loop.shell.before_commit = tape, look
    tape.put(record(0, "a", "1"))
    (ended,) = await asyncio.gather(asyncio.wait_for(loop.run(), 10), return_exceptions=True)
    assert (seen, ended, gc.isenabled()) == ([False], trouble, True)


async def test_garbage_is_looked_for_while_the_database_is_away(toy_pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await begin(toy_pool)
    tape, seen = Tape(), []

    async def away(_: Batch) -> Committed:
        seen.append(gc.isenabled())
        raise ConnectionResetError

    async with looping(toy_pool, tape) as loop:
        monkeypatch.setattr(loop.shell, "run", away)
        tape.put(record(0, "a", "1"))
        await until(lambda: len(seen) == 2)
        monkeypatch.undo()
        await counted(toy_pool, "a", ("1",))
    assert (seen, gc.isenabled()) == ([False, True], True)


async def test_a_commit_whose_answer_is_lost_is_published_before_anything_newer(
    toy_pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(toy_pool)
    tape, topic = Tape(), Topic()
    async with looping(toy_pool, tape) as loop, running(loop.relay):
        loop.relay.publisher = topic
        await until(lambda: loop.relay.leading is not None and loop.relay.idle)
        run = loop.shell.run

        async def unanswered(batch: Batch) -> Committed:
            monkeypatch.setattr(loop.shell, "run", run)  # once
            await run(batch)
            raise ConnectionResetError

        monkeypatch.setattr(loop.shell, "run", unanswered)
        tape.put(record(0, "a", "1"))
        await until(lambda: tape.sought == 1)
        tape.put(record(1, "a", "2"))
        await until(lambda: len(topic.rows) == 2)
    assert topic.said == [("a", 1), ("a", 2)]


async def test_backends_that_are_terminated_are_the_database_being_away(toy_pool: Any) -> None:
    await begin(toy_pool)
    tape = Tape()
    untouched = await asyncpg.connect(toy_pool._connect_args[0])
    async with looping(toy_pool, tape):
        for number in range(20):
            tape.put(record(number, "a", str(number)))
            await untouched.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await counted(untouched, "a", tuple(map(str, range(20))))
    assert [s for s, _ in await log(untouched, "a")] == list(range(1, 21))
    await untouched.close()


async def test_a_bank_that_cannot_be_read_hides_nobody_elses_deadlines(toy_pool: Any) -> None:
    await begin(toy_pool)
    tape = Tape()
    tape.behind = {BANK}
    async with looping(toy_pool, tape, CrowdedStore()):
        tape.put(record(0, "a", "1"))
        await counted(toy_pool, "a", ("1", "overdue"))


async def test_a_zombie_seeks_and_still_answers_its_commands(toy_pool: Any) -> None:
    await begin(toy_pool)
    tape = Tape()
    async with looping(toy_pool, tape) as loop:
        await toy_pool.execute("UPDATE position SET next = 7")  # another process went on while this one was frozen
        tape.put(record(0, "a", "1"))
        assert (await loop.submit(Nudge(id="c", thing="b"))).events
        await until(lambda: tape.sought == 1)
    assert (await texts(toy_pool, "a"), await texts(toy_pool, "b")) == ((), ("c",))


async def test_many_parked_in_a_row_stop_the_process(toy_pool: Any) -> None:
    await begin(toy_pool)
    tape = Tape()
    wrong = [record(n, f"thing{n}", str(n), "raise") for n in range(MAX_PARKED_IN_A_ROW + 1)]
    tape.put(*wrong[:-1])
    tape.put(wrong[-1])
    with capture_logs(), pytest.raises(TooManyParked):  # a hundred tracebacks take their time
        await asyncio.wait_for(make_loop(toy_pool, tape).run(), 10)
    assert await toy_pool.fetchval("SELECT count(*) FROM parked") == len(wrong)


async def test_a_deadline_waits_until_its_banks_replies_are_read(toy_pool: Any) -> None:
    await begin(toy_pool)
    tape = Tape()
    tape.behind = {BANK}
    looks = 0
    async with looping(toy_pool, tape, DueStore()) as loop:
        tape.put(record(0, "a", "1"))
        await counted(toy_pool, "a", ("1",))
        look: Callable[[set[str]], Any] = tape.unread

        async def seen(topics: set[str]) -> set[str]:
            nonlocal looks
            looks += 1
            found: set[str] = await look(topics)
            return found

        tape.unread = seen  # type: ignore[method-assign]  # the same, counting how often it is asked
        await until(lambda: looks >= 3)
        assert await texts(toy_pool, "a") == ("1",)
        tape.behind = set()
        loop.look()
        await counted(toy_pool, "a", ("1", "overdue"))


async def test_who_asks_a_loop_that_stops_is_told_so(toy_pool: Any) -> None:
    async with looping(toy_pool, Tape()) as loop:
        assert (await loop.submit(Nudge(id="1", thing="a"))).events
    with pytest.raises(Refused) as refused:
        await loop.submit(Nudge(id="2", thing="a"))
    assert (refused.value.code, refused.value.status) == ("stopping", 503)
    assert await texts(toy_pool, "a") == ("1",)


async def test_a_stop_in_the_middle_of_a_batch_lets_it_commit_and_begins_no_other(toy_pool: Any) -> None:
    await begin(toy_pool)
    tape = Tape()
    loop = make_loop(toy_pool, tape)
    loop.shell.before_commit = loop.stop
    tape.put(record(0, "a", "1"))
    tape.put(record(1, "a", "2"))
    asked = loop.submit(Nudge(id="c", thing="b"))
    await asyncio.wait_for(loop.run(), 10)
    assert (await asked).events
    assert (await texts(toy_pool, "a"), await toy_pool.fetchval("SELECT next FROM position")) == (("1",), 1)
