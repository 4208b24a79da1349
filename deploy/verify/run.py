"""Gathers the evidence of a stack and has it judged."""

import asyncio
from typing import Any

import asyncpg
import httpx

from deploy.stack.children import read_running
from deploy.stack.provision import Provision
from deploy.verify.evidence import Evidence, Q, read_logs, read_records, read_states
from deploy.verify.intrusion import attempts
from deploy.verify.invariants import Verdict, judge
from yuqiao.contracts.streams import SERVICES, parse_bank_topic


async def gather(provision: Provision, intrude: bool = True) -> Evidence:
    """Read everything. Raises OSError, KafkaError, asyncpg's errors when something cannot be reached."""
    evidence = Evidence()
    conn = await asyncpg.connect(provision.admin_dsn())
    try:
        evidence.logs = await read_logs(conn)
        evidence.records, evidence.ends = await read_records(provision.client("operator"))
        rows = await conn.fetch(Q.positions)
        evidence.positions = {(r["service"], r["topic"], r["partition"]): r["next"] for r in rows}
        evidence.queues = {r["queue"]: r["count"] for r in await conn.fetch(Q.queues)}
        for row in await conn.fetch(Q.event_counts):
            evidence.counts.setdefault(row["service"], {})[row["type"]] = row["count"]
    finally:
        await conn.close()
    evidence.states = await read_states({s: provision.dsn(s) for s in SERVICES}, evidence.logs)
    evidence.metrics = {c.name: _said(c.url) for c in read_running(provision.home) if c.name in SERVICES}
    if intrude:
        banks = sorted({found[0] for topic, _ in evidence.ends if (found := parse_bank_topic(topic))})
        evidence.intrusions = await asyncio.to_thread(attempts, {b: provision.confluent(f"bank-{b}") for b in banks})
    return evidence


def _said(url: str) -> dict[str, int]:
    """What a service's /metrics says of its event log, by type."""
    found = {}
    for line in httpx.get(f"{url}/metrics", timeout=10).text.splitlines():
        if line.startswith('yuqiao_log_events{type="'):
            name, value = line.removeprefix('yuqiao_log_events{type="').split('"} ')
            found[name] = int(float(value))
    return found


async def verify(provision: Provision) -> list[Verdict]:
    """Judge a stack."""
    return judge(await gather(provision))


def as_json(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """[{name, checked, findings}]."""
    return [{"name": v.name, "checked": v.checked, "findings": list(v.findings)} for v in verdicts]
