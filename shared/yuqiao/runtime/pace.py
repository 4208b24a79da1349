"""When a service fetches what: small batches cost the machine more than they bring forward."""

import time
from collections.abc import Collection, Iterable
from typing import Any

from yuqiao.contracts.streams import BankChannel, Stream, parse_bank_topic

UNHURRIED = 0.1
HURRIED = 0.01
TURN_OF_OTHERS = 0.5
LONG_BATCH = 0.025
LONGEST_REST = 0.6
LONGEST_WAIT = 1.0
GATHERED_BYTES = 64 * 1024


class Pace:
    """Hurried topics are fetched as soon as something is there; the others every TURN_OF_OTHERS seconds, all together.

    Where nothing is hurried everything is, every UNHURRIED seconds. After a long batch it rests twice as long as that took:
    under load batches grow, and cost less for each record. What is hurried does not rest: it would wait longest just when
    there is much of the others. These rest after a batch of theirs alone, or many batches of what is hurried would keep
    them resting. A full batch is followed by the next at once.
    """

    def __init__(self, hurried: Iterable[Stream | BankChannel], *, waits: bool) -> None:
        """`hurried`: streams, and channels of banks, for whose events somebody waits. Unless it `waits`, all are."""
        self.waits = waits
        self._hurried = {one.name if isinstance(one, Stream) else one for one in hurried}
        self._gap = (HURRIED if self._hurried else UNHURRIED) if waits else 0.0
        self._next = self._others = self._taken = 0.0
        self._had_others = False

    @property
    def fetch_max_wait_ms(self) -> int:
        """How long the broker may let a fetch wait. One under way must end before the others can be part of the next."""
        return int(UNHURRIED * 1000) if self._hurried else 2 * int(UNHURRIED * 1000)

    @property
    def fetch_min_bytes(self) -> int:
        """For how much it may wait: where nobody is in a hurry the broker gathers, too."""
        return GATHERED_BYTES if self.waits and not self._hurried else 1

    def until_next(self) -> float:
        """Seconds to the next fetch."""
        return max(0.0, self._next - time.monotonic())

    def begin(self, consumer: Any) -> float:
        """Let the others be fetched when it is their turn. Returns how many seconds to wait for records at most."""
        left = self._others - time.monotonic()
        if left <= 0:
            consumer.resume(*consumer.paused())
            return LONGEST_WAIT
        return left

    def fetched(self, consumer: Any, found: Collection[Any], *, all_of_it: bool) -> None:
        """Records of these partitions were fetched. When that was all there was, the others pause until their next turn.

        A paused partition with records that nobody took would keep the client from fetching anything for a while.
        """
        now = time.monotonic()
        self._next = now + self._gap
        others = {tp for tp in consumer.assignment() if not self._is_hurried(tp.topic)}
        self._had_others = not others.isdisjoint(found)
        if self.waits and self._hurried and all_of_it and self._had_others:
            consumer.pause(*others)
            self._others = now + TURN_OF_OTHERS

    def taken(self) -> None:
        """A batch begins."""
        self._taken = time.monotonic()

    def done(self, *, full: bool) -> None:
        """It is committed."""
        now = time.monotonic()
        took = now - self._taken
        if full:
            self._next = now
        elif self.waits and took > LONG_BATCH:
            rested = now + min(2 * took, LONGEST_REST)
            if not self._hurried:
                self._next = rested
            elif self._had_others:
                self._others = max(self._others, rested)

    def _is_hurried(self, topic: str) -> bool:
        of_bank = parse_bank_topic(topic)
        return (of_bank[1] if of_bank else topic) in self._hurried
