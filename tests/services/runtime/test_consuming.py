"""Partitions may be assigned at any time, also while the database is away; of each is taken its share."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError
from faststream.kafka import KafkaBroker

from yuqiao.contracts.streams import bank_topic
from yuqiao.runtime import fetching
from yuqiao.runtime.consuming import KafkaInlet
from yuqiao.runtime.ends import Ends
from yuqiao.runtime.pace import Pace


class Away:
    """A pool whose database is away at first."""

    def __init__(self, pool: Any, times: int) -> None:
        self.pool, self.times = pool, times

    async def execute(self, *query: Any) -> None:
        if self.times:
            self.times -= 1
            raise ConnectionRefusedError
        await self.pool.execute(*query)

    async def fetch(self, *query: Any) -> Any:
        return await self.pool.fetch(*query)


async def test_an_assignment_while_the_database_is_away_is_taken_up_when_it_is_back(toy_pool: Any) -> None:
    pool: Any = Away(toy_pool, times=2)
    inlet = KafkaInlet(KafkaBroker(), "^things$", ("toy", "toy-1"), pool, Ends({}), size=10, pace=Pace((), waits=False))
    await inlet.on_partitions_assigned([TopicPartition("things", 0)])
    assert (pool.times, inlet.positions) == (0, {("things", 0): 0})


def _record(tp: TopicPartition, offset: int) -> Any:
    return SimpleNamespace(**tp._asdict(), offset=offset, key=None, value=None, headers=(), timestamp=0)


class Buffered:
    """A consumer that has fetched so many records of each partition. Its call number `damaged` takes, and fails."""

    def __init__(self, lying: dict[TopicPartition, int], damaged: int = -1) -> None:
        self.lying, self.damaged = lying, damaged
        self.at = dict.fromkeys(lying, 0)
        self.asked = 0

    def assignment(self) -> set[TopicPartition]:
        return set(self.lying)

    def subscription(self) -> set[str]:
        return {tp.topic for tp in self.lying}

    def paused(self) -> set[TopicPartition]:
        return set()

    def resume(self, *partitions: TopicPartition) -> None:
        pass

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.at[tp] = offset

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        found: dict[TopicPartition, list[Any]] = {}
        self.asked += 1
        for tp in partitions or self.lying:
            if taken := min(self.lying[tp] - self.at[tp], max_records):
                found[tp] = [_record(tp, self.at[tp] + n) for n in range(taken)]
                self.at[tp] += taken
                max_records -= taken
        self.damaged -= 1
        if self.damaged == -1:
            raise CorruptRecordException
        return found


A, B, C = (TopicPartition(bank_topic(bank, "replies"), 0) for bank in ("bank01", "bank02", "bank03"))
OURS = TopicPartition("things", 0)


def give(inlet: KafkaInlet, consumer: Buffered) -> None:
    inlet.subscriber.consumer = consumer  # type: ignore[assignment]  # as good as FastStream's, for an inlet


def an_inlet(pool: Any, lying: dict[TopicPartition, int]) -> KafkaInlet:
    inlet = KafkaInlet(KafkaBroker(), "^things$", ("toy", "toy-1"), pool, Ends({}), size=40, pace=Pace((), waits=False))
    inlet.positions = {(tp.topic, tp.partition): 0 for tp in lying}
    return inlet


async def fetch(toy_pool: Any, *fetches: Buffered) -> dict[TopicPartition, int]:
    """How many records of each partition the last of these fetches takes, batches being of 40."""
    inlet = an_inlet(toy_pool, fetches[0].lying)
    taken: dict[TopicPartition, int] = {}
    for consumer in fetches:
        give(inlet, consumer)
        _, found = await inlet._getmany()
        taken = {tp: len(records) for tp, records in found.items()}
    return taken


async def test_no_bank_waits_behind_another_ones_backlog(toy_pool: Any) -> None:
    backlog = Buffered({A: 1_000, B: 1_000, C: 5})
    assert await fetch(toy_pool, backlog) == {A: 40}
    again = Buffered({A: 1_000, B: 1_000, C: 5})
    assert await fetch(toy_pool, backlog, again) == {A: 22, B: 13, C: 5}


async def test_where_our_own_streams_fill_a_batch_banks_add_a_quarter(toy_pool: Any) -> None:
    backlog = {OURS: 1_000, A: 1_000, B: 1_000}
    assert await fetch(toy_pool, Buffered(backlog)) == {OURS: 40, A: 10}
    assert await fetch(toy_pool, Buffered(backlog), Buffered(backlog)) == {OURS: 40, A: 5, B: 5}
    assert await fetch(toy_pool, Buffered(backlog), Buffered({OURS: 30, A: 4, B: 0})) == {OURS: 30, A: 4}


@pytest.mark.parametrize(("damaged", "given"), [(0, {}), (1, {A: 20}), (2, {A: 20, B: 7})])
async def test_what_was_taken_when_a_fetch_failed_comes_again(
    toy_pool: Any, damaged: int, given: dict[TopicPartition, int]
) -> None:
    failing = Buffered({A: 1_000, B: 7}, damaged)
    assert await fetch(toy_pool, Buffered({A: 1_000, B: 1_000}), failing) == given
    assert failing.at == {A: 0, B: 0} | given


class Rotten(Buffered):
    """One whose partition B cannot be read from offset 7 on: a call that comes there takes all it can, and gives nothing."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        found = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        if self.at[B] > 7:
            raise CorruptRecordException
        return found


