"""`make bench`: raw Kafka and the pipeline, interleaved, on a warmed broker, everything on this machine."""

import asyncio
import json
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.bench.load import bodies, product, send_backlog, send_steadily
from deploy.bench.raw import round_trips, spread, throughput
from deploy.bench.result import Void, keep, machine, say, summary
from deploy.bench.rush import rush
from deploy.demo.quiet import Quiet
from deploy.stack.brokerage import load
from deploy.stack.children import Child, read_running
from deploy.stack.provision import bank_register
from deploy.stack.stack import ROOT, Stack
from deploy.verify.run import verify
from yuqiao.contracts.streams import SERVICES, bank_topic
from yuqiao.runtime.messages import BEIJING
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)
BANKS = 20
RAW, RAW_FEW, RAW_ONE = "bench.raw", "bench.few", "bench.one"
RATE, STEADY_SECONDS = 100, 10.0
EVENTS_PER_NEED = 32


@dataclass
class Bench:
    """One benchmark: a stack of its own, real clock, banks that accept at once."""

    stack: Stack
    banks: list[str]
    needs: int

    def start(self) -> None:
        """Everything up, quotas out of the way."""
        products = self.stack.home / "products.yaml"
        products.write_text(yaml.safe_dump({bank: [product(bank)] for bank in self.banks}), encoding="utf-8")
        self.stack.up(self.banks, [self._simulators(products)])
        with httpx.Client(base_url=self.stack.url("notification"), headers=self.stack.operator_headers()) as client:
            for bank, body in bank_register(self.banks, self.stack.home).items():
                wide = json.loads(body) | {"daily_quota": 100_000}
                client.put(f"/banks/{bank}", json=wide, timeout=30).raise_for_status()
        kafka = self.stack.provision.kafka
        admin = AdminClient(kafka.confluent(kafka.username, kafka.password))
        for future in admin.create_topics([NewTopic(name, count, 1) for name, count in self.raw.items()]).values():
            future.result(30)

    @property
    def raw(self) -> dict[str, int]:
        """Topics of raw events, and their partitions: as many as the pipeline's events lie on; fewer, which are cheaper."""
        return {RAW: spread(load("topics.yaml"), len(self.banks)), RAW_FEW: 6, RAW_ONE: 1}

    def _simulators(self, products: Path) -> Child:
        """All banks in one process, each with its own credentials and connections: the machine is for the services."""
        command = [sys.executable, "-m", "yuqiao.bank.simulator", "--instant", "--products", str(products)]
        command += ["--env", *(str(self.stack.provision.bank_file(bank)) for bank in self.banks)]
        return Child("banks", tuple(command), {"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"})

    def raw_options(self) -> dict[str, Any]:
        """The administrator's clients: the same security as everybody's, rights on the raw topics."""
        kafka = self.stack.provision.kafka
        return kafka.options(kafka.username, kafka.password)

    async def run(self, rounds: int) -> list[dict[str, float]]:
        """Warm up, then measure; interleaved, so that a slow minute of the machine hits all alike."""
        provision = self.stack.provision
        async with Quiet(provision) as quiet:
            await quiet.products(len(self.banks))
            await self._quiet(quiet)
            say("warming up")
            for topic, partitions in self.raw.items():
                await throughput(self.raw_options(), topic, partitions, 50_000, 700)
            await self._backlog(quiet, 0, self.needs)  # as long as a round: until then the broker's JVM compiles
            found = []
            for number in range(1, rounds + 1):
                found.append(await self._round(quiet, number))
                say(f"round {number}: " + ", ".join(f"{k} {v:,.2f}" for k, v in found[-1].items()))
            await self._check(quiet)
            await rush(self.stack, self.banks[0], quiet)
        return found

    async def _round(self, quiet: Quiet, number: int) -> dict[str, float]:
        size = await quiet.admin.fetchval(Q.mean_size)
        raw = await throughput(self.raw_options(), RAW, self.raw[RAW], 100_000, size)
        few = await throughput(self.raw_options(), RAW_FEW, self.raw[RAW_FEW], 100_000, size)
        seconds, events = await self._backlog(quiet, number, self.needs)
        steady = (RATE * EVENTS_PER_NEED, STEADY_SECONDS, size)
        trips = sorted(await round_trips(self.raw_options(), RAW, self.raw[RAW], *steady))
        one = sorted(await round_trips(self.raw_options(), RAW_ONE, self.raw[RAW_ONE], *steady))
        latencies = sorted(await self._latency(quiet, number))
        result = {
            "raw_events_per_s": raw,
            "raw_few_partitions_events_per_s": few,
            "needs_per_s": self.needs / seconds,
            "events_per_s": events / seconds,
            "events_over_raw": events / seconds / raw,
            "raw_p50_ms": _quantile(trips, 0.5) * 1000,
            "raw_p99_ms": _quantile(trips, 0.99) * 1000,
            "raw_one_partition_p50_ms": _quantile(one, 0.5) * 1000,
            "p50_ms": _quantile(latencies, 0.5) * 1000,
            "p99_ms": _quantile(latencies, 0.99) * 1000,
            "max_service_rss_mib": self._rss(),
        }
        result["p50_over_round_trip"] = result["p50_ms"] / result["raw_p50_ms"]
        result["p99_over_round_trip"] = result["p99_ms"] / result["raw_p99_ms"]
        return result

    async def _backlog(self, quiet: Quiet, number: int, count: int) -> tuple[float, int]:
        """(seconds until everything is answered and quiet, events published and replies written on the way)."""
        needs = list(bodies(number * 20_000, count))
        before = await quiet.admin.fetchval(Q.published)
        last = await quiet.admin.fetchval(Q.last_of_feedback)
        began = time.perf_counter()
        async with self._client() as client:
            await send_backlog(client, needs)
        answered = 0
        while answered < 3 * count:
            new = dict(await quiet.admin.fetchrow(Q.answered_since, last) or {})  # one process writes them, in order
            answered, last = answered + new["answered"], new["last"]
            if time.perf_counter() - began > 600:
                raise Void(f"only {answered} of {3 * count} answers")
            await asyncio.sleep(0.5)  # the condition is other processes': polled, bounded, and seldom: counting costs
        await self._quiet(quiet)
        seconds = time.perf_counter() - began
        return seconds, await quiet.admin.fetchval(Q.published) - before + 3 * count

    async def _latency(self, quiet: Quiet, number: int) -> list[float]:
        """Seconds from intake's commit to the moment at which a client of the bank's topic has the need."""
        needs = list(bodies(500_000 + number * 10_000, int(RATE * STEADY_SECONDS)))
        consumer = AIOKafkaConsumer(
            **self.stack.provision.client("operator"), enable_auto_commit=False, fetch_max_wait_ms=200
        )
        await consumer.start()
        got: dict[str, float] = {}
        try:
            tps = [TopicPartition(bank_topic(bank, "needs"), 0) for bank in self.banks]
            consumer.assign(tps)
            for tp, end in (await consumer.end_offsets(tps)).items():
                consumer.seek(tp, end)
            since = datetime.now(BEIJING)

            async def receive() -> None:
                while len(got) < 3 * len(needs):
                    for records in (await consumer.getmany(timeout_ms=1000)).values():
                        now = time.time()
                        got.update({r.key.decode(): now for r in records if ("ce_type", b"need.offered") in r.headers})

            receiving = asyncio.create_task(receive())
            url = httpx.URL(self.stack.url("intake"))
            await send_steadily(url, self.stack.operator_headers(), needs, RATE)
            await asyncio.wait_for(receiving, 60)
        finally:
            await consumer.stop()
        await self._quiet(quiet)
        commits = {r["offer"]: r["committed"] for r in await quiet.admin.fetch(Q.commits, since)}
        return [moment - commits[offer] for offer, moment in got.items() if offer in commits]

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=50)
        url, headers = self.stack.url("intake"), self.stack.operator_headers()
        return httpx.AsyncClient(base_url=url, headers=headers, timeout=120, limits=limits)

    async def _quiet(self, quiet: Quiet) -> None:
        await quiet.wait(datetime.now(BEIJING), 120)

    def _rss(self) -> float:
        running = [r for r in read_running(self.stack.home) if r.name in SERVICES]
        return max(psutil.Process(r.pid).memory_info().rss for r in running) / 2**20

    async def _check(self, quiet: Quiet) -> None:
        counts = dict(await quiet.admin.fetchrow(Q.counts) or {})
        created = counts["created"]
        if (counts["matched"], counts["pushed"], counts["answered"]) != (created, 3 * created, 3 * created):
            raise Void(f"created : matched : pushed : answered is not 1 : 1 : 3 : 3 but {counts}")
        findings = [f for verdict in await verify(self.stack.provision) for f in verdict.findings]
        if findings:
            raise Void(f"the invariants do not hold: {findings[:3]}")


def _quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def bench(needs: int, rounds: int, home: Path = ROOT / "build" / "bench") -> dict[str, Any]:
    """Run it; writes build/bench.json. Raises Void."""
    before = Stack(home)
    before.down()
    if before.postgres:
        before.postgres.remove()
    shutil.rmtree(home, ignore_errors=True)
    measured = Bench(Stack(home, warm=True), list(load("banks.yaml"))[:BANKS], needs)
    say(f"machine: {machine()}")
    try:
        measured.start()
        found = asyncio.run(measured.run(rounds))
    finally:
        measured.stack.down()
    found_in_all = summary(found)
    found_in_all["medians"]["max_service_rss_mib"] = found_in_all["spread"]["max_service_rss_mib"][1]
    result = {"machine": machine(), "needs": needs, "rounds": found, **found_in_all}
    keep("pipeline", result)
    return result
