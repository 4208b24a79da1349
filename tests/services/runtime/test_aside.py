"""A bank's topic that takes nothing: its events wait aside in order, everybody else's go on, whoever leads."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.services.runtime.test_relay import POLL, Topic, running, unsent, until
from tests.services.runtime.toy import START, Pong, record
from yuqiao.contracts.streams import bank_topic
from yuqiao.contracts.to_bank import NeedClosed
from yuqiao.runtime import aside, relay
from yuqiao.runtime.aside import Aside
from yuqiao.runtime.batch import Committed, LogRow, arrival_of_record
from yuqiao.runtime.messages import derived_id
from yuqiao.runtime.relay import Relay
from yuqiao.runtime.writing import Emitted, append

GONE = bank_topic("bank01", "needs")
BANKS = ("bank01", "bank02")
OFFER = derived_id("offer")
LEAD = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.relay'))"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "AGAIN_SECONDS", 0)


async def commit(pool: Any, writer: str, number: int) -> Committed:
    """One batch: an event for everybody, and one for each of two banks."""
    arrival = arrival_of_record(record(number, "a", str(number)))
    arrival.keys = ("a",)
    closed = [NeedClosed(at=START, bank=bank, offer=OFFER, reason="withdrawn") for bank in BANKS]
    out = [Emitted(event, arrival, n) for n, event in enumerate((Pong(thing="a", text="", at=START), *closed))]
    async with pool.acquire() as conn, conn.transaction():
        rows, others_unsent = await append(conn, "matching", out, writer)
    return Committed(START, rows, others_unsent)


@asynccontextmanager
async def leader(pool: Any, topic: Topic) -> AsyncIterator[Relay]:
    """A relay that leads, and has looked."""
    async with running(Relay("matching", pool, topic, POLL)) as one:
        await until(lambda: one.leading is not None and one.idle)
        yield one


def sequences(topic: Topic, name: str) -> list[int]:
    return [row.envelope.sequence for row in topic.rows if row.topic == name]


@pytest.mark.parametrize("read", [False, True], ids=["from memory", "by reading"])
async def test_what_a_topic_does_not_take_waits_in_order_and_holds_up_nobody(toy_pool: Any, read: bool) -> None:
    topic = Topic()
    topic.gone = {GONE}
    async with leader(toy_pool, topic) as leading:
        for number in range(6):
            committed = await commit(toy_pool, "one", number)
            if read:
                leading.look()
            else:
                leading.offer(committed)
        await until(lambda: len(topic.rows) == 12 and leading.idle)
        assert (sequences(topic, GONE), await unsent(toy_pool)) == ([], 6)
        assert sequences(topic, bank_topic("bank02", "needs")) == [1, 2, 3, 4, 5, 6]
        topic.gone = set()
        leading.look()
        await until(lambda: len(topic.rows) == 18 and leading.idle)
        leading.offer(await commit(toy_pool, "one", 6))
        await until(lambda: len(topic.rows) == 21 and leading.idle)
    assert sequences(topic, GONE) == [1, 2, 3, 4, 5, 6, 7]
    assert await unsent(toy_pool) == 0


async def test_the_next_leader_knows_what_waits_aside_and_publishes_nothing_before_it(toy_pool: Any) -> None:
    topic = Topic()
    topic.gone = {GONE}
    async with leader(toy_pool, topic) as first:
        first.offer(await commit(toy_pool, "one", 0))
        await until(lambda: len(topic.rows) == 2 and first.idle)
    topic.gone = set()
    async with leader(toy_pool, topic) as second:
        committed = await commit(toy_pool, "two", 1)
        assert not committed.others_unsent, "what waits aside is not somebody's to publish first"
        second.offer(committed)
        await until(lambda: len(topic.rows) == 6 and second.idle)
    assert sequences(topic, GONE) == [1, 2]
    assert await unsent(toy_pool) == 0


async def test_until_a_topic_is_tried_again_nothing_newer_goes_before_what_waits(
    toy_pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "AGAIN_SECONDS", 60)
    topic = Topic()
    topic.gone = {GONE}
    async with leader(toy_pool, topic) as leading:
        leading.offer(await commit(toy_pool, "one", 0))
        await until(lambda: len(topic.rows) == 2 and leading.idle)
        topic.gone = set()
        leading.offer(await commit(toy_pool, "one", 1))
        await until(lambda: len(topic.rows) == 4 and leading.idle)
        leading.aside.again_at = 0.0
        leading.look()
        await until(lambda: len(topic.rows) == 6 and leading.idle)
    assert sequences(topic, GONE) == [1, 2]


async def test_a_batch_that_is_told_aside_twice_takes_nothing_away_from_others(toy_pool: Any) -> None:
    """As one that was read from the table, and then comes from memory."""
    waiting = Aside("matching", toy_pool)
    waiting.topics = {GONE}
    first, second = [(await commit(toy_pool, "one", number)).rows for number in range(2)]
    await waiting.set(toy_pool, [first, second], ())
    await waiting.set(toy_pool, [first], ())
    assert [row.envelope.sequence for row in await waiting.next()] == [1, 2]
    await waiting.sent(first)
    await waiting.set(toy_pool, [first], ())
    assert [row.envelope.sequence for row in await waiting.next()] == [2]


async def test_what_a_topic_took_before_it_took_no_more_is_not_sent_again(toy_pool: Any) -> None:
    topic = Topic()
    topic.gone = {GONE}
    async with leader(toy_pool, topic) as leading:
        one, two = [await commit(toy_pool, "one", number) for number in range(2)]
        topic.still_taken = {row.seq for row in one.rows}
        leading.queue.append(one)
        leading.offer(two)
        await until(lambda: len(topic.rows) == 5 and leading.idle)
        assert (sequences(topic, GONE), await unsent(toy_pool)) == ([1], 1)
        topic.gone = set()
        leading.look()
        await until(lambda: len(topic.rows) == 6 and leading.idle)
    assert sequences(topic, GONE) == [1, 2]


async def test_of_what_waits_only_what_was_taken_waits_no_more(toy_pool: Any) -> None:
    topic = Topic()
    topic.gone = {GONE}
    async with leader(toy_pool, topic) as leading:
        one, two = [await commit(toy_pool, "one", number) for number in range(2)]
        for committed in (one, two):
            leading.offer(committed)
        await until(lambda: len(topic.rows) == 4 and leading.idle)
        topic.still_taken = {row.seq for row in one.rows}
        leading.look()
        await until(lambda: len(topic.rows) == 5 and leading.idle)
        assert (sequences(topic, GONE), await unsent(toy_pool)) == ([1], 1)


async def test_what_fails_while_it_is_tried_again_lets_the_others_have_their_turn(
    toy_pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "AGAIN_SECONDS", 60)

    class Silent(Topic):
        """It says nothing when it is given something for the topic that is gone."""

        async def publish(self, rows: Sequence[LogRow]) -> dict[int, str]:
            if silent and any(row.topic == GONE for row in rows):
                raise TimeoutError
            return await super().publish(rows)

    silent, topic = False, Silent()
    topic.gone = {GONE}
    async with leader(toy_pool, topic) as leading:
        leading.offer(await commit(toy_pool, "one", 0))
        await until(lambda: len(topic.rows) == 2 and leading.idle)
        silent = True
        leading.aside.again_at = 0.0
        leading.offer(await commit(toy_pool, "one", 1))
        leading.look()
        await until(lambda: len(topic.rows) == 4)


async def test_who_was_slower_to_lead_on_leads_no_more(toy_pool: Any) -> None:
    topic = Topic()
    topic.gone = {GONE}
    async with toy_pool.acquire() as other, other.transaction(), leader(toy_pool, topic) as one:
        waiting = asyncio.create_task(other.execute(LEAD))
        await until_waits(toy_pool)
        one.offer(await commit(toy_pool, "one", 0))
        await waiting
        await until(lambda: one.leading is None)
        assert await toy_pool.fetch(aside.Q.aside_topics)


async def until_waits(pool: Any) -> None:
    """Somebody waits for a lock."""
    async with asyncio.timeout(10):
        while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            await asyncio.sleep(0.01)


async def take_over(pool: Any, other: Any, one: Relay) -> None:
    """The leader's connection breaks, and another, who has waited for that, leads."""
    assert one.leading
    waiting = asyncio.create_task(other.execute(LEAD))
    await until_waits(pool)
    await pool.execute("SELECT pg_terminate_backend($1)", one.leading.get_server_pid())
    async with asyncio.timeout(10):
        await waiting


