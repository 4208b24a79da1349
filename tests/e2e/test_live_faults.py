"""Under load, on real Kafka: services end at any moment, a replica comes and goes; every need is offered once, none is lost."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import httpx

from deploy.bench.load import bodies
from deploy.demo.quiet import Quiet
from deploy.stack.children import read_running
from deploy.stack.provision import bank_register
from deploy.stack.stack import Stack
from deploy.verify.invariants import judge
from deploy.verify.run import gather
from tests.e2e.talk import BANK, LONG_AGO, kill, next_of, restarted, wait_for
from yuqiao.bank.client import BankClient
from yuqiao.contracts.streams import SERVICES
from yuqiao.contracts.to_bank import NeedOffered

AT_ONCE = 5
A_WHILE = 15
"""Needs: so many are taken before the next process ends."""


def client_of(stack: Stack, service: str) -> httpx.AsyncClient:
    """The operator's, of a service."""
    return httpx.AsyncClient(base_url=stack.url(service), headers=stack.operator_headers(), timeout=60)


class Load:
    """Needs stated in one bulk after the other; each bulk again until it is answered."""

    def __init__(self, stack: Stack, first: int) -> None:
        self.stack, self.next = stack, first
        self.needs: list[str] = []
        self.stopping = False

    async def run(self) -> None:
        async with client_of(self.stack, "intake") as client:
            while not self.stopping:
                self.needs += await self._state(client, list(bodies(self.next, AT_ONCE)))
                self.next += AT_ONCE
                await asyncio.sleep(0.05)  # its pace

    async def _state(self, client: httpx.AsyncClient, needs: list[dict[str, object]]) -> list[str]:
        async with asyncio.timeout(60):
            while True:
                try:
                    answer = (await client.post("/needs/batch", json={"needs": needs})).raise_for_status()
                    if not [r for r in answer.json()["results"] if "problem" in r]:
                        return [str(r["need"]) for r in answer.json()["results"]]
                except httpx.HTTPError:
                    pass  # intake itself is the victim: the same bulk again, with the same ids
                await asyncio.sleep(0.1)

    async def more(self) -> None:
        """When some more needs have been taken."""
        wanted = len(self.needs) + A_WHILE
        await wait_for(lambda: len(self.needs) >= wanted)


@asynccontextmanager
async def under_load(stack: Stack, bank: BankClient, first: int) -> AsyncIterator[Load]:
    """Load while the block runs; after it, each need has come to the bank once, and its case knows one offer."""
    (entry,) = bank_register([BANK], stack.home).values()
    roomy = entry.replace('"daily_quota": 200', '"daily_quota": 100000')
    async with client_of(stack, "notification") as operator:
        (await operator.put(f"/banks/{BANK}", content=roomy)).raise_for_status()
    load = Load(stack, first)
    task = asyncio.create_task(load.run())
    try:
        await load.more()
        yield load
        await load.more()
    finally:
        load.stopping = True
        await task
    await asyncio.to_thread(stack.wait_ready, 60)
    offers = [(await next_of(bank, NeedOffered)).offer for _ in load.needs]
    assert len(set(offers)) == len(load.needs)
    known: list[str] = []
    async with asyncio.timeout(120), client_of(stack, "feedback") as feedback:
        while len(known) != len(load.needs):
            cases = [(await feedback.get(f"/cases/{need}")).json() for need in load.needs]
            known = [offer for case in cases for offer in case.get("offers", ())]
    assert sorted(known) == sorted(offers)


async def test_each_service_killed_and_all_stopped_under_load_lose_nothing_and_do_nothing_twice(
    stack: Stack, bank: BankClient
) -> None:
    """kill -9 of one after the other, then SIGTERM for all at once."""
    async with under_load(stack, bank, 100_000) as load:
        for number in (signal.SIGKILL, signal.SIGTERM):
            victims = read_running(stack.home)
            for victims_at_once in [[victim] for victim in victims] if number == signal.SIGKILL else [victims]:
                for victim in victims_at_once:
                    os.kill(victim.pid, number)
                for victim in victims_at_once:
                    await wait_for(partial(restarted, stack, victim.name, victim.pid))
                await load.more()


@contextmanager
def replica(stack: Stack, service: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """A second process of a service, and its operations address."""
    env = os.environ | stack.service_env(service, 1)
    log = stack.home / "logs" / f"{service}-2.log"
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, "-m", f"services.{service}"], env=env, stdout=out, stderr=out)
    try:
        yield process, f"http://127.0.0.1:{env['YUQIAO_OPS_PORT']}"
    finally:
        process.kill()
        process.wait(10)


def applied(address: str) -> int:
    """How many messages a process has applied; 0 while it does not answer."""
    try:
        text = httpx.get(f"{address}/metrics", timeout=5).text
    except httpx.HTTPError:
        return 0
    found = [line for line in text.splitlines() if line.startswith('yuqiao_messages_total{outcome="applied"}')]
    return int(float(found[0].split()[-1])) if found else 0


async def test_a_replica_that_comes_and_is_killed_takes_and_gives_partitions_under_load(
    stack: Stack, bank: BankClient
) -> None:
    """Twice the group is rebalanced; in between both decide, each for its own keys."""
    first = stack.url("matching", "ops")
    async with under_load(stack, bank, 300_000) as load:
        with replica(stack, "matching") as (process, second):
            await wait_for(lambda: applied(second) > A_WHILE)
            before = applied(first), applied(second)
            await load.more()
            await wait_for(lambda: applied(first) > before[0] and applied(second) > before[1])
            kill(process.pid)
        await load.more()


async def test_after_all_this_every_invariant_holds(stack: Stack) -> None:
    """But for what other tests wrote onto a stream with intake's rights."""
    async with Quiet(stack.provision) as quiet:
        await quiet.wait(LONG_AGO)
    verdicts = judge(await gather(stack.provision))
    assert {v.name.split(" ")[0] for v in verdicts if v.checked} >= {"I1", "I2", "I3", "I4", "I5", "I8", "I9", "I10"}
    findings = [f for v in verdicts for f in v.findings]
    assert all("no committed row" in f or "belongs" in f or "parked: 1" in f or "held: 1" in f for f in findings), (
        findings
    )
    assert len(SERVICES) == len(read_running(stack.home))
