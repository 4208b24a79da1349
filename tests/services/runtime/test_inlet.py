"""Partitions may be assigned at any time, also while the database is away; of each is taken its share."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from faststream.kafka import KafkaBroker

from yuqiao.contracts.streams import bank_topic
from yuqiao.runtime.inlet import KafkaInlet
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
    """A consumer that has fetched these many records of each partition; asked for too often, it says that the broker is away."""

    def __init__(self, lying: dict[TopicPartition, int], answers: int = 1_000) -> None:
        self.lying, self.answers = dict(lying), answers

    def assignment(self) -> set[TopicPartition]:
        return set(self.lying)

    def paused(self) -> set[TopicPartition]:
        return set()

    def resume(self, *partitions: TopicPartition) -> None:
        pass

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int
    ) -> dict[TopicPartition, list[str]]:
        self.answers -= 1
        if self.answers < 0:
            raise KafkaConnectionError
        found: dict[TopicPartition, list[str]] = {}
        for tp in partitions or self.lying:
            if taken := min(self.lying[tp], max_records):
                found[tp] = [tp.topic] * taken
                self.lying[tp] -= taken
                max_records -= taken
        return found


A, B, C = (TopicPartition(bank_topic(bank, "replies"), 0) for bank in ("bank01", "bank02", "bank03"))
OURS = TopicPartition("things", 0)


async def fetch(toy_pool: Any, *fetches: Buffered) -> dict[TopicPartition, int]:
    """How many records of each partition the last of these fetches takes, batches being of 40."""
    inlet = KafkaInlet(KafkaBroker(), "^things$", ("toy", "toy-1"), toy_pool, size=40, pace=Pace((), waits=False))
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


async def test_what_was_taken_before_an_error_is_not_lost(toy_pool: Any) -> None:
    backlog = {A: 1_000, B: 1_000}
    assert await fetch(toy_pool, Buffered(backlog), Buffered(backlog, answers=1)) == {A: 20}
