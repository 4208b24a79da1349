"""Matching on real SQL: a process's catalogue is what is committed; no place is given away twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.matching.messages import RoundDue
from services.matching.notes import RestEnded
from services.matching.service import service
from services.matching.store import MatchingStore
from tests.services.house import House
from tests.services.test_catalogue import TERMS, open_bank, publish
from tests.unit.matching.samples import facts
from yuqiao.contracts.base import Event
from yuqiao.contracts.cases import OfferAccepted, OfferDeclined, ReofferRequested, Wait
from yuqiao.contracts.from_bank import ProductPublished, ProductWithdrawn
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting
from yuqiao.contracts.needs import NeedRegistered
from yuqiao.contracts.values import Origin, Routing
from yuqiao.runtime.batch import Arrival, Batch, Committed, arrival_of_deadline
from yuqiao.runtime.messages import Cause, derived_id
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shell import Shell

BANKS = tuple(f"bank0{n}" for n in range(1, 6))


class Crash(BaseException):
    """The process ends here."""


def need(house: House, number: int, **routing: Any) -> NeedRegistered:
    return NeedRegistered(
        at=house.now,
        enterprise=derived_id("enterprise", number),
        need=derived_id("need", number),
        facts=facts(),
        routing=Routing(**routing),
        origin=Origin(channel="scan"),
        batched=False,
    )


def process(house: House) -> tuple[MatchingStore, Shell[Any]]:
    """Another process of matching: a store and a shell of its own."""
    store = service.store(Settings(service="matching"))
    assert isinstance(store, MatchingStore)
    return store, Shell(service, store, house.rooms["matching"].pool, house, writer="other", held_for=timedelta(days=1))


def arrivals(*events: Event) -> list[Arrival]:
    return [Arrival(Cause(f"{e.wire_type}/{e.key}", e.wire_type), e) for e in events]


async def run(shell: Shell[Any], *events: Event) -> Committed:
    return await shell.run(Batch(arrivals(*events)))


async def logged(house: House, kind: type[Event]) -> list[Any]:
    rows = await house.rooms["matching"].pool.fetch("SELECT body FROM event_log WHERE type = $1", kind.wire_type)
    return [kind.from_json(r["body"].encode()) for r in rows]


async def test_a_thousand_needs_at_once_for_ten_places_get_ten(house: House) -> None:
    await open_bank(house)
    publish(house, "p", daily_quota=10)
    await house.settle()
    shells = [process(house)[1] for _ in range(3)]
    batches = [[need(house, n) for n in range(begin, begin + 25)] for begin in range(0, 1000, 25)]

    async def work(shell: Shell[Any]) -> None:
        while batches:
            await run(shell, *batches.pop())

    await asyncio.gather(*map(work, shells))
    matched, waiting = await logged(house, NeedMatched), await logged(house, NeedWaiting)
    assert (len(matched), len(waiting)) == (10, 990)
    assert {w.reason for w in waiting} == {"no_room"}
    async with house.rooms["matching"].reading() as conn:
        assert (await house.rooms["matching"].store.gauges(conn))["needs_waiting_for_room"] == 990


async def test_who_waits_for_room_is_tried_again_when_room_comes(house: House) -> None:
    await open_bank(house)
    publish(house, "p", daily_quota=1)
    await house.settle()
    await run(house.rooms["matching"].shell, need(house, 1), need(house, 2), need(house, 3))
    await house.settle()
    assert len(await logged(house, NeedMatched)) == 1
    publish(house, "p", daily_quota=2)
    await house.settle()
    assert len(await logged(house, NeedMatched)) == 2
    publish(house, "q", max_amount_cny="20000.00")
    await house.settle()
    assert len(await logged(house, NeedMatched)) == 2
    assert len(await logged(house, NeedWaiting)) == 2, "who waits on is not told again, and has not waited longer"


async def test_a_total_quota_that_comes_later_counts_what_was_offered_before(house: House) -> None:
    await open_bank(house)
    await run(house.rooms["matching"].shell, need(house, 1), need(house, 2))
    publish(house, "p", daily_quota=3, total_quota=3)
    await house.settle()
    await run(house.rooms["matching"].shell, need(house, 3))
    await run(house.rooms["matching"].shell, need(house, 4))
    assert len(await logged(house, NeedMatched)) == 3
    (unmatched,) = await logged(house, NeedUnmatched)
    assert [reason.code for reason in unmatched.reasons] == ["quota_spent"]


async def next_day(house: House) -> None:
    house.now += timedelta(days=1)
    await house.settle()


@pytest.mark.parametrize("routing", [{"mode": "broadcast"}, {"mode": "named", "banks": BANKS}])
async def test_who_goes_to_all_banks_is_offered_to_those_without_room_when_they_have_some(
    house: House, routing: dict[str, Any]
) -> None:
    for bank in BANKS:
        await open_bank(house, bank)
    for bank in BANKS[3:]:
        publish(house, "p", bank, daily_quota=1)
    await house.settle()
    shell = house.rooms["matching"].shell
    await run(shell, need(house, 1, mode="named", banks=BANKS[3:]))
    await run(shell, need(house, 2, **routing))
    *_, matched = await logged(house, NeedMatched)
    assert sorted(offer.bank for offer in matched.offers) == list(BANKS[:3])
    (waiting,) = await logged(house, NeedWaiting)
    assert (waiting.reason, waiting.need, waiting.round) == ("rest_no_room", matched.need, matched.round)
    assert "其余" in waiting.reasons[0].text
    publish(house, "p", BANKS[3], daily_quota=2)
    await house.settle()
    *_, matched = await logged(house, NeedMatched)
    assert [offer.bank for offer in matched.offers] == [BANKS[3]], "out of turn, when room came"
    assert len(await logged(house, NeedWaiting)) == 2, "the last bank is still waited for"
    await next_day(house)
    *_, matched = await logged(house, NeedMatched)
    assert ([offer.bank for offer in matched.offers], matched.round) == ([BANKS[4]], 3)
    async with house.rooms["matching"].reading() as conn:
        loaded = await house.rooms["matching"].store.load_all(conn)
    assert {one.status for one in loaded.needs} == {"matched"}


async def test_a_bank_of_the_rest_that_goes_away_is_waited_for_no_more(house: House) -> None:
    for bank in BANKS[:2]:
        await open_bank(house, bank)
    publish(house, "p", BANKS[1], daily_quota=0)
    await house.settle()
    await run(house.rooms["matching"].shell, need(house, 1, mode="broadcast"))
    house.write(ProductWithdrawn(at=house.now, bank=BANKS[1], product="p"))
    await house.settle()
    await next_day(house)
    assert not await logged(house, NeedUnmatched), "it has its offers"
    assert [ended.need for ended in await logged(house, RestEnded)] == [derived_id("need", 1)]


async def test_a_round_tells_of_each_need_once(house: House) -> None:
    for bank in BANKS[:2]:
        await open_bank(house, bank)
    publish(house, "p", BANKS[1], daily_quota=0)
    await house.settle()
    shell = house.rooms["matching"].shell
    both, full = need(house, 1, mode="broadcast"), need(house, 2, mode="named", banks=BANKS[1:2])
    nobody = need(house, 3, mode="named", banks=BANKS[4:])
    await run(shell, *(stated.but(batched=True) for stated in (both, full, nobody)))

    async def held() -> dict[str, int]:
        async with house.calling("matching") as operator:
            numbers: dict[str, int] = (await operator.post("/rounds")).json()
        return numbers

    none = {"matched": 0, "waiting": 0, "unmatched": 0, "rest_ended": 0}
    assert await held() == none | {"matched": 1, "waiting": 1, "unmatched": 1}
    assert await held() == none | {"waiting": 2}, "one for any bank, one for the rest of them"
    house.write(ProductWithdrawn(at=house.now, bank=BANKS[1], product="p"))
    await house.settle()
    assert await held() == none | {"unmatched": 1, "rest_ended": 1}
    assert await held() == none


async def test_who_is_offered_on_while_it_waits_for_the_rest_is_told_when_nobody_is_left(house: House) -> None:
    for bank in BANKS[:2]:
        await open_bank(house, bank)
    publish(house, "p", BANKS[1], daily_quota=0)
    await house.settle()
    stated, shell = need(house, 1, mode="broadcast"), house.rooms["matching"].shell
    await run(shell, stated)
    (offered,) = (await logged(house, NeedMatched))[0].offers
    more = ReofferRequested(
        at=house.now,
        enterprise=stated.enterprise,
        need=stated.need,
        after_offer=offered.offer,
        exclude=(offered.bank,),
        places=2,
    )
    await run(shell, more)
    house.write(ProductWithdrawn(at=house.now, bank=BANKS[1], product="p"))
    await house.settle()
    await next_day(house)
    (unmatched,) = await logged(house, NeedUnmatched)
    assert [reason.code for reason in unmatched.reasons] == ["no_bank_left"]


async def test_two_processes_hold_a_round_once(house: House) -> None:
    await open_bank(house)
    publish(house, "p", daily_quota=1)
    await house.settle()
    (store, one), (_, other) = process(house), process(house)
    await run(one, need(house, 1), need(house, 2), need(house, 3))
    wider = {"at": house.now, "bank": "bank01", "product": "p"} | TERMS | {"daily_quota": 2}
    await run(one, ProductPublished.model_validate(wider))
    async with house.rooms["matching"].reading() as conn:
        due = await store.due(conn, house.now, 100)
    assert [d.number for d in due if isinstance(d, RoundDue)] == [1]
    for shell in (one, other):
        await shell.run(Batch([arrival_of_deadline(d) for d in due]))
    assert len(await logged(house, NeedMatched)) == 2
    house.now += timedelta(days=1)
    async with house.rooms["matching"].reading() as conn:
        due = await store.due(conn, house.now, 100)
    for shell in (one, other):
        await shell.run(Batch([arrival_of_deadline(d) for d in due]))
    assert len(await logged(house, NeedMatched)) == 3


async def test_one_process_sees_at_once_what_another_committed(house: House) -> None:
    store, shell = process(house)
    await open_bank(house)
    await run(shell, need(house, 1))
    assert store.catalogue.product("bank01/p")
    publish(house, "p", annual_rate="0.05")
    await house.settle()
    await run(shell, need(house, 2))
    changed = store.catalogue.product("bank01/p")
    assert changed
    assert str(changed.annual_rate) == "0.05"
    assert [m.offers[0].product for m in await logged(house, NeedMatched)] == ["p", "p"]


async def test_a_batch_that_is_rolled_back_leaves_no_trace_in_the_catalogue(house: House) -> None:
    await open_bank(house)
    room = house.rooms["matching"]

    def crash() -> None:
        raise Crash

    room.shell.before_commit = crash
    publish(house, "never")
    publish(house, "p", annual_rate="0.05")
    with pytest.raises(Crash):
        await house.settle()
    assert room.store.catalogue.product("bank01/never")
    room.shell.before_commit = lambda: None
    await run(room.shell, need(house, 1))
    assert room.store.catalogue.product("bank01/never") is None
    assert str(room.store.catalogue.product("bank01/p").annual_rate) == "0.0385"


async def test_the_first_answer_of_a_bank_is_learnt_and_later_ones_are_not(house: House) -> None:
    await open_bank(house)
    room = house.rooms["matching"]
    await run(room.shell, need(house, 1), need(house, 2))
    offers = {m.need: (m.enterprise, m.offers[0].offer) for m in await logged(house, NeedMatched)}
    house.now += timedelta(hours=3)
    (first, (enterprise, offer)), (second, (other, declined)) = offers.items()
    accepted = OfferAccepted(
        at=house.now,
        enterprise=enterprise,
        need=first,
        offer=offer,
        bank="bank01",
        wait=Wait(limit="contact", on="bank", due_at=house.now),
    )
    late = {"enterprise": enterprise, "need": first, "offer": offer, "stage": "contacted"}
    early = {"enterprise": other, "need": second, "offer": declined, "stage": "offered"}
    refused = [
        OfferDeclined.model_validate({"at": house.now, "bank": "bank01", "reason": "x", "repairable": False} | said)
        for said in (late, early)
    ]
    await run(room.shell, accepted, *refused)
    async with room.reading() as conn:
        loaded = await room.store.load_all(conn)
    learnt = loaded.learnt["bank01"]
    (tally,) = learnt.on_day.values()
    assert (tally.answered, tally.accepted, str(tally.hours)) == (2, 1, "3.00")
