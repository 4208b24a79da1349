"""Needs by the thousand: valid bodies, sent through intake's partner interface."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import httpx

from deploy.sample.enterprises import enterprise
from yuqiao.runtime.messages import BEIJING

AT_ONCE = 500
AT_A_TIME = 32
SEED = 16


def bodies(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Live needs of the enterprises from number `first` on (below 1 000 000), each with consent for any bank."""
    until = (datetime.now(BEIJING) + timedelta(days=365)).date().isoformat()
    for number in range(first, first + count):
        owner = enterprise(SEED, number)
        yield {
            "id": f"bench-{number}",
            "enterprise_name": owner.name,
            "uscc": owner.uscc,
            "kind": "new_loan",
            "amount_cny": "1000000.00",
            "term_months": 12,
            "industry": owner.industry,
            "contact_name": owner.contact,
            "contact_phone": owner.phone,
            "consent": {"letter": f"bench-{number}", "banks": ["*"], "expires_on": until},
        }


def product(bank: str) -> dict[str, Any]:
    """A bank's product that suits every one of them, its quota out of the way."""
    return {
        "product": f"{bank}-bench",
        "name": "测试",
        "min_amount_cny": "10000.00",
        "max_amount_cny": "100000000.00",
        "min_term_months": 1,
        "max_term_months": 120,
        "annual_rate": "0.0385",
        "daily_quota": 100_000,
        "valid_from": "2022-01-01",
        "valid_until": "2099-12-31",
    }


async def send_backlog(client: httpx.AsyncClient, needs: list[dict[str, Any]]) -> None:
    """All of them, in bulks, one after another. Raises when a single one is refused."""
    for start in range(0, len(needs), AT_ONCE):
        answer = await client.post("/needs/batch", json={"needs": needs[start : start + AT_ONCE]})
        answer.raise_for_status()
        problems = [r["problem"] for r in answer.json()["results"] if "problem" in r]
        if problems:
            raise ValueError(f"{len(problems)} needs were refused: {problems[0]}")


async def send_steadily(url: httpx.URL, headers: dict[str, str], needs: list[dict[str, Any]], per_second: int) -> None:
    """One request each, at a steady rate, whatever the answers take; through the leanest client there is."""
    idle = [HTTPConnection(url.host, url.port, timeout=60) for _ in range(AT_A_TIME)]

    def send(need: dict[str, Any]) -> None:
        connection = idle.pop()
        body = {name: value for name, value in need.items() if name != "id"}
        named = headers | {"Content-Type": "application/json", "Idempotency-Key": need["id"]}
        connection.request("POST", "/needs", json.dumps(body), named)
        answer = connection.getresponse()
        if answer.status >= 300:
            raise ValueError(f"{answer.status}: {answer.read()[:200]!r}")
        answer.read()
        idle.append(connection)

    began = time.perf_counter()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        waiting = []
        for number, need in enumerate(needs):
            await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            waiting.append(asyncio.get_running_loop().run_in_executor(pool, send, need))
        await asyncio.gather(*waiting)
    for connection in idle:
        connection.close()
