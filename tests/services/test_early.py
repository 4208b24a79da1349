"""Streams overtake each other: in whatever order they are heard, a need is offered, disclosed, closed and answered alike."""

import random
from typing import Any

from deploy.bench.load import bodies
from deploy.stack.partitions import readers
from tests.services.house import House, Room
from tests.services.test_catalogue import BANK, open_bank
from yuqiao.contracts.cases import CaseResolved
from yuqiao.contracts.from_bank import ContactReport, OfferAccept
from yuqiao.contracts.offers import OfferUndeliverable
from yuqiao.contracts.to_bank import NeedClosed, NeedDisclosed, NeedOffered, Receipt
from yuqiao.runtime.batch import arrival_of_record


class Post:
    """Brings each service the records of each topic in order, and the topics in any order."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.chance = house, random.Random(seed)
        self.read: dict[tuple[str, str], int] = {}
        for room in house.rooms.values():
            for topic in {r.topic for r in house.records}:
                self.read[room.name, topic] = sum(r.topic == topic for r in house.records)

    def waiting(self) -> list[tuple[Room, str]]:
        topics = sorted({r.topic for r in self.house.records})
        return [(room, t) for room in self.house.rooms.values() for t in topics if self.unread(room, t)]

    def unread(self, room: Room, topic: str) -> list[Any]:
        if room.name not in readers(topic):
            return []
        return [r for r in self.house.records if r.topic == topic][self.read.get((room.name, topic), 0) :]

    async def bring(self, room: Room, topic: str, most: int = 1) -> None:
        records = self.unread(room, topic)[:most]
        self.read[room.name, topic] = self.read.get((room.name, topic), 0) + len(records)
        await room._run([arrival_of_record(r) for r in records])

    async def one(self) -> bool:
        """Something that waits somewhere, or what is held and ready; False when there is nothing."""
        if places := self.waiting():
            await self.bring(*self.chance.choice(places), most=self.chance.randint(1, 3))
            return True
        for room in self.house.rooms.values():
            room.position = len(self.house.records)
        return any([await room.step() for room in self.house.rooms.values()])


async def state(house: House, number: int) -> tuple[str, str]:
    """A need; its id and its enterprise's page."""
    (body,) = bodies(number, 1)
    async with house.calling("intake") as partner:
        answer = await partner.post("/needs", json=body, headers={"Idempotency-Key": body.pop("id")})
    return answer.json()["need"], "/e/" + answer.json()["link"].rsplit("/", 1)[1]


async def withdraw(house: House, page: str) -> None:
    async with house.calling("intake") as enterprise:
        (await enterprise.post(f"{page}/withdraw", json={}, headers={"Accept": "application/json"})).raise_for_status()


async def case(house: House, need: str) -> Any:
    async with house.calling("feedback") as operator:
        return (await operator.get(f"/cases/{need}")).json()


async def test_a_reply_that_overtakes_its_offer_is_held_and_applied(house: House) -> None:
    await open_bank(house)
    post = Post(house, 0)
    need, _ = await state(house, 1)
    rooms = house.rooms
    await post.bring(rooms["matching"], "yuqiao.needs.v1", 9)
    await post.bring(rooms["notification"], "yuqiao.matches.v1", 9)
    (offered,) = house.said(NeedOffered)
    house.write(OfferAccept(at=house.now, bank=BANK, offer=offered.offer))
    await post.bring(rooms["feedback"], f"yuqiao.bank.{BANK}.replies.v1")
    assert await rooms["feedback"].pool.fetchval("SELECT count(*) FROM held WHERE released_at IS NULL") == 1
    await post.bring(rooms["feedback"], "yuqiao.offers.v1", 9)  # of a case that is not known either
    while await post.one():
        pass
    assert [r.result for r in house.said(Receipt)][1:] == ["applied"]
    assert (await case(house, need))["offers"][offered.offer]["stage"] == "disclosed"


async def test_a_need_that_is_withdrawn_before_its_match_is_heard_of_is_offered_to_nobody(house: House) -> None:
    await open_bank(house)
    post = Post(house, 0)
    need, page = await state(house, 1)
    await post.bring(house.rooms["matching"], "yuqiao.needs.v1", 9)
    await withdraw(house, page)
    await post.bring(house.rooms["notification"], "yuqiao.needs.v1", 9)  # before the match
    await post.bring(house.rooms["notification"], "yuqiao.matches.v1", 9)
    while await post.one():
        pass
    assert house.said(NeedOffered) == []
    assert [e.reason for e in house.said(OfferUndeliverable)] == ["need_void"]
    assert [(e.need, e.outcome) for e in house.said(CaseResolved)] == [(need, "withdrawn")]


async def test_in_any_order_it_comes_to_the_same(house: House) -> None:
    """Every second enterprise withdraws at some moment."""
    await open_bank(house)
    for seed in range(20):
        leaves = seed % 2 == 1
        post = Post(house, seed)
        before = {kind: len(house.said(kind)) for kind in (NeedOffered, NeedDisclosed, NeedClosed, Receipt)}
        need, page = await state(house, 100 + seed)
        leaves_after, steps, replies = post.chance.randint(1, 15), 0, 0
        while await post.one():
            steps += 1
            new = [len(house.said(kind)) - before[kind] for kind in (NeedOffered, NeedDisclosed)]
            if new[0] and not replies:
                house.write(OfferAccept(at=house.now, bank=BANK, offer=house.said(NeedOffered)[-1].offer))
                replies += 1
            if new[1] and replies == 1:
                offer = house.said(NeedOffered)[-1].offer
                house.write(ContactReport(at=house.now, bank=BANK, offer=offer, method="phone"))
                replies += 1
            if leaves and steps == leaves_after:
                await withdraw(house, page)
        new = {kind: house.said(kind)[count:] for kind, count in before.items()}
        found = await case(house, need)
        told = seed, steps, leaves_after
        assert len(new[Receipt]) == replies, told
        assert len(new[NeedOffered]) <= 1, told
        if leaves and steps >= leaves_after:
            assert found["outcome"] == "withdrawn", told
            assert len(new[NeedClosed]) == len(new[NeedOffered]), told
            assert len(new[NeedDisclosed]) <= 1, told
        else:
            assert [r.result for r in new[Receipt]] == ["applied", "applied"], told
            assert [len(new[kind]) for kind in (NeedOffered, NeedDisclosed, NeedClosed)] == [1, 1, 0], told
            assert [o["stage"] for o in found["offers"].values()] == ["contacted"], told
