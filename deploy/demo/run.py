"""`make demo`: everything from an empty folder to closed cases, and a report of what happened."""

import asyncio
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.demo import legend
from deploy.demo.conductor import START, Conductor
from deploy.demo.only import alone, ended_by
from deploy.demo.quiet import Q, Quiet
from deploy.demo.report import Report, collect, show, write
from deploy.sample.make_sample import write_list
from deploy.stack.brokerage import load
from deploy.stack.children import Child
from deploy.stack.stack import ROOT, Stack
from deploy.verify.run import verify

LONGEST = timedelta(days=240)


@dataclass(frozen=True)
class Wanted:
    """What to play."""

    needs: int = 1662
    banks: int = 8
    seed: int = 16
    keep: bool = False
    matching: int = 1
    home: Path = ROOT / "build" / "demo"


def say(text: str) -> None:
    """A line of progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def play(wanted: Wanted, on_day: Callable[[datetime, Stack], Awaitable[None]] | None = None) -> Report:
    """Play it. `on_day` is called each business day: what a test does to the processes. Raises DemoRunning."""
    with alone(wanted.home):
        return _fresh(wanted, on_day)


def _fresh(wanted: Wanted, on_day: Callable[[datetime, Stack], Awaitable[None]] | None) -> Report:
    began = time.monotonic()
    before = Stack(wanted.home, starts_at=START)
    before.down()
    if before.postgres:
        before.postgres.remove()
    shutil.rmtree(wanted.home, ignore_errors=True)
    stack = Stack(wanted.home, starts_at=START, seed=wanted.seed)
    banks = list(load("banks.yaml"))[: wanted.banks]
    say(f"starting Kafka, Postgres, four services and {len(banks)} simulated banks under {wanted.home}")
    with nullcontext() if wanted.keep else ended_by(stack.down):
        extra = [simulator(stack, bank, number, wanted.seed) for number, bank in enumerate(banks)]
        stack.up(banks, extra, {"matching": wanted.matching})
        say(f"all ready after {time.monotonic() - began:.0f} s; importing {wanted.needs} needs")
        report = asyncio.run(_play(stack, banks, wanted, on_day))
        report.seconds = round(time.monotonic() - began, 1)
        write(report, wanted.home)
        show(report)
        say(f"{report.seconds:.0f} s in all{'' if wanted.keep else '; stopping what was started'}")
    if wanted.keep:
        say(_left(stack))
    say(f"next: open {wanted.home / 'report.html'} in a browser; `make up` starts the same services on the real clock")
    return report


def _left(stack: Stack) -> str:
    """What a demo that is kept leaves, where its HTTP is and how it ends."""
    intake, feedback = stack.url("intake"), stack.url("feedback")
    return (
        f"left running under {stack.home}: intake's HTTP is {intake}, feedback's {feedback}; their routes are described at"
        f" {intake}/docs and {feedback}/docs; end it with `yuqiao down --home {stack.home}`"
    )


def simulator(stack: Stack, bank: str, number: int, seed: int) -> Child:
    """A simulated bank as a supervised process that has the bank's file and nothing else."""
    command = [sys.executable, "-m", "yuqiao.bank.simulator", "--env", str(stack.provision.bank_file(bank))]
    command += ["--seed", str(seed), "--index", str(number)]
    command += ["--products", str(ROOT / "deploy" / "sample" / "products.yaml")]
    return Child(bank, tuple(command), {"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}", "PYTHONUNBUFFERED": "1"})


async def _play(
    stack: Stack, banks: list[str], wanted: Wanted, on_day: Callable[[datetime, Stack], Awaitable[None]] | None
) -> Report:
    provision = stack.provision
    async with Quiet(provision) as quiet:
        await quiet.products(sum(len(load("sample/products.yaml")[bank]) for bank in banks))
        await quiet.wait(START)
        await asyncio.to_thread(_import, stack, wanted)
        await quiet.wait(START)
        async with Conductor(quiet, banks, provision.client("conductor"), provision.client("operator")) as conductor:

            async def day_over(now: datetime) -> bool:
                row = await quiet.admin.fetchrow(Q.day)
                per_bank = await quiet.admin.fetch(Q.pushed_per_bank)
                _progress(now, dict(row or {}), {r["bank"]: r["count"] for r in per_bank})
                if on_day:
                    await on_day(now, stack)
                return row is not None and row["open"] == 0

            say(legend.PROGRESS)
            ended = await conductor.play(day_over, (START + LONGEST).date())
        await quiet.wait(ended)
        say("all cases are closed; checking the invariants")
        invariants = await verify(stack.provision)
        return await collect(quiet.admin, wanted.seed, ended, invariants)


def _import(stack: Stack, wanted: Wanted) -> None:
    file = stack.home / "need-list.xlsx"
    write_list(file, wanted.needs, wanted.seed)
    with httpx.Client(base_url=stack.url("intake"), headers=stack.operator_headers(), timeout=300) as client:
        answer = client.post("/lists", params={"name": "need-list"}, files={"file": (file.name, file.read_bytes())})
        answer.raise_for_status()
        result: dict[str, Any] = answer.json()
    say(f"imported: {result['added']} added, {result['refused']} refused, of {result['rows']} rows")


def _progress(now: datetime, day: dict[str, Any], per_bank: dict[str, int]) -> None:
    banks = " ".join(f"{bank[-2:]}={count}" for bank, count in per_bank.items())
    say(
        f"{now.date()}  imported {day['imported']}  pushed {sum(per_bank.values())} ({banks})  answered {day['answered']}"
        f"  overdue {day['overdue']}  offered on {day['offered_on']}  resolved {day['resolved']}"
    )
