"""A bank that is killed anywhere writes, all in all, exactly what it would have written."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from tests.unit.bank.push import offered
from yuqiao.bank.behaviour import on_offered
from yuqiao.bank.client import Received
from yuqiao.bank.desk import Desk
from yuqiao.bank.letters import Letter
from yuqiao.bank.simulator import name_of
from yuqiao.contracts.base import BankEvent, event_type
from yuqiao.contracts.envelope import Envelope
from yuqiao.contracts.from_bank import CreditDecision, Disbursement, OfferAccept, OfferDecline, Reply, TaskReport
from yuqiao.contracts.to_bank import NeedClosed, NeedDisclosed, TaskAsked
from yuqiao.policy.calendar import BEIJING, WorkingCalendar

BANK = "bank01"
START = datetime(2022, 12, 28, 9, tzinfo=BEIJING)
CALENDAR = WorkingCalendar.load()
PLAIN = range(30)
ODD = [n for n in range(1500) if len(s := on_offered(16, BANK, offered(n, BANK))) > 1 or any(step.again for step in s)][
    :40
]
"""Offers for which several letters fall on one tick: where a kill between them could show."""
TICKS = [t for d in range(60) if CALENDAR.is_working((t := START + timedelta(days=d, hours=3)).date())]


class World:
    """The platform as this bank sees it: it answers at once, at the tick's own time."""

    def __init__(self, needs: Iterable[int]) -> None:
        self.topic: list[Letter] = []
        self.events: list[Received] = []
        self.ended: set[str] = set()
        self.answered: set[str] = set()
        for number in needs:
            self._say(f"offered-{number}", offered(number, BANK).model_copy(update={"at": START}))

    def _say(self, name: str, event: BankEvent) -> None:
        self.events.append(Received(Envelope(name, event.wire_type, "", event.at, event.key, 1), event))

    def hear(self, letters: list[Letter], now: datetime) -> None:
        for letter in letters:
            self.topic.append(letter)
            reply = _reply(letter)
            if reply is None or reply.offer in self.ended:
                continue
            name = name_of(letter.headers)
            if name in self.answered:
                continue
            self.answered.add(name)
            if isinstance(reply, OfferAccept):
                disclosed = NeedDisclosed(at=now, bank=BANK, offer=reply.offer, key_id="k", sealed="", contact_by=now)
                self._say(f"after-{name}", disclosed)
            refused = isinstance(reply, CreditDecision) and not reply.approved
            if isinstance(reply, OfferDecline | Disbursement) or refused:
                self.ended.add(reply.offer)
                self._say(f"after-{name}", NeedClosed(at=now, bank=BANK, offer=reply.offer, reason="declined"))

    def desk(self) -> Desk:
        """The bank as it comes back: it reads everything again, and what it has written."""
        return Desk(16, BANK, [name_of(letter.headers) for letter in self.topic])


def _reply(letter: Letter) -> Reply | None:
    kind = event_type(next((v.decode() for k, v in letter.headers if k == "ce_type"), ""))
    try:
        found = kind.from_json(letter.body) if kind else None
    except ValueError:
        return None
    return found if isinstance(found, Reply) else None


def act(world: World, desk: Desk, now: datetime) -> list[Letter]:
    for received in world.events:
        desk.take(received)
    return desk.due(now)


def undisturbed(needs: Iterable[int]) -> list[Letter]:
    world = World(needs)
    desk = world.desk()
    for now in TICKS:
        world.hear(act(world, desk, now), now)
    return world.topic


@pytest.mark.parametrize("lives", [1, 5, 1_000_000])
def test_a_kill_anywhere_in_a_tick_changes_nothing(lives: int) -> None:
    """So many letters are written before each kill; then the world answers, and a new process acts on the same tick."""
    needs = sorted({*PLAIN, *ODD})
    world = World(needs)
    for now in TICKS:
        while letters := act(world, world.desk(), now):
            world.hear(letters[:lives], now)
    expected = undisturbed(needs)
    assert len(expected) > 150
    assert {name_of(letter.headers): letter for letter in world.topic} == {name_of(e.headers): e for e in expected}
    assert Counter(map(repr, world.topic)) == Counter(map(repr, expected))


def test_what_happens_at_a_tick_is_answered_at_the_next_one() -> None:
    desk = Desk(16, BANK)
    for number in range(50):
        event = offered(number, BANK)
        desk.take(Received(Envelope(str(number), event.wire_type, "", event.at, event.key, 1), event))
    assert desk.due(event.at) == []
    assert desk.due(event.at + timedelta(hours=1)) != []


def test_an_event_delivered_twice_is_answered_once() -> None:
    world = World(range(50))
    once, twice = world.desk(), world.desk()
    for received in world.events * 2:
        twice.take(received)
    assert act(world, twice, TICKS[0]) == act(world, once, TICKS[0])


def test_a_task_is_reported_even_after_its_offer_is_closed() -> None:
    desk = Desk(16, BANK)
    for number in PLAIN:
        offer = offered(number, BANK).offer
        task = TaskAsked(at=START, bank=BANK, offer=offer, task=offer, code="measure.2", text="核实", report_by=START)
        closed = NeedClosed(at=START, bank=BANK, offer=offer, reason="declined")
        for sequence, event in enumerate((task, closed), 1):
            desk.take(Received(Envelope(f"{offer}-{sequence}", event.wire_type, "", event.at, offer, sequence), event))
    replies = [_reply(letter) for now in TICKS for letter in desk.due(now)]
    assert len({r.offer for r in replies if isinstance(r, TaskReport)}) > len(PLAIN) * 0.8
    assert all(isinstance(r, TaskReport) for r in replies)


def test_a_closed_offer_is_answered_by_a_late_bank_alone() -> None:
    world = World(range(300))
    desk = world.desk()
    letters = [letter for now in TICKS[:1] for letter in act(world, desk, now)]
    for received in list(world.events):
        closed = NeedClosed(at=TICKS[0], bank=BANK, offer=received.event.key, reason="expired")
        desk.take(
            Received(Envelope(f"closed-{closed.offer}", closed.wire_type, "", closed.at, closed.offer, 2), closed)
        )
    after = [letter for now in TICKS[1:] for letter in desk.due(now)]
    assert letters
    assert after
    assert all(isinstance(_reply(letter), OfferAccept) for letter in after)
