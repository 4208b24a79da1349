"""What a service takes of its topics for one batch, and in which order."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from yuqiao.contracts.streams import parse_bank_topic
from yuqiao.runtime.pace import UNHURRIED, Pace

log = structlog.get_logger()
FETCH_AGAIN = 1.0
CAREFUL_TURNS = 20
"""So long a partition that could not be read is asked for one record, unless it gives one: what it has comes late."""
Found = dict[Any, Any]
"""Partition → records, in the order of their offsets."""
Forget = Callable[[Iterable[Any], Mapping[Any, Sequence[Any]]], None]
"""`forget(partitions, found)`: what these gave that is not in `found` is fetched again."""


class Fetching:
    """Our own streams first, then what banks say to them: so their replies seldom have to be held.

    A call that fails may have moved past records that it took and did not give: they are forgotten. After that, until all
    can be read, each partition is asked by itself.
    """

    def __init__(self, size: int, pace: Pace, forget: Forget) -> None:
        """`size` records fill a batch."""
        self.size, self.pace, self.forget = size, pace, forget
        self._crowded = self._apart = False
        self._unreadable: dict[Any, int] = {}

    async def fetch(self, consumer: Any) -> Found:
        """What has come; waits for something. Never raises for what a partition or the broker does."""
        found: Found = {}
        try:
            await (self._each if self._apart else self._all)(consumer, found)
        except Exception as error:
            log.warning("fetch failed", error=f"{type(error).__name__}: {error}"[:200])
            self.forget(consumer.assignment(), found)
            self._apart = True
            if not found:
                await asyncio.sleep(FETCH_AGAIN)  # the broker is away: no condition to wait for but time
        return found

    async def _all(self, consumer: Any, found: Found) -> None:
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

    async def _each(self, consumer: Any, found: Found) -> None:
        """A partition that cannot be read (damaged on the broker's disk, not allowed) stops no other.

        Of one that failed the last time one record is taken: all that lie before the damage are read.
        """
        await asyncio.sleep(max(UNHURRIED, self.pace.until_next()))
        self.pace.begin(consumer)
        partitions = sorted(consumer.assignment())
        share = max(1, self.size // max(1, len(partitions)))
        unreadable: dict[Any, str] = {}
        for tp in partitions:
            try:
                found |= await consumer.getmany(tp, max_records=1 if tp in self._unreadable else share)
            except Exception as error:
                self.forget([tp], {})
                unreadable[tp] = f"{type(error).__name__}: {error}"[:200]
        self.pace.fetched(consumer, found, all_of_it=False)
        for tp, why in unreadable.items():
            if tp not in self._unreadable:
                log.error("partition cannot be read", topic=tp.topic, partition=tp.partition, error=why)
        self._apart = bool(self._unreadable or unreadable)
        waiting = {tp: left - 1 for tp, left in self._unreadable.items() if left > 1 and tp not in found}
        self._unreadable = waiting | dict.fromkeys(unreadable, CAREFUL_TURNS)
        if unreadable and not found:
            await asyncio.sleep(FETCH_AGAIN)


def _count(found: Found) -> int:
    return sum(map(len, found.values()))
