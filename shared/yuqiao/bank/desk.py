"""What a simulated bank has to do: a pure function of what it read before a tick, and of what it has written already.

At a tick only events with an earlier `at` count. Whatever its own letters of that tick lead to is read at the next one,
so that a bank killed in the middle of a tick does, once it is back, exactly what it would have done.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time
from uuid import uuid5

from yuqiao.bank.behaviour import Step, on_asked, on_disclosed, on_offered
from yuqiao.bank.client import Received
from yuqiao.bank.letters import NAMESPACE, Letter, letter
from yuqiao.contracts.to_bank import NeedClosed, NeedDisclosed, NeedOffered, TaskAsked
from yuqiao.policy.calendar import BEIJING, WorkingCalendar

Planned = tuple[datetime, Step]


class Desk:
    """Offers, and what is planned for each. `written`: how often each letter, by its ce_id, stands on the topic already."""

    def __init__(self, seed: int, bank: str, written: Iterable[str] = ()) -> None:
        """`written`: the ce_ids on the bank's replies topic, as often as they stand there."""
        self.seed, self.bank, self.written = seed, bank, Counter(written)
        self.calendar = WorkingCalendar.load()
        self.offers: dict[str, NeedOffered] = {}
        self.plans: dict[str, list[Planned]] = {}
        self._unread: list[Received] = []
        self._seen: set[str] = set()

    def take(self, received: Received) -> None:
        """Put an event on the pile; the same one again is put aside."""
        if received.envelope.id not in self._seen:
            self._seen.add(received.envelope.id)
            self._unread.append(received)

    def due(self, now: datetime) -> list[Letter]:
        """The letters to write at this tick, in a fixed order; each carries the tick's time."""
        for received in self._unread:
            if received.event.at < now:
                self._read(received)
        self._unread = [r for r in self._unread if r.event.at >= now]
        found: list[Letter] = []
        for offer, planned in sorted(self.plans.items()):
            for _, step in sorted((p for p in planned if p[0] <= now), key=lambda p: p[0]):
                found += self._letters(offer, step, now)
            self.plans[offer] = [p for p in planned if p[0] > now]
        self.plans = {offer: planned for offer, planned in self.plans.items() if planned}
        return found

    def _read(self, received: Received) -> None:
        event = received.event
        if isinstance(event, NeedOffered):
            self.offers[event.offer] = event
            self._plan(event.offer, event.at, on_offered(self.seed, self.bank, event))
        elif isinstance(event, NeedDisclosed) and event.offer in self.offers:
            self._plan(event.offer, event.at, on_disclosed(self.seed, self.bank, self.offers[event.offer]))
        elif isinstance(event, TaskAsked):
            self._plan(event.offer, event.at, on_asked(self.seed, self.bank, event))
        elif isinstance(
            event, NeedClosed
        ):  # a late bank answers although it was told, and a task is still to be reported
            kept = [p for p in self.plans.get(event.offer, []) if p[1].action == "late" or p[1].reply == "task"]
            self.plans[event.offer] = kept

    def _plan(self, offer: str, since: datetime, steps: Iterable[Step]) -> None:
        day = since.astimezone(BEIJING).date()
        for step in steps:
            due = self.calendar.add_working_days(day, step.days).due if step.days else day
            self.plans.setdefault(offer, []).append((datetime.combine(due, time.min, BEIJING), step))

    def _letters(self, offer: str, step: Step, now: datetime) -> list[Letter]:
        name = str(uuid5(NAMESPACE, f"{self.seed}/{self.bank}/{offer}/{step.action}"))
        wanted = 2 if step.again else 1
        return [letter(self.bank, offer, step, name, now)] * (wanted - min(self.written[name], wanted))
