"""Where topics end, asked by a client of its own."""

import asyncio
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from yuqiao.runtime.kafka import disconnect

ASKING_SECONDS = 5.0


class Ends:
    """A consumer that reads nothing.

    The one that reads by a pattern must not be asked for a topic that it does not know yet: from then on aiokafka asks the
    broker for that topic alone, the pattern matches nothing else, and the service reads no more.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        """`options` of a client, as of `client_options`. Not connected yet."""
        self._options = options
        self._consumer: AIOKafkaConsumer | None = None
        self._one = asyncio.Lock()

    async def of(self, topics: Collection[str]) -> dict[str, int]:
        """The end of partition 0 of each of these topics that is there. Raises KafkaError, TimeoutError."""
        async with self._one:
            try:
                async with asyncio.timeout(ASKING_SECONDS):
                    consumer = await self._started()
                    there = sorted(set(topics) & await consumer.topics())
                    ends = await consumer.end_offsets([TopicPartition(topic, 0) for topic in there])
            except BaseException:  # cancelled, too: the next one to ask begins anew
                await self._stop()
                raise
            return {tp.topic: end for tp, end in ends.items()}

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(**self._options)
            await self._consumer.start()
        return self._consumer

    async def stop(self) -> None:
        """Disconnect, bounded."""
        async with self._one:
            await self._stop()

    async def _stop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await disconnect(consumer)
