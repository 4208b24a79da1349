"""The streams as `yuqiao status` shows them: how far each service is behind, what is parked or held."""

from collections import Counter
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer

from deploy.stack.partitions import partitions, readers
from deploy.stack.provision import Provision
from deploy.verify.evidence import Q
from yuqiao.bank.client import started


async def lag(provision: Provision) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """([{service, stream, lag}], {parked, held}). Raises KafkaError, TimeoutError, OSError, asyncpg.PostgresError."""
    options = provision.client("operator")
    conn = await asyncpg.connect(provision.admin_dsn(), timeout=10)
    try:
        async with started(AIOKafkaConsumer(**options, enable_auto_commit=False)) as consumer:
            ends = await consumer.end_offsets(await partitions(options))
        positions = {(r["service"], r["topic"], r["partition"]): r["next"] for r in await conn.fetch(Q.positions)}
        queues = {r["queue"]: r["count"] for r in await conn.fetch(Q.queues)}
    finally:
        await conn.close()
    behind: Counter[tuple[str, str]] = Counter()
    for tp, end in ends.items():
        for service in readers(tp.topic):
            behind[(service, tp.topic)] += end - positions.get((service, tp.topic, tp.partition), 0)
    rows = [{"service": s, "stream": t, "lag": n} for (s, t), n in sorted(behind.items())]
    waiting = {kind: sum(n for queue, n in queues.items() if queue.endswith(kind)) for kind in ("parked", "held")}
    return rows, waiting
