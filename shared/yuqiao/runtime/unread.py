"""How long the oldest event on a bank's topic has been waiting for the bank's main group to read it."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from asyncpg import Connection

from yuqiao.contracts.streams import parse_bank_topic
from yuqiao.runtime.ends import Ends
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)


async def bank_unread_seconds(options: dict[str, Any], ends: Ends, conn: Connection) -> dict[str, float]:
    """Seconds by bank; 0 for a bank that has read everything. Raises KafkaError, TimeoutError."""
    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    try:
        named = [(topic, parse_bank_topic(topic)) for topic in await admin.list_topics()]
        banks = {topic: bank[0] for topic, bank in named if bank and bank[1] == "needs"}
        found = {}
        for topic, end in (await ends.of(banks)).items():
            bank, tp = banks[topic], TopicPartition(topic, 0)
            group = f"yuqiao.bank.{bank}.main"
            kept = (await admin.list_consumer_group_offsets(group, partitions=[tp])).get(tp)
            behind = end - max(kept.offset if kept else 0, 0)
            waited = await conn.fetchval(Q.waiting_since, topic, behind - 1) if behind > 0 else None
            found[bank] = float(waited or 0.0)
    finally:
        await admin.close()
    return found
