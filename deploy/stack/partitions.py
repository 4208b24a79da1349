"""Which partitions there are. A consumer knows those of its subscription only, so the administration client is asked."""

from collections.abc import Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from yuqiao.contracts.streams import BANK_READERS, SHARED, parse_bank_topic


async def partitions(options: Mapping[str, Any]) -> list[TopicPartition]:
    """Every partition of every topic of ours that these credentials may see, sorted."""
    admin = AIOKafkaAdminClient(**options)
    try:
        await admin.start()
        found = await admin.describe_topics()
    finally:
        await admin.close()
    return sorted(
        TopicPartition(topic["topic"], part["partition"])
        for topic in found
        if topic["topic"].startswith("yuqiao.")
        for part in topic["partitions"]
    )


def readers(topic: str) -> frozenset[str]:
    """The services that read a topic."""
    bank = parse_bank_topic(topic)
    if bank:
        reader = BANK_READERS[bank[1]]
        return frozenset({reader} if reader else ())
    return next((frozenset(map(str, s.readers)) for s in SHARED if s.name == topic), frozenset())
