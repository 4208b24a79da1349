"""One stack with the real clock for all tests of this folder that talk to one, and its bank's own client."""

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.stack.stack import Stack
from tests.e2e.talk import BANK, next_of, product_of
from yuqiao.bank.client import BankClient
from yuqiao.bank.env import BankEnv
from yuqiao.contracts.to_bank import Receipt


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("live") / "stack")
    made.up([BANK])
    yield made
    made.down()


@pytest.fixture(scope="session")
async def bank(stack: Stack) -> Any:
    async with BankClient(BankEnv.read(stack.provision.bank_file(BANK))) as client:
        await client.write(product_of(BANK))
        listed = await next_of(client, Receipt)
        assert listed.result == "applied"
        yield client
