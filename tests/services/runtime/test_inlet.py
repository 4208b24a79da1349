"""Partitions may be assigned at any time, also while the database is away."""

from typing import Any

from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker

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
