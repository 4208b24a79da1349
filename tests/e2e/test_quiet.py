"""The demo's clock may only move when nothing moves: an event that is published while one looks is not missed."""

import asyncio
from collections.abc import Mapping

from aiokafka import TopicPartition

from deploy.demo.quiet import Q, Quiet
from deploy.stack.stack import Stack
from tests.e2e.talk import LONG_AGO, case, next_of, state_need, wait_for
from yuqiao.bank.client import BankClient
from yuqiao.contracts.to_bank import NeedOffered


async def test_what_happens_between_two_questions_is_seen(stack: Stack, bank: BankClient) -> None:
    async with Quiet(stack.provision) as quiet:
        await quiet.wait(LONG_AGO)
        ends_of = quiet.consumer.end_offsets

        async def ends_then_a_need(partitions: list[TopicPartition]) -> Mapping[TopicPartition, int]:
            """The ends, and then a need goes all its way, so that nothing is unsent any more at the next question."""
            ends: dict[TopicPartition, int] = await ends_of(partitions)
            need = await state_need(stack, 40_001)
            await next_of(bank, NeedOffered)
            await wait_for(lambda: case(stack, need).get("stage") == "offered")
            async with asyncio.timeout(60):
                while (await quiet.admin.fetchrow(Q.at_work))["unsent"]:
                    await asyncio.sleep(0.01)
            return ends

        quiet.consumer.end_offsets = ends_then_a_need
        assert await quiet.because(LONG_AGO) == "something was committed meanwhile"
        quiet.consumer.end_offsets = ends_of
        await quiet.wait(LONG_AGO)
