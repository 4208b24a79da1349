"""A thousand needs at once for ten places: quotas under the crowd that they are for."""

import asyncio
from datetime import datetime
from typing import Any

import httpx

from deploy.bench.load import bodies, product
from deploy.bench.result import Void, say
from deploy.demo.quiet import Quiet
from deploy.stack.stack import Stack
from yuqiao.bank.client import BankClient
from yuqiao.bank.env import BankEnv
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.runtime.messages import BEIJING
from yuqiao.runtime.sql import Queries

Q = Queries.beside(__file__)
PRODUCT, PLACES, PATIENCE = "rush", 10, 120
FIRST, NEEDS, AMOUNT = 900_000, 1_000, "200000000.00"
"""So much money that no other product of the benchmark suits."""


async def rush(stack: Stack, bank: str, quiet: Quiet) -> None:
    """All ask in the same moment. Raises Void unless just ten have an offer and all others wait for room."""
    async with BankClient(BankEnv.read(stack.provision.bank_file(bank))) as client:
        await client.write(_product(bank))
    await quiet.wait(datetime.now(BEIJING), PATIENCE)
    limits = httpx.Limits(max_connections=NEEDS)
    url, headers = stack.url("intake"), stack.operator_headers()
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE, limits=limits) as intake:
        await asyncio.gather(*[_ask(intake, need | {"amount_cny": AMOUNT}) for need in bodies(FIRST, NEEDS)])
    await quiet.wait(datetime.now(BEIJING), PATIENCE)
    found = dict(await quiet.admin.fetchrow(Q.rush, PRODUCT) or {})
    say(f"{NEEDS} needs at once for {PLACES} places: {found}")
    if found != {"offered": PLACES, "waiting": NEEDS - PLACES}:
        raise Void(f"{NEEDS} needs at once for {PLACES} places: {found}")


async def _ask(intake: httpx.AsyncClient, need: dict[str, Any]) -> None:
    body = {name: value for name, value in need.items() if name != "id"}
    answer = await intake.post("/needs", json=body, headers={"Idempotency-Key": f"rush-{need['id']}"})
    answer.raise_for_status()


def _product(bank: str) -> ProductPublished:
    own = {"product": PRODUCT, "min_amount_cny": AMOUNT, "max_amount_cny": AMOUNT, "daily_quota": PLACES}
    return ProductPublished.model_validate(product(bank) | own | {"at": datetime.now(BEIJING), "bank": bank})
