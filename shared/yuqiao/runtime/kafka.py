"""The broker: FastStream for connection and subscription, one idempotent producer for publication."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import (
    KafkaConnectionError,
    LeaderNotAvailableError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from yuqiao.contracts.streams import parse_bank_topic
from yuqiao.runtime.batch import LogRow
from yuqiao.runtime.settings import Settings

METADATA_MAX_AGE_MS = 5_000
PUBLISH_SECONDS = 10
DISCONNECT_SECONDS = 5
REFUSED = (
    UnknownTopicOrPartitionError,
    TopicAuthorizationFailedError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    LeaderNotAvailableError,
    NotLeaderForPartitionError,
)
"""What says that a topic takes nothing: it is not there, one may not write to it, it is given too much, nobody leads it.

The last is what aiokafka says, after a while, of a topic that is there no more.
"""


def security(settings: Settings) -> BaseSecurity | None:
    """The credentials as FastStream wants them; None for an open broker."""
    kinds = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    if not settings.kafka_security_protocol.startswith("SASL"):
        return None
    kind = kinds[settings.kafka_sasl_mechanism]
    return kind(
        username=settings.kafka_username,
        password=settings.kafka_password.get_secret_value(),
        use_ssl=settings.kafka_security_protocol == "SASL_SSL",
    )


def make_broker(settings: Settings) -> KafkaBroker:
    """A broker that notices new topics within 5 s."""
    return KafkaBroker(
        settings.kafka_bootstrap,
        security=security(settings),
        client_id=f"yuqiao-{settings.service}",
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
        consumer_only=True,
        allow_auto_create_topics=False,
        logger=None,
    )


def client_options(settings: Settings) -> dict[str, Any]:
    """The same credentials for a plain client."""
    options: dict[str, Any] = {"bootstrap_servers": settings.kafka_bootstrap}
    options["security_protocol"] = settings.kafka_security_protocol
    if settings.kafka_security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    return options


class KafkaPublisher:
    """Publishes log rows: acks=all, idempotent, murmur2 by key, every row of a call acknowledged before it returns."""

    def __init__(self, settings: Settings) -> None:
        """Not connected yet."""
        self.settings = settings
        self.producer: AIOKafkaProducer | None = None

    async def _connected(self) -> AIOKafkaProducer:
        """Connect; raises KafkaError or TimeoutError when the broker is not there."""
        producer = AIOKafkaProducer(
            **client_options(self.settings),
            client_id=f"yuqiao-{self.settings.service}",
            acks="all",
            enable_idempotence=True,
            max_batch_size=131_072,
            linger_ms=0,
            request_timeout_ms=8_000,
        )
        try:
            await asyncio.wait_for(producer.start(), 15)
        except BaseException:  # cancelled, too: a half-started producer keeps its tasks and its connection
            await disconnect(producer)
            raise
        return producer

    async def publish(self, rows: Sequence[LogRow]) -> Mapping[int, str]:
        """Return when every row is acknowledged, but those (by `seq`) that their banks' topics did not take: these, and why.

        Whatever was not acknowledged, the producer is replaced before the next call: nobody knows what it has sent.
        """
        if self.producer is None:
            self.producer = await self._connected()
        producer, sure = self.producer, False
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                refused = await _send(producer, rows)
            sure = not refused
        finally:  # cancelled, too
            if not sure:
                self.producer = None
                await disconnect(producer)
        return refused

    async def stop(self) -> None:
        """Disconnect, bounded."""
        if self.producer is not None:
            await disconnect(self.producer)
            self.producer = None


@lru_cache(maxsize=8_192)
def hashed(key: bytes) -> int:
    """Kafka's own hash of a key, murmur2: in pure Python it is worth remembering."""
    return int(murmur2(key)) & 0x7FFFFFFF


