"""What the same secured broker gives without any of ours: `send()` and consume, events of the same size."""

import asyncio
import time
from datetime import datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from yuqiao.contracts.envelope import Envelope
from yuqiao.contracts.streams import BANKS
from yuqiao.runtime.messages import BEIJING

Options = dict[str, Any]


def spread(topics: dict[str, Any], banks: int) -> int:
    """Over how many partitions a need's events lie: all of topics.yaml but the bank register's and the products'."""
    shared = sum(topic["partitions"] for name, topic in topics["shared"].items() if name != BANKS.name)
    return int(shared + banks * sum(t["partitions"] for channel, t in topics["bank"].items() if channel != "products"))


def headers() -> list[tuple[str, bytes]]:
    """The headers that our events have."""
    return Envelope(str(uuid4()), "bench.raw", "yuqiao/bench", datetime.now(BEIJING), "bench", 1).headers()


async def throughput(options: Options, topic: str, partitions: int, events: int, size: int) -> float:
    """Events per second: produce `events` of `size` bytes (acks=all, idempotent), then consume them all."""
    producer = AIOKafkaProducer(**options, acks="all", enable_idempotence=True, max_batch_size=131_072)
    consumer = AIOKafkaConsumer(**options, enable_auto_commit=False)
    await asyncio.gather(producer.start(), consumer.start())
    try:
        tps = [TopicPartition(topic, p) for p in range(partitions)]
        consumer.assign(tps)
        await consumer.seek_to_end(*tps)
        ends = await consumer.end_offsets(tps)
        for tp in tps:
            consumer.seek(tp, ends[tp])
        body, pairs = b"x" * size, headers()
        keys = [str(uuid4()).encode() for _ in range(events)]
        began = time.perf_counter()
        futures = [await producer.send(topic, body, key=key, headers=pairs) for key in keys]
        await asyncio.gather(*futures)
        seen = 0
        while seen < events:
            seen += sum(len(r) for r in (await consumer.getmany(timeout_ms=1000, max_records=2000)).values())
        return events / (time.perf_counter() - began)
    finally:
        await asyncio.gather(producer.stop(), consumer.stop())


async def round_trips(
    options: Options, topic: str, partitions: int, per_second: int, seconds: float, size: int
) -> list[float]:
    """Seconds from send to receipt of each event, at a steady rate, over all partitions by key."""
    producer = AIOKafkaProducer(**options, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(**options, enable_auto_commit=False, fetch_max_wait_ms=200)
    await asyncio.gather(producer.start(), consumer.start())
    sent: dict[bytes, float] = {}
    took: list[float] = []
    total = int(per_second * seconds)
    try:
        tps = [TopicPartition(topic, p) for p in range(partitions)]
        consumer.assign(tps)
        for tp, end in (await consumer.end_offsets(tps)).items():
            consumer.seek(tp, end)
        pairs = headers()

        async def receive() -> None:
            while len(took) < total:
                for records in (await consumer.getmany(timeout_ms=1000)).values():
                    now = time.perf_counter()
                    took.extend(now - sent[r.key] for r in records if r.key in sent)

        receiving = asyncio.create_task(receive())
        began = time.perf_counter()
        for n in range(total):
            key = str(n).encode()
            await asyncio.sleep(max(0.0, began + n / per_second - time.perf_counter()))
            sent[key] = time.perf_counter()
            await producer.send(topic, b"x" * size, key=key, headers=pairs)
        await asyncio.wait_for(receiving, 30)
        return took
    finally:
        await asyncio.gather(producer.stop(), consumer.stop())