async def test_a_partition_that_is_damaged_for_good_stops_no_other_and_is_read_up_to_the_damage(
    toy_pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "FETCH_AGAIN", 0)
    monkeypatch.setattr(fetching, "UNHURRIED", 0)
    inlet = an_inlet(toy_pool, {OURS: 100, A: 300, B: 9, C: 300})
    give(inlet, consumer := Rotten({OURS: 100, A: 300, B: 9, C: 300}))
    given: dict[TopicPartition, list[int]] = {tp: [] for tp in consumer.lying}
    for _ in range(120):
        for tp, records in (await inlet._getmany())[1].items():
            given[tp] += [record.offset for record in records]
            inlet.positions[tp.topic, tp.partition] = given[tp][-1] + 1  # as if they were committed
    assert given == {OURS: list(range(100)), A: list(range(300)), B: list(range(7)), C: list(range(300))}


async def test_who_was_given_up_by_the_group_asks_for_records_or_it_is_never_assigned_again(toy_pool: Any) -> None:
    inlet = an_inlet(toy_pool, {})
    give(inlet, consumer := Buffered({A: 0}))
    inlet.arrived()
    assert inlet._fetch is None, "a consumer that was never assigned may not have started"
    await inlet.on_partitions_assigned([A])
    await inlet.on_partitions_revoked([A])
    await asyncio.wait_for(inlet.arrived(), 5)
    assert (inlet.positions, inlet.take()) == ({}, None)
    assert consumer.asked


class Silent(Buffered):
    """A consumer that gives nothing, and whose own tasks may end."""

    def __init__(self) -> None:
        super().__init__({A: 0})
        loop = asyncio.get_running_loop()
        self.coordinating = loop.create_future()
        self._fetcher = SimpleNamespace(error_future=loop.create_future())
        self._coordinator = SimpleNamespace(_coordination_task=self.coordinating)

    async def getmany(self, *partitions: TopicPartition, **bounds: int) -> dict[TopicPartition, list[Any]]:
        await asyncio.Event().wait()
        return {}


async def test_a_consumer_that_did_not_start_is_asked_for_nothing_by_the_next(toy_pool: Any) -> None:
    inlet = an_inlet(toy_pool, {})
    give(inlet, Silent())
    await inlet.on_partitions_revoked([])
    assert not inlet.arrived().done()
    assert inlet._fetch is None, "aiokafka says so before a consumer is assigned anything"
    await inlet.on_partitions_assigned([A])
    fetch = inlet.arrived()
    inlet.forget_consumer()
    await asyncio.wait({fetch}, timeout=5)
    assert (fetch.cancelled(), inlet.take(), inlet.positions) == (True, None, {})
    give(inlet, Buffered({A: 3}))
    await inlet.on_partitions_assigned([A])
    await asyncio.wait_for(inlet.arrived(), 5)
    fetched = inlet.take()
    assert fetched
    assert [record.offset for record in fetched.records] == [0, 1, 2]


async def test_a_consumer_whose_own_task_ends_is_no_more(toy_pool: Any) -> None:
    inlet = an_inlet(toy_pool, {})
    give(inlet, consumer := Silent())
    ended = asyncio.create_task(inlet.ended())
    await asyncio.sleep(0)
    assert not ended.done()
    consumer.coordinating.cancel()
    with pytest.raises(KafkaError):
        await asyncio.wait_for(ended, 5)


def test_no_timer_commits_what_is_not_done() -> None:
    options: Any = an_inlet(None, {}).subscriber._connection_args
    assert options["enable_auto_commit"] is False


async def test_of_two_who_seek_at_once_the_later_says_where_to_go_on(toy_pool: Any) -> None:
    class Slow(Away):
        waiting: asyncio.Event | None = None

        async def fetch(self, *query: Any) -> Any:
            rows = await self.pool.fetch(*query)
            if waiting := self.waiting:
                self.waiting = None
                await waiting.wait()
            return rows

    pool = Slow(toy_pool, times=0)
    inlet = an_inlet(pool, {})
    await inlet.on_partitions_assigned([A])
    give(inlet, Buffered({A: 5, B: 5}))
    first_asks = pool.waiting = asyncio.Event()
    sought = asyncio.create_task(inlet._seek([(A.topic, 0)]))
    while pool.waiting:
        await asyncio.sleep(0)
    await inlet.on_partitions_assigned([A, B])
    first_asks.set()
    await sought
    assert set(inlet.positions) == {(A.topic, 0), (B.topic, 0)}


class Ending:
    """Topics that end so."""

    def __init__(self, ends: dict[str, int]) -> None:
        self.ends = ends

    async def of(self, topics: set[str]) -> dict[str, int]:
        return {topic: end for topic, end in self.ends.items() if topic in topics}


@pytest.mark.parametrize(
    ("stored", "end", "unread", "goes_on_at"),
    [
        (57, 57, False, 57),
        (57, 58, True, 57),
        (57, 3, True, 57),
        (57, 0, False, 57),
        (None, 60, True, 0),
        (0, 57, True, 0),
    ],
    ids=["read", "more has come", "another topic of that name", "another, and empty", "made anew", "set back"],
)
async def test_a_topic_is_read_to_its_end_only_where_the_stored_position_says_so(
    toy_pool: Any, stored: int | None, end: int, unread: bool, goes_on_at: int
) -> None:
    inlet = an_inlet(toy_pool, {A: 0})
    inlet.positions = {(A.topic, 0): 57}
    inlet.ends = Ending({A.topic: end})  # type: ignore[assignment]  # as good as a broker's, here
    give(inlet, Buffered({A: 0}))
    if stored is not None:
        await toy_pool.execute("INSERT INTO position (topic, partition, next) VALUES ($1, 0, $2)", A.topic, stored)
    assert await inlet.unread({A.topic}) == ({A.topic} if unread else set())
    assert inlet.positions == {(A.topic, 0): goes_on_at}