async def test_a_lost_connection_is_noticed_before_anything_goes_out(toy_pool: Any) -> None:
    topic = Topic()
    async with toy_pool.acquire() as other, other.transaction(), leader(toy_pool, topic) as one:
        await take_over(toy_pool, other, one)
        one.offer(await commit(toy_pool, "one", 0))
        await until(lambda: one.leading is None)
        assert topic.rows == []


async def test_who_leads_no_more_sets_nothing_aside(toy_pool: Any) -> None:
    class Losing(Topic):
        """While it refuses, its leader's connection breaks and another leads."""

        async def publish(self, rows: Sequence[LogRow]) -> dict[int, str]:
            await take_over(toy_pool, other, one)
            return await super().publish(rows)

    topic = Losing()
    topic.gone = {GONE}
    async with toy_pool.acquire() as other, other.transaction(), leader(toy_pool, topic) as one:
        one.offer(await commit(toy_pool, "one", 0))
        await until(lambda: one.leading is None)
        assert [len(row["seqs"]) for row in await other.fetch("SELECT seqs FROM unsent")] == [3]
        assert not await other.fetch(aside.Q.aside_topics)


async def test_a_refusal_that_takes_long_is_not_tried_again_at_once(
    toy_pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "AGAIN_SECONDS", 60)
    monkeypatch.setattr(relay, "MOMENT", 0.0)
    topic = Topic()
    topic.gone = {GONE}
    async with leader(toy_pool, topic) as first:
        first.offer(await commit(toy_pool, "one", 0))
        await until(lambda: len(topic.rows) == 2 and first.idle)
    async with leader(toy_pool, topic) as second:
        assert not second.aside.is_time
    topic.gone = set()
    async with leader(toy_pool, topic) as third:
        await until(lambda: len(topic.rows) == 3 and third.idle)
    assert sequences(topic, GONE) == [1]
