"""What a service takes of its topics for one batch, and in which order."""

import asyncio
from collections.abc import Sequence
from typing import Any

from yuqiao.contracts.streams import parse_bank_topic
from yuqiao.runtime.pace import Pace

Found = dict[Any, Any]
"""Partition → records, in the order of their offsets."""


class Fetching:
    """Our own streams first, then what banks say to them: so their replies seldom have to be held."""

    def __init__(self, size: int, pace: Pace) -> None:
        """`size` records fill a batch."""
        self.size, self.pace = size, pace
        self._crowded = False

    async def fill(self, found: Found, consumer: Any) -> None:
        """Add what has come to `found`; waits for something. What it raises leaves there what was taken before."""
        await asyncio.sleep(self.pace.until_next())
        wait_ms = int(self.pace.begin(consumer) * 1000)
        banks = sorted(tp for tp in consumer.assignment() if parse_bank_topic(tp.topic))
        if ours := consumer.assignment() - set(banks):
            found |= await consumer.getmany(*ours, max_records=self.size)
        if banks:
            await self._hear(consumer, banks, found)
        if not found:
            found |= await consumer.getmany(timeout_ms=wait_ms, max_records=self.size)
        self.pace.fetched(consumer, found, all_of_it=_count(found) < self.size)

    async def _hear(self, consumer: Any, banks: Sequence[Any], found: Found) -> None:
        """Add what has come from banks, so much that a batch is full, and a quarter of one in any case.

        When that was less than all, the next takes as much of each bank first: none waits behind another's backlog, and
        what several say of one need is read together.
        """
        most = max(self.size - _count(found), self.size // 4)
        full = _count(found) + most
        for bank in banks if self._crowded else ():
            found |= await consumer.getmany(bank, max_records=max(1, most // len(banks)))
        if (left := full - _count(found)) > 0:
            for bank, records in (await consumer.getmany(*banks, max_records=left)).items():
                found.setdefault(bank, []).extend(records)
        self._crowded = _count(found) >= full


def _count(found: Found) -> int:
    return sum(map(len, found.values()))
