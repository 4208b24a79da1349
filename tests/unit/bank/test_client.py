"""A bank's client ends, whatever aiokafka does when the broker is away."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer

from yuqiao.bank import client
from yuqiao.bank.client import started


class Away(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """A consumer whose broker went away: its stop ends with its fetch's cancellation, or not at all."""

    def __init__(self, hangs: bool) -> None:
        super().__init__()
        self.hangs = hangs
        self.upkeep = asyncio.ensure_future(asyncio.Event().wait())

    async def start(self) -> None:
        self._client._sync_task = self.upkeep

    async def stop(self) -> None:
        self._closed = True
        if self.hangs:
            await asyncio.Event().wait()
        raise asyncio.CancelledError


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_stop_that_hangs_or_is_cancelled_is_the_end_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    async with started(Away(hangs)) as consumer:
        pass
    assert consumer.upkeep.cancelled()
