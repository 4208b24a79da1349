"""How tests talk to a live stack and its bank: state needs, wait for what comes, end processes."""

import asyncio
import operator
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import psutil
import yaml

from deploy.bench.load import bodies
from deploy.stack.children import read_running
from deploy.stack.stack import Stack
from tests.tidy.checks import ROOT
from yuqiao.bank.client import BankClient, Received
from yuqiao.contracts.base import BankEvent
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.streams import SERVICES
from yuqiao.contracts.to_bank import Receipt
from yuqiao.runtime.messages import BEIJING

BANK = "bank01"
LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+08:00")
"""Nothing is due then."""
COMPARISONS = {">": operator.gt, "<": operator.lt}


def product_of(bank: str) -> ProductPublished:
    product = {
        "bank": bank,
        "product": "live",
        "name": "测试",
        "at": datetime.now(BEIJING),
        "min_amount_cny": "10000.00",
        "max_amount_cny": "100000000.00",
        "min_term_months": 1,
        "max_term_months": 120,
        "annual_rate": "0.0385",
        "daily_quota": 100_000,
        "valid_from": "2022-01-01",
        "valid_until": "2099-12-31",
    }
    return ProductPublished.model_validate(product)


async def until(client: BankClient, wanted: Callable[[Received], bool], seconds: float = 60) -> Any:
    """The next event that is wanted; others are passed over."""

    async def find() -> Any:
        async for received in client.events():
            if wanted(received):
                return received.event
        raise AssertionError("the client stopped")

    return await asyncio.wait_for(find(), seconds)


async def next_of(client: BankClient, kind: type[BankEvent]) -> Any:
    return await until(client, lambda r: isinstance(r.event, kind))


def refused(received: Received) -> bool:
    return isinstance(received.event, Receipt) and received.event.result == "refused"


async def state_need(stack: Stack, number: int) -> str:
    """State one need live; gives its id."""
    (body,) = bodies(number, 1)
    key = body.pop("id")
    async with httpx.AsyncClient(base_url=stack.url("intake"), headers=stack.operator_headers(), timeout=60) as client:
        answer = await client.post("/needs", json=body, headers={"Idempotency-Key": key})
        answer.raise_for_status()
        again = await client.post("/needs", json=body, headers={"Idempotency-Key": key})
        assert again.headers["idempotent-replay"] == "true"
        other = await client.post("/needs", json=body | {"term_months": 6}, headers={"Idempotency-Key": key})
        if other.is_server_error:
            other.raise_for_status()
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        return str(answer.json()["need"])


async def state_need_patiently(stack: Stack, number: int) -> str:
    for _ in range(100):
        try:
            return await state_need(stack, number)
        except (httpx.HTTPError, KeyError):
            await asyncio.sleep(0.3)
    raise AssertionError("intake does not come back")


def case(stack: Stack, need: str) -> dict[str, Any]:
    answer = httpx.get(f"{stack.url('feedback')}/cases/{need}", headers=stack.operator_headers(), timeout=30)
    found: dict[str, Any] = answer.json()
    return found


async def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come"
        await asyncio.sleep(0.1)


def restarted(stack: Stack, name: str, pid: int) -> bool:
    return any(c.name == name and c.pid != pid for c in read_running(stack.home))


def kill(pid: int | None) -> None:
    """kill -9, and gone."""
    assert pid
    process = psutil.Process(pid)
    process.kill()
    process.wait(10)


def funnel(stack: Stack) -> Any:
    return httpx.get(f"{stack.url('feedback')}/funnel", headers=stack.operator_headers(), timeout=30).json()


def firing(stack: Stack) -> set[tuple[str, str]]:
    """(alert, service) of every alert whose condition holds in a scrape of that service now."""
    alerts = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))
    found = set()
    for service in SERVICES:
        lines = httpx.get(f"{stack.url(service, 'ops')}/metrics", timeout=10).text.splitlines()
        said = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
        for rule in alerts["groups"][0]["rules"]:
            metric, comparison, bound = rule["expr"].split()
            values = [float(value) for name, value in said if name.split("{")[0] == metric]
            if any(COMPARISONS[comparison](value, float(bound)) for value in values):
                found.add((rule["alert"], service))
    return found
