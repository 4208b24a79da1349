"""The whole stack with its real services: up, up again, kill -9 of its supervisor, down; of everything: in `tests/e2e`."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from deploy.stack.children import read_running
from deploy.stack.processes import ended
from deploy.stack.provision import bank_register
from deploy.stack.stack import Stack
from tests.stack.conftest import BANKS, kill
from yuqiao.contracts.streams import SERVICES


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    made = Stack(folder / "whole")
    try:
        made.up(BANKS)
        yield made
    finally:
        made.down()
        if made.postgres:
            made.postgres.remove()


def pids(stack: Stack) -> dict[str, int]:
    return {row["name"]: row["pid"] for row in stack.status()}


def registered(stack: Stack) -> list[str]:
    async def ask() -> list[str]:
        conn = await asyncpg.connect(stack.provision.admin_dsn(), timeout=5)
        try:
            return [row["id"] for row in await conn.fetch("SELECT id FROM notification.bank ORDER BY id")]
        finally:
            await conn.close()

    return asyncio.run(ask())


def test_up_makes_everything_ready(stack: Stack) -> None:
    assert [row["name"] for row in stack.status()] == ["kafka", "postgres", *SERVICES]
    assert all(row["ready"] and row["why"] == [] for row in stack.status())
    assert registered(stack) == BANKS


def test_a_second_up_changes_no_process(stack: Stack) -> None:
    before = pids(stack)
    Stack(stack.home).up(BANKS)
    assert pids(stack) == before


def test_a_bank_that_was_switched_off_stays_so(stack: Stack) -> None:
    with httpx.Client(base_url=stack.url("notification"), headers=stack.operator_headers(), timeout=30) as operator:
        operator.post(f"/banks/{BANKS[0]}/disable").raise_for_status()
        stack.up(BANKS)
        assert {bank["bank"]: bank["enabled"] for bank in operator.get("/banks").json()} == {
            bank: bank != BANKS[0] for bank in BANKS
        }
        entry = bank_register(BANKS, stack.home)[BANKS[0]]
        operator.put(f"/banks/{BANKS[0]}", content=entry).raise_for_status()
        assert all(bank["enabled"] for bank in operator.get("/banks").json())


def test_an_up_with_one_more_bank_adds_it_to_what_runs(stack: Stack) -> None:
    before = pids(stack)
    stack.up([*BANKS, "bank03"])
    assert pids(stack) == before
    assert registered(stack) == [*BANKS, "bank03"]
    assert stack.provision.bank_file("bank03").is_file()


def test_up_after_kill_9_of_the_supervisor_alone_waits_for_the_new_services(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The orphans are alive and ready: their readiness is not their successors'."""
    before = pids(stack)
    orphans = [psutil.Process(before[service]) for service in SERVICES]
    assert stack.supervisor.process
    kill(stack.supervisor.process.pid)
    ready: list[dict[str, int]] = []
    wait_ready = stack.wait_ready

    def noted(seconds: float) -> None:
        wait_ready(seconds)
        ready.append(pids(stack))

    monkeypatch.setattr(stack, "wait_ready", noted)
    stack.up(BANKS)
    after = pids(stack)
    assert ready == [after]
    assert all(after[service] != before[service] for service in SERVICES)
    assert all(ended(process, 0) for process in orphans)


def test_down_ends_also_what_a_killed_supervisor_left(stack: Stack) -> None:
    assert stack.supervisor.process
    kill(stack.supervisor.process.pid)
    left = [psutil.Process(r.pid) for r in read_running(stack.home)]
    stack.down()
    assert all(ended(process, 0) for process in left)
    assert not [row for row in stack.status() if row["pid"]]
