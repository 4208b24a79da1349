"""I7 by trying: with each bank's own credentials, what it must not do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from yuqiao.contracts.streams import BANK_CHANNELS, bank_topic

PATIENCE = 10
Options = dict[str, Any]


async def attempts(options: dict[str, Options]) -> list[tuple[str, bool]]:
    """(what was tried, whether it was denied) for each bank against its neighbour. `options` by bank."""
    banks = sorted(options)
    found = []
    for number, bank in enumerate(banks):
        other = banks[(number + 1) % len(banks)] if len(banks) > 1 else f"{bank}x"
        mine = options[bank]
        found += [
            (f"{bank} reads {other}'s {channel}", await _denied(_read, mine, bank_topic(other, channel)))
            for channel in BANK_CHANNELS
        ]
        found.append((f"{bank} reads the needs stream", await _denied(_read, mine, "yuqiao.needs.v1")))
        found.append((f"{bank} joins {other}'s group", await _denied(_join, mine, bank, other)))
        found.append((f"{bank} writes its own needs", await _denied(_write, mine, bank_topic(bank, "needs"))))
        found.append((f"{bank} writes {other}'s replies", await _denied(_write, mine, bank_topic(other, "replies"))))
    return found


async def _denied(attempt: Callable[..., Awaitable[None]], *arguments: Any) -> bool:
    try:
        await asyncio.wait_for(attempt(*arguments), PATIENCE)
    except (TopicAuthorizationFailedError, GroupAuthorizationFailedError):
        return True
    return False


async def _read(options: Options, topic: str) -> None:
    consumer = AIOKafkaConsumer(**options, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.end_offsets([TopicPartition(topic, 0)])
        await consumer.getmany(timeout_ms=500)
    finally:
        await consumer.stop()


async def _join(options: Options, bank: str, other: str) -> None:
    group = f"yuqiao.bank.{other}.main"
    consumer = AIOKafkaConsumer(bank_topic(bank, "needs"), **options, group_id=group, enable_auto_commit=False)
    try:
        await consumer.start()
        await consumer.getmany(timeout_ms=500)
        await consumer.committed(TopicPartition(bank_topic(bank, "needs"), 0))
    finally:
        await consumer.stop()


async def _write(options: Options, topic: str) -> None:
    producer = AIOKafkaProducer(**options, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(topic, b"{}", key=b"intrusion", partition=0)
    finally:
        await producer.stop()
