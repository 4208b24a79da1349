"""Partitions may be assigned at any time, also while the database is away; of each is taken its share."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException
from faststream.kafka import KafkaBroker

from yuqiao.contracts.streams import bank_topic
from yuqiao.runtime.consuming import KafkaInlet
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
    inlet = KafkaInlet(KafkaBroker(), "^things$", ("toy", "toy-1"), pool, size=10, pace=Pace((), waits=False))
    await inlet.on_partitions_assigned([TopicPartition("things", 0)])
    assert (pool.times, inlet.positions) == (0, {("things", 0): 0})


class Buffered:
    """A consumer that has fetched so many records of each partition. Its call number `damaged` takes, and fails."""

    def __init__(self, lying: dict[TopicPartition, int], damaged: int = -1) -> None:
        self.lying, self.damaged = lying, damaged
        self.at = dict.fromkeys(lying, 0)

    def assignment(self) -> set[TopicPartition]:
        return set(self.lying)

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
        for tp in partitions or self.lying:
            if taken := min(self.lying[tp] - self.at[tp], max_records):
                found[tp] = [SimpleNamespace(offset=self.at[tp] + n) for n in range(taken)]
                self.at[tp] += taken
                max_records -= taken
        self.damaged -= 1
        if self.damaged == -1:
            raise CorruptRecordException
        return found


A, B, C = (TopicPartition(bank_topic(bank, "replies"), 0) for bank in ("bank01", "bank02", "bank03"))
OURS = TopicPartition("things", 0)


async def fetch(toy_pool: Any, *fetches: Buffered) -> dict[TopicPartition, int]:
    """How many records of each partition the last of these fetches takes, batches being of 40."""
    inlet = KafkaInlet(KafkaBroker(), "^things$", ("toy", "toy-1"), toy_pool, size=40, pace=Pace((), waits=False))
    inlet.positions = {(tp.topic, tp.partition): 0 for tp in fetches[0].lying}
    taken: dict[TopicPartition, int] = {}
    for inlet.subscriber.consumer in fetches:  # type: ignore[assignment]  # as good as FastStream's, for an inlet
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
