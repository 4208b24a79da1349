"""Kafka away: who looks at the streams fails, and leaves no client behind that says so later on stderr."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError

from deploy.stack.streams import lag
from deploy.verify.evidence import read_records
from tests.closed import closed_port

OPTIONS = {"bootstrap_servers": f"127.0.0.1:{closed_port()}"}
PROVISION = SimpleNamespace(client=lambda _: OPTIONS, admin_dsn=lambda: "")


@pytest.mark.parametrize("look", [lambda: lag(PROVISION), lambda: read_records(OPTIONS)], ids=["lag", "records"])
def test_a_client_that_cannot_start_is_closed(
    monkeypatch: pytest.MonkeyPatch, look: Callable[[], Coroutine[Any, Any, object]]
) -> None:
    conn, complaints = AsyncMock(), []
    monkeypatch.setattr(asyncpg, "connect", AsyncMock(return_value=conn))

    async def looked() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
        with pytest.raises(KafkaConnectionError):
            await look()
        gc.collect()

    asyncio.run(looked())
    assert complaints == []
