"""What a bank's engineer writes goes out over one connection; each receipt is waited for there."""

import asyncio
import contextlib
from collections.abc import Sequence

import typer

from yuqiao.bank.client import BankClient, read, watching
from yuqiao.bank.env import BankEnv
from yuqiao.contracts.from_bank import ProductRecord, Reply
from yuqiao.contracts.to_bank import Receipt

Answers = dict[str, Receipt | None]
"""The ce_id of each event that was written, in their order, and its receipt: None while there is none."""


async def send(env: BankEnv, events: Sequence[Reply | ProductRecord], seconds: float, answers: Answers) -> None:
    """Write them, say at once which are written, wait so long for their receipts. Raises KafkaError, TimeoutError.

    However it ends, `answers` has all that is known to be written.
    """
    async with watching(env, env.receipts, from_start=False) as consumer, BankClient(env) as client:
        for event in events:
            event_id = await client.write(event)
            answers[event_id] = None
            typer.echo(f"已写入 {event.key}，ce_id {event_id}", err=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while None in answers.values():
                    for records in (await consumer.getmany(timeout_ms=500)).values():
                        for received in filter(None, map(read, records)):
                            if isinstance(received.event, Receipt) and received.event.answers in answers:
                                answers[received.event.answers] = received.event
