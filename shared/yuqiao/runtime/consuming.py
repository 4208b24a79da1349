"""Records from Kafka: one subscription per service through FastStream, positions in Postgres, one batch in flight."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from asyncpg import Pool
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from yuqiao.contracts.streams import parse_bank_topic
from yuqiao.runtime.batch import Partition
from yuqiao.runtime.database import DATABASE_AWAY
from yuqiao.runtime.ends import Ends
from yuqiao.runtime.fetching import Fetching, Found
from yuqiao.runtime.inlet import Fetched
from yuqiao.runtime.pace import Pace
from yuqiao.runtime.records import Record
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.unfolding import install

Q = Queries.beside(__file__)
install()
log = structlog.get_logger()
FOLLOW_SECONDS = 5.0
SESSION_SECONDS = 10
POSITIONS_AGAIN = 0.5
PREFETCHED_BYTES = 256 * 1024
"""Of each partition: some batches ahead. With aiokafka's megabyte a backlog would lie in memory."""


class KafkaInlet(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """The consumer of one service. Kafka's committed offsets follow Postgres for lag tools only."""

    def __init__(
        self,
        broker: KafkaBroker,
        pattern: str,
        member: tuple[str, str],
        pool: "Pool[Any]",
        ends: Ends,
        size: int,
        pace: Pace,
    ) -> None:
        """`pattern` names every topic the service reads; topics that appear later are seen within 5 s.

        `member` is (group, instance): a static member that comes back takes its partitions at once.
        """
        self.pool, self.ends, self.pace = pool, ends, pace
        self.fetching = Fetching(size, pace, self._forget)
        self.positions: dict[Partition, int] = {}
        self.subscriber = broker.subscriber(
            pattern=pattern,
            group_id=member[0],
            group_instance_id=member[1],
            ack_policy=AckPolicy.MANUAL,  # its default commits by a timer, and asks for ever about a topic that is gone
            auto_offset_reset="earliest",
            listener=self,
            session_timeout_ms=SESSION_SECONDS * 1000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=120_000,
            fetch_max_wait_ms=pace.fetch_max_wait_ms,
            fetch_min_bytes=pace.fetch_min_bytes,
            max_partition_fetch_bytes=PREFETCHED_BYTES,
        )
        self.epoch = 0
        """Counts up when what is being fetched becomes worthless."""
        self._was_assigned = False
        """Hence started. Who never fetches is not assigned again."""
        self._fetch: asyncio.Task[tuple[int, Found]] | None = None
        self._commit: asyncio.Task[None] | None = None
        self._never: asyncio.Future[Any] | None = None
        self._asked = False

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """What was fetched before is worthless now."""
        self.epoch += 1
        self.positions.clear()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Start where Postgres says, as soon as it says: aiokafka does not ask a second time."""
        self.epoch += 1
        self._was_assigned = True
        while assigned:
            try:
                await self._seek(sorted((p.topic, p.partition) for p in assigned))
                break
            except DATABASE_AWAY as error:
                log.warning("positions unknown", error=f"{type(error).__name__}: {error}"[:200])
                await asyncio.sleep(POSITIONS_AGAIN)
        consumer = self.subscriber.consumer
        if consumer is not None and not self._asked and consumer.subscription() - {p.topic for p in assigned}:
            # A static member that comes back in time is given what it had, without the topics that are new since.
            self._asked = True
            consumer._coordinator.request_rejoin()

    async def seek(self) -> None:
        """Forget what was fetched and go on where Postgres says."""
        consumer = self.subscriber.consumer
        if consumer is not None and consumer.assignment():
            await self._seek(sorted((p.topic, p.partition) for p in consumer.assignment()))

    async def unread(self, topics: set[str]) -> set[str]:
        """Those of the topics that the service has not read to their end as of now; all of them without a broker.

        A position behind the end belonged to another topic of that name.
        """
        if not self.positions:
            return topics
        try:
            ends = await self.ends.of(topics)  # a bank's topics have one partition
        except (KafkaError, TimeoutError):
            return topics
        rows = await self.pool.fetch(Q.load_positions, list(ends), [0] * len(ends))
        read = {r["topic"]: r["next"] for r in rows}
        mine = [(topic, 0) for topic in ends if (topic, 0) in self.positions]
        if moved := [place for place in mine if read.get(place[0]) != self.positions[place]]:
            await self._seek(moved)  # by somebody: there may be nothing more to come that would show it
        return {topic for topic in topics if topic not in ends or ends[topic] not in {0, read.get(topic, 0)}}

    async def _seek(self, partitions: list[Partition]) -> None:
        """Leaves it to whoever assigns, takes away or seeks meanwhile."""
        self.epoch = epoch = self.epoch + 1
        topics, numbers = [t for t, _ in partitions], [n for _, n in partitions]
        await self.pool.execute(Q.begin_positions, topics, numbers)
        rows = await self.pool.fetch(Q.load_positions, topics, numbers)
        if self.epoch != epoch:
            return
        consumer = self.subscriber.consumer
        found = {(r["topic"], r["partition"]): r["next"] for r in rows}
        self.positions |= found
        for (topic, number), offset in found.items():
            if consumer is not None:
                consumer.seek(TopicPartition(topic, number), offset)
        self.epoch += 1  # what is being fetched may have begun elsewhere
        log.info("partitions", assigned=len(partitions))

    @property
    def ready(self) -> bool:
        """Whether a fetch has ended."""
        return self._fetch is not None and self._fetch.done()

    def arrived(self) -> "asyncio.Future[Any]":
        """The fetch under way; without a consumer, a future that never ends."""
        if self._fetch is None and self._was_assigned and self.subscriber.consumer is not None:
            self._fetch = asyncio.ensure_future(self._getmany())
        if self._fetch is not None:
            return self._fetch
        if self._never is None:
            self._never = asyncio.get_running_loop().create_future()
        return self._never

    async def _getmany(self) -> tuple[int, Found]:
        return self.epoch, await self.fetching.fetch(self.subscriber.consumer)

    def take(self) -> Fetched | None:
        """The records of the finished fetch, if they still belong to this assignment."""
        if not self.ready or self._fetch is None:
            return None
        fetch, self._fetch = self._fetch, None
        if fetch.cancelled():
            return None
        epoch, found = fetch.result()
        if epoch != self.epoch:
            self._forget(found, {})
            return None
        fetched = Fetched()
        for tp, records in sorted(
            found.items(), key=lambda item: (parse_bank_topic(item[0].topic) is not None, item[0])
        ):
            partition = (tp.topic, tp.partition)
            if partition not in self.positions:
                continue
            fetched.moves[partition] = (self.positions[partition], records[-1].offset + 1)
            fetched.records += [_record(r) for r in records]
        self.pace.taken()
        return fetched if fetched.records else None

    def _forget(self, partitions: Iterable[Any], found: Mapping[Any, Sequence[Any]]) -> None:
        """What a fetch took away that began before a seek and ended after it, or that failed midway, is fetched again.

        All but what it gave, `found`.
        """
        consumer = self.subscriber.consumer
        for tp in partitions:
            position = found[tp][-1].offset + 1 if tp in found else self.positions.get((tp.topic, tp.partition))
            if consumer is not None and position is not None and tp in consumer.assignment():
                consumer.seek(tp, position)

    @property
    def connected(self) -> bool:
        """Whether a broker is there. aiokafka tries again in silence while none is."""
        consumer = self.subscriber.consumer
        return consumer is not None and any(conn.connected() for conn in consumer._client._conns.values())

    async def ended(self) -> None:
        """Waits while the consumer's own tasks live. Raises KafkaError when one has ended: nobody would begin it again."""
        consumer: Any = self.subscriber.consumer
        tasks = {consumer._fetcher.error_future, consumer._coordinator._coordination_task}
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        raise KafkaError(f"the consumer works no more: {ended}")

    def forget_consumer(self) -> None:
        """It is no more, or never was: the next one is assigned anew. A fetch of this one's would never end."""
        if self._fetch is not None:
            self._fetch.cancel()
        self._fetch, self._was_assigned = None, False
        self.epoch += 1
        self.positions.clear()

    def done(self, fetched: Fetched) -> None:
        """Move on, and let Kafka's committed offsets follow without waiting for them."""
        self.pace.done(full=len(fetched.records) >= self.fetching.size)
        for partition, (_, following) in fetched.moves.items():
            if partition in self.positions:
                self.positions[partition] = following
        if self._commit is None or self._commit.done():
            self._commit = asyncio.ensure_future(self._follow())

    async def _follow(self, after: float = FOLLOW_SECONDS) -> None:
        await asyncio.sleep(after)  # offsets for lag tools need not be fresher, and each commit costs the broker
        consumer = self.subscriber.consumer
        if consumer is None:
            return
        mine = consumer.assignment()
        offsets = {TopicPartition(t, n): o for (t, n), o in self.positions.items() if TopicPartition(t, n) in mine}
        with contextlib.suppress(KafkaError, ValueError, TimeoutError):  # of a topic that is gone it would ask for ever
            await asyncio.wait_for(consumer.commit({tp: o for tp, o in offsets.items() if o > 0}), FOLLOW_SECONDS)

    async def stop(self) -> None:
        """Let the last offsets follow, then stop fetching."""
        for task in (self._fetch, self._commit):
            if task is not None:
                task.cancel()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._follow(after=0), 2)
        await self.ends.stop()


def _record(raw: Any) -> Record:
    return Record(raw.topic, raw.partition, raw.offset, raw.key, raw.value, raw.headers, raw.timestamp)
