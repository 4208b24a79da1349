"""Needs by the thousand: valid bodies, sent through intake's partner interface."""

import asyncio
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx

from deploy.sample.enterprises import enterprise

AT_ONCE = 500
SEED = 16


def bodies(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Live needs of the enterprises from number `first` on (below 1 000 000), each with consent for any bank."""
    until = (date.today() + timedelta(days=365)).isoformat()  # noqa: DTZ011 - a letter's last day, any will do
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


async def send_backlog(client: httpx.AsyncClient, needs: list[dict[str, Any]]) -> None:
    """All of them, in bulks, one after another. Raises when a single one is refused."""
    for start in range(0, len(needs), AT_ONCE):
        answer = await client.post("/needs/batch", json={"needs": needs[start : start + AT_ONCE]})
        answer.raise_for_status()
        problems = [r["problem"] for r in answer.json()["results"] if "problem" in r]
        if problems:
            raise ValueError(f"{len(problems)} needs were refused: {problems[0]}")


async def send_steadily(client: httpx.AsyncClient, needs: list[dict[str, Any]], per_second: int) -> None:
    """One request each, at a steady rate, whatever the answers take."""
    began = time.perf_counter()
    waiting = []
    for number, need in enumerate(needs):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        body = {name: value for name, value in need.items() if name != "id"}
        waiting.append(asyncio.create_task(client.post("/needs", json=body, headers={"Idempotency-Key": need["id"]})))
    for answer in await asyncio.gather(*waiting):
        answer.raise_for_status()
