"""Moves business time: from one instant at which something can happen to the next, only when all is quiet."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.demo.quiet import Q, Quiet, Restless
from yuqiao.policy.calendar import BEIJING, WorkingCalendar

SLOTS = 8
FIRST_HOUR = 9
CLOCK_TOPIC = "yuqiao.clock.v1"
START = datetime(2022, 12, 28, FIRST_HOUR, tzinfo=BEIJING)
"""渝北金〔2022〕16号 is dated 2022-12-28."""


def slots(day: date) -> list[datetime]:
    """A day's slots: the hours from 9 to 16."""
    return [datetime(day.year, day.month, day.day, FIRST_HOUR + n, tzinfo=BEIJING) for n in range(SLOTS)]


class Conductor:
    """Steps the clock. Within one instant: what is due first, then the banks whose turn it is, in turns."""

    def __init__(
        self, quiet: Quiet, banks: Sequence[str], producer: Mapping[str, Any], operator: Mapping[str, Any]
    ) -> None:
        """`banks` in their order: bank i acts in slot i mod 8, turn i div 8."""
        self.quiet, self.banks = quiet, banks
        self.producer = AIOKafkaProducer(**producer, acks="all", enable_idempotence=True)
        self.admin = AIOKafkaAdminClient(**operator)
        self.calendar = WorkingCalendar.load()

    async def __aenter__(self) -> "Conductor":
        """Connect."""
        await self.producer.start()
        await self.admin.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self.producer.stop()
        await self.admin.close()

    async def set(self, now: datetime) -> None:
        """Set the clock and let everything that is due happen."""
        await self.quiet.admin.execute(Q.set_clock, now)
        await self.quiet.admin.fetch(Q.ring, now.isoformat())
        await self.quiet.wait(now)

    async def play(self, finished: Callable[[datetime], Awaitable[bool]], until: date) -> datetime:
        """From START until `finished` says so (asked at the end of each day). Raises Restless when `until` comes first."""
        now, day = START, START.date()
        while day <= until:
            for number, slot in enumerate(slots(day)):
                now = await self._dues_before(now, slot)
                if self.calendar.is_working(day) and slot > START:
                    now = slot
                    await self.set(now)
                    await self._banks(now, number)
            if await finished(max(now, slots(day)[-1])):
                return now
            day += timedelta(days=1)
        raise Restless(f"cases are still open on {until}")

    async def _dues_before(self, now: datetime, slot: datetime) -> datetime:
        while (due := await self.quiet.next_due()) is not None:
            moment = due.due_at.astimezone(BEIJING)
            if moment >= slot:
                break
            now = max(moment, now)
            await self.set(now)
        return now

    async def _banks(self, now: datetime, slot: int) -> None:
        """Let the banks of this slot act, one turn after another."""
        for turn, bank in enumerate(self.banks[slot::SLOTS]):
            tick = {"now": now.isoformat(), "slot": slot, "turn": turn, "working_day": True}
            sent = await self.producer.send_and_wait(CLOCK_TOPIC, json.dumps(tick).encode(), key=b"clock", partition=0)
            await self._acted(bank, sent.offset + 1)
            await self.quiet.wait(now)

    async def _acted(self, bank: str, offset: int, seconds: float = 60) -> None:
        """A bank has acted when its clock group has committed the tick."""
        partition = TopicPartition(CLOCK_TOPIC, 0)
        deadline = time.monotonic() + seconds
        while True:
            found = await self.admin.list_consumer_group_offsets(f"yuqiao.bank.{bank}.clock", partitions=[partition])
            if partition in found and found[partition].offset >= offset:
                return
            if time.monotonic() > deadline:
                raise Restless(f"{bank} does not act on its tick {offset}")
            await asyncio.sleep(0.005)  # the condition is another process's: polled, bounded