async def _send(producer: AIOKafkaProducer, rows: Sequence[LogRow]) -> dict[int, str]:
    """Per partition in order, all partitions at once; after what a bank's topic does not take nothing more goes to it.

    Gives what the banks' topics did not take, and why. Raises what any other topic's failure raises.
    """
    parts = await _partitions(producer, {row.topic for row in rows})
    failed = {topic: why for topic in parts if (why := no_taker(producer.client.cluster, topic))}
    _only_banks(failed)
    batches = _packed(producer, [row for row in rows if row.topic not in failed] if failed else rows, parts)
    taken: list[Packed] = []
    for together in zip_longest(*batches.values()):  # the first batch of each partition, then the second
        places = zip(batches, together, strict=True)
        sent = [(place, packed) for place, packed in places if packed is not None and place[0] not in failed]
        ends = await asyncio.gather(
            *(_taken(producer, *place, packed) for place, packed in sent), return_exceptions=True
        )
        for ((topic, _), packed), end in zip(sent, ends, strict=True):
            if isinstance(end, BaseException):
                failed[topic] = end
            else:
                taken.append(packed)
        _only_banks(failed)
    if not failed:
        return {}
    acknowledged = {row.seq for packed in taken for row in packed.rows}
    return {r.seq: type(failed[r.topic]).__name__ for r in rows if r.topic in failed and r.seq not in acknowledged}


async def _taken(producer: AIOKafkaProducer, topic: str, partition: int, packed: "Packed") -> None:
    """Until the broker has acknowledged it."""
    await (await producer.send_batch(packed.batch, topic, partition=partition))


def no_taker(cluster: ClusterMetadata, topic: str) -> BaseException | None:
    """Why no broker would take anything for this topic, if that is known. Our own are worth waiting for a leader."""
    every, why = cluster.partitions_for_topic(topic), None
    if not every:
        why = UnknownTopicOrPartitionError(topic)
    elif parse_bank_topic(topic) and every != cluster.available_partitions_for_topic(topic):
        why = LeaderNotAvailableError(topic)
    return why


def _only_banks(failed: Mapping[str, BaseException]) -> None:
    """Raises what else failed than a bank's topic, and what does not say that a topic takes nothing."""
    for topic, why in failed.items():
        if parse_bank_topic(topic) is None or not isinstance(why, REFUSED):
            raise why


class Packed(NamedTuple):
    """Some rows of one partition as they are sent."""

    batch: BatchBuilder
    rows: list[LogRow]


def _packed(
    producer: AIOKafkaProducer, rows: Sequence[LogRow], parts: Mapping[str, Sequence[int]]
) -> dict[tuple[str, int], list[Packed]]:
    """(topic, partition) → batches. They are built here: a future for each record costs more than it."""
    found: dict[tuple[str, int], list[Packed]] = {}
    for row in rows:
        every, key = parts[row.topic], row.key.encode()
        partition = every[hashed(key) % len(every)] if len(every) > 1 else every[0]
        batches = found.setdefault((row.topic, partition), [])
        record = {"key": key, "value": row.body, "headers": row.envelope.headers(), "timestamp": None}
        if not batches or batches[-1].batch.append(**record) is None:  # none yet, or full, and closed by that
            batches.append(Packed(producer.create_batch(), []))
            batches[-1].batch.append(**record)  # the first is always taken, refused by the broker when it is too large
        batches[-1].rows.append(row)
    return found


async def _partitions(producer: AIOKafkaProducer, topics: Collection[str]) -> dict[str, list[int]]:
    """The partitions of each topic; none of one that the broker does not have. Raises KafkaConnectionError."""
    client = producer.client
    unknown = [topic for topic in topics if not client.cluster.partitions_for_topic(topic)]
    for topic in unknown:
        client.add_topic(topic)
    for _ in range(2 if unknown else 0):  # one update may have been under way, and without them
        if not await client.force_metadata_update():
            raise KafkaConnectionError("no broker says which topics there are")
    return {topic: sorted(client.cluster.partitions_for_topic(topic) or ()) for topic in topics}


async def disconnect(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Bounded, wherever the broker is: with it away aiokafka hangs or raises, and nothing is left to save."""
    reads = isinstance(client, AIOKafkaConsumer)
    for stop in (client.stop, *([client._client.close] if reads else [client._sender.close, client.client.close])):
        await asyncio.gather(asyncio.wait_for(stop(), DISCONNECT_SECONDS), return_exceptions=True)
