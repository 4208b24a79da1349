"""Publication on a real database: in order, once where nothing breaks, again where something did, never by two at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest

from tests.services.runtime.test_effectively_once import begin, make_shell
from tests.services.runtime.toy import START, Pong, batch, record
from yuqiao.runtime import relay as relay_module
from yuqiao.runtime.batch import Committed, LogRow, arrival_of_record
from yuqiao.runtime.relay import BATCHES_AT_ONCE, Q, Relay
from yuqiao.runtime.shell import StalePosition
from yuqiao.runtime.writing import Emitted, append

POLL = 0.05


class Topic:
    """A publisher that keeps what it is given; `away` makes it refuse, `gone` topics take nothing but `still_taken`."""

    def __init__(self) -> None:
        self.rows: list[LogRow] = []
        self.away = False
        self.gone: set[str] = set()
        self.still_taken: set[int] = set()

    async def publish(self, rows: Sequence[LogRow]) -> dict[int, str]:
        if self.away:
            raise ConnectionError("no broker")
        taken = [row for row in rows if row.topic not in self.gone or row.seq in self.still_taken]
        self.rows += taken
        return {row.seq: "gone" for row in rows if row not in taken}

    @property
    def said(self) -> list[tuple[str, int]]:
        return [(row.key, row.envelope.sequence) for row in self.rows]


class Crash(BaseException):
    """The process ends here."""


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def unsent(pool: Any) -> int:
    (counts,) = await pool.fetch(Q.counts)
    return int(counts["unsent"])


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with suppress(BaseException):
            await task
        await relay.resign()


async def commit(pool: Any, writer: str, offset: int, *texts: str) -> Committed:
    if offset == 0:
        await begin(pool)
    return await make_shell(pool, writer).run(batch(*(record(offset + n, "a", t) for n, t in enumerate(texts))))


async def test_what_is_committed_is_published_in_order_and_marked(toy_pool: Any) -> None:
    topic = Topic()
    async with running(Relay("matching", toy_pool, topic, POLL)) as relay:
        await until(lambda: relay.leading is not None and relay.idle)
        relay.offer(await commit(toy_pool, "one", 0, "1", "2"))
        relay.offer(await commit(toy_pool, "one", 2, "3"))
        await until(lambda: len(topic.rows) == 3 and relay.idle)
    assert topic.said == [("a", 1), ("a", 2), ("a", 3)]
    assert await unsent(toy_pool) == 0


async def test_from_memory_and_from_the_table_it_is_the_same_record(toy_pool: Any) -> None:
    committed = await commit(toy_pool, "one", 0, "1")
    topic = Topic()
    async with running(Relay("matching", toy_pool, topic, POLL)):
        await until(lambda: bool(topic.rows))
    assert [(r.body, r.envelope.headers()) for r in topic.rows] == [
        (r.body, r.envelope.headers()) for r in committed.rows
    ]


async def test_a_crash_between_commit_and_publication_does_nothing_twice_and_loses_nothing(toy_pool: Any) -> None:
    await commit(toy_pool, "dying", 0, "1", "2")  # and its process is gone: nothing is published, no offset followed
    with pytest.raises(StalePosition):
        await make_shell(toy_pool, "next").run(batch(record(0, "a", "1"), record(1, "a", "2")))
    topic = Topic()
    committed = await commit(toy_pool, "next", 2, "3")
    async with running(Relay("matching", toy_pool, topic, POLL)) as relay:
        relay.offer(committed)
        await until(lambda: len(topic.rows) == 3 and relay.idle)
    assert topic.said == [("a", 1), ("a", 2), ("a", 3)]
    assert await unsent(toy_pool) == 0


async def test_one_mark_is_for_all_that_was_published_meanwhile(toy_pool: Any) -> None:
    topic = Topic()
    async with running(Relay("matching", toy_pool, topic, POLL, mark_after=60.0)) as relay:
        await until(lambda: relay.leading is not None and relay.idle)
        for offset in range(3):
            relay.offer(await commit(toy_pool, "one", offset, str(offset)))
            await until(lambda: len(topic.rows) == offset + 1)  # noqa: B023 - awaited in this turn
        assert await unsent(toy_pool) == 3
        relay.mark_now.set()
        await until(lambda: relay.idle)
        assert await unsent(toy_pool) == 0
    assert topic.said == [("a", 1), ("a", 2), ("a", 3)]


async def test_reading_does_not_wait_for_a_mark_to_be_due(toy_pool: Any) -> None:
    topic = Topic()
    async with running(Relay("matching", toy_pool, topic, POLL, mark_after=60.0)) as relay:
        await until(lambda: relay.leading is not None and relay.idle)
        relay.offer(await commit(toy_pool, "one", 0, "1"))
        await until(lambda: len(topic.rows) == 1)
        await commit(toy_pool, "other", 1, "2")
        relay.look()
        await until(lambda: len(topic.rows) == 2)
    assert topic.said == [("a", 1), ("a", 2)]


async def test_what_nobody_told_of_is_found_all_the_same(toy_pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "READ_SECONDS", 0.1)
    topic = Topic()
    async with running(Relay("matching", toy_pool, topic, POLL)) as relay:
        await until(lambda: relay.leading is not None and relay.idle)
        await commit(toy_pool, "other", 0, "1")
        await until(lambda: len(topic.rows) == 1)


async def test_a_long_reading_makes_sure_of_the_lock_before_each_publication(toy_pool: Any) -> None:
    topic = Topic()
    for offset in range(BATCHES_AT_ONCE + 1):
        await commit(toy_pool, "other", offset, str(offset))
    relay = Relay("matching", toy_pool, topic, POLL)
    leading: list[Any] = []

    def lost() -> None:
        leading.append(relay.leading)
        if len(leading) == 1 and relay.leading:
            relay.leading.terminate()
            relay.sure_until = 0.0

    relay.after_publish = lost
    async with running(relay):
        await until(lambda: len(leading) > 1)
    assert leading[0] is not leading[1]


async def test_who_lost_the_lock_while_a_mark_was_waiting_publishes_under_a_new_one_only(toy_pool: Any) -> None:
    topic = Topic()
    leading: list[Any] = []
    async with running(Relay("matching", toy_pool, topic, POLL, mark_after=60.0)) as relay:
        relay.after_publish = lambda: leading.append(relay.leading)
        await until(lambda: relay.leading is not None and relay.idle)
        held = relay.leading
        assert held is not None
        relay.offer(await commit(toy_pool, "one", 0, "1"))
        await until(lambda: len(topic.rows) == 1)
        assert relay.draining
        await toy_pool.execute("SELECT pg_terminate_backend($1)", held.get_server_pid())
        relay.sure_until = 0.0
        relay.offer(await commit(toy_pool, "one", 1, "2"))
        await until(lambda: len(leading) > 1)
    assert leading[0] is held
    assert held not in leading[1:]


async def test_a_crash_between_publication_and_mark_publishes_the_same_again(toy_pool: Any) -> None:
    await commit(toy_pool, "one", 0, "1", "2")
    topic = Topic()

    def crash() -> None:
        raise Crash

    dying = Relay("matching", toy_pool, topic, POLL)
    dying.after_publish = crash
    with suppress(Crash):
        await asyncio.wait_for(dying.run(), 10)
    await dying.resign()
    assert await unsent(toy_pool) == 2
    async with running(Relay("matching", toy_pool, topic, POLL)) as relay:
        await until(lambda: len(topic.rows) == 4 and relay.idle)
    first, again = topic.rows[:2], topic.rows[2:]
    assert [(r.envelope.id, r.body) for r in first] == [(r.envelope.id, r.body) for r in again]
    assert await unsent(toy_pool) == 0


async def test_a_broker_that_comes_back_gets_everything_once(toy_pool: Any) -> None:
    topic = Topic()
    topic.away = True
    async with running(Relay("matching", toy_pool, topic, POLL)) as relay:
        relay.offer(await commit(toy_pool, "one", 0, "1"))
        await until(lambda: relay.behind)
        relay.offer(await commit(toy_pool, "one", 1, "2"))
        topic.away = False
        await until(lambda: len(topic.rows) == 2 and relay.idle)
    assert topic.said == [("a", 1), ("a", 2)]


async def test_of_two_relays_one_publishes_and_the_other_takes_over(toy_pool: Any) -> None:
    topics = Topic(), Topic()
    first, second = (Relay("matching", toy_pool, topic, POLL) for topic in topics)
    async with running(second):
        async with running(first):
            await until(lambda: (first.leading is None) != (second.leading is None))
            leader, other = (first, second) if first.leading else (second, first)
            other.offer(await commit(toy_pool, "other", 0, "1"))
            committed = await commit(toy_pool, "leader", 1, "2")
            leader.look()  # as the other's notification makes it
            leader.offer(committed)
            await until(lambda: sum(len(t.rows) for t in topics) == 2)
            assert other.leading is None
        await commit(toy_pool, "one", 2, "3")
        await until(lambda: second.leading is not None)
        second.look()
        await until(lambda: sum(len(t.rows) for t in topics) == 3)
    assert sorted(topics[0].said + topics[1].said) == [("a", 1), ("a", 2), ("a", 3)]


async def test_a_frozen_leader_loses_the_lock_and_publishes_nothing_when_it_wakes(toy_pool: Any) -> None:
    frozen_pool = await asyncpg.create_pool(
        toy_pool._connect_args[0],
        min_size=1,
        max_size=2,
        server_settings={"idle_in_transaction_session_timeout": "200ms"},
    )
    topics = Topic(), Topic()
    frozen, other = Relay("matching", frozen_pool, topics[0], POLL), Relay("matching", toy_pool, topics[1], POLL)
    try:
        assert await frozen._lead()
        async with running(other):  # nobody runs the first: it hears nothing, and its transaction is idle
            committed = await commit(toy_pool, "frozen", 0, "1")
            await until(lambda: len(topics[1].rows) == 1)
            frozen.sure_until = 0.0
            frozen.must_read = False
            frozen.offer(committed)
            async with running(frozen):
                await until(lambda: frozen.behind)
                assert frozen.leading is None
        assert topics[0].rows == []
    finally:
        frozen_pool.terminate()


async def test_who_waited_for_a_keys_number_hears_that_what_is_before_it_is_unsent(toy_pool: Any) -> None:
    """Two processes write of one key under different locks: the second must read back, not publish from memory."""
    arrival = arrival_of_record(record(0, "a", "x"))
    arrival.keys = ("a",)
    said = [Emitted(Pong(thing="a", text="", at=START), arrival, 0)]
    async with toy_pool.acquire() as one, toy_pool.acquire() as other:
        transaction = one.transaction()
        await transaction.start()
        await append(one, "toy", said, "one")
        later = [said[0]._replace(ordinal=1)]
        async with other.transaction():
            waiting = asyncio.create_task(append(other, "toy", later, "other"))
            blocked = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            async with asyncio.timeout(10):
                while not await toy_pool.fetchval(blocked):
                    await asyncio.sleep(0.01)
            await transaction.commit()
            (row,), others_unsent = await waiting
    assert (row.envelope.sequence, others_unsent) == (2, True)
