"""A round: quotas hold, nobody would rather be elsewhere, and no order of arrival can change it."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.bitmaps import slots_of
from services.matching.catalogue import Catalogue, hashed
from services.matching.domain import addressed, assign
from services.matching.room import Room
from services.matching.scoring import segment_of, unsure_costs, weights
from services.matching.seekers import Choice, Pick, turn_of
from services.matching.state import BankEntry, Total, Used, Wanted
from tests.unit.matching.samples import DAY, catalogue, product, random_facts, random_product, room, wanted
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.values import Routing
from yuqiao.runtime.messages import derived_id

CHANCE = st.integers(0, 2**32).map(Random)
FEW = settings(max_examples=60, deadline=None)
Outcome = dict[str, tuple[list[tuple[str, int]], bool]]


def random_wanted(chance: Random, number: int) -> Wanted:
    mode = chance.choice(["platform", "platform", "single", "broadcast", "named", "race"])
    routing = Routing(
        mode=mode, banks=tuple(chance.sample(["bank01", "bank02", "bank03"], 2)), places=chance.randint(1, 3)
    )
    exclude = frozenset(chance.sample(["bank01", "bank02"], chance.randint(0, 1)))
    need = derived_id("need", number)
    return Wanted(need, random_facts(chance), routing, routing.places, exclude, chance.choice([0, 0, 1, 2]))


def by_name(choices: Sequence[Choice], made: Catalogue) -> Outcome:
    return {c.wanted.need: ([(made.terms(p.slot).key, p.level) for p in c.picks], c.no_room) for c in choices}


@FEW
@given(CHANCE, st.integers(1, 25), st.integers(1, 40))
def test_arrival_does_not_decide(chance: Random, products: int, needs: int) -> None:
    listed = [random_product(chance, n) for n in range(products)]
    asked = [random_wanted(chance, n) for n in range(needs)]
    first = catalogue(*listed, bank_quota=7)
    found = by_name(assign(asked, Room(first, DAY, {}, {}), {}), first)
    chance.shuffle(listed)
    chance.shuffle(asked)
    second = catalogue(product(product="gone"), *listed, bank_quota=7)
    second.drop("bank01/gone")
    assert by_name(assign(asked, Room(second, DAY, {}, {}), {}), second) == found


@FEW
@given(CHANCE, st.integers(1, 25), st.integers(1, 40))
def test_quotas_hold(chance: Random, products: int, needs: int) -> None:
    made = catalogue(*(random_product(chance, n) for n in range(products)), bank_quota=7)
    choices = assign([random_wanted(chance, n) for n in range(needs)], Room(made, DAY, {}, {}), {})
    picked = [made.terms(p.slot) for c in choices for p in c.picks]
    for terms, offers in Counter(picked).items():
        assert offers <= terms.daily_quota
        assert terms.total_quota is None or offers <= terms.total_quota
    assert max(Counter(terms.bank for terms in picked).values(), default=0) <= 7
    for choice in choices:
        banks = [made.terms(p.slot).bank for p in choice.picks]
        assert len(set(banks)) == len(banks)
        assert not set(banks) & choice.wanted.exclude
        routing = choice.wanted.routing
        if routing.mode == "named":
            assert set(banks) <= set(routing.banks)
        most = {"broadcast": 99, "named": 99, "single": 1}.get(routing.mode, routing.places)
        assert len(banks) <= most


def blocking(choices: Sequence[Choice], made: Catalogue) -> list[tuple[str, str]]:
    """Needs and products that would both rather have each other than what they have, room allowing."""
    before, after = Room(made, DAY, {}, {}), Room(made, DAY, {}, {})
    held: dict[str, list[int]] = {}
    for choice in choices:
        for pick in choice.picks:
            terms, worth = made.terms(pick.slot), pick.level + _bonus(choice.wanted)
            after.take(pick.slot)
            for name in (terms.key, terms.bank):
                held.setdefault(name, []).append(worth)
    found = []
    for choice in choices:
        for slot, worth in _suiting(choice.wanted, before):
            terms = made.terms(slot)
            if not _prefers(choice, worth, terms.bank, made):
                continue
            gives_way = [name for name in (terms.key, terms.bank) if min(held.get(name, [worth])) < worth]
            full = [name for name in (terms.key, terms.bank) if not _has_room(after, name)]
            own = [p for p in choice.picks if made.terms(p.slot).bank == terms.bank]
            if own and full == [terms.bank]:
                full = []  # it would only change products within its bank
            if all(name in gives_way for name in full) and before.open >> slot & 1:
                found.append((choice.wanted.need, terms.key))
    return found


def _bonus(asked: Wanted) -> int:
    return asked.waited * weights().waited


def _suiting(asked: Wanted, before: Room) -> list[tuple[int, int]]:
    index, ranking = before.catalogue.index, before.catalogue.ranking(segment_of(asked.facts), {}, DAY)
    suiting = index.suiting(asked.facts, DAY) & addressed(asked, before)
    unsure = index.unsure(index.unknown(asked.facts))
    level = {s: ranking.level(s) - (unsure >> s & 1) * unsure_costs() for s in slots_of(suiting)}
    return [(slot, worth + _bonus(asked)) for slot, worth in level.items()]


def _prefers(choice: Choice, worth: int, bank: str, made: Catalogue) -> bool:
    mine = {made.terms(p.slot).bank: p.level + _bonus(choice.wanted) for p in choice.picks}
    if bank in mine:
        return worth > mine[bank]
    mode = choice.wanted.routing.mode
    places = {"broadcast": 99, "named": 99, "single": 1}.get(mode, choice.wanted.places)
    return len(mine) < places or worth > min(mine.values())


def _has_room(after: Room, name: str) -> bool:
    slot = after.catalogue.slot(name)
    if slot is None:
        return after._today[name] < after.catalogue.banks[name].daily_quota
    terms = after.catalogue.terms(slot)
    total = terms.total_quota is None or after._total[name] < terms.total_quota
    return total and after._today[name] < terms.daily_quota


@FEW
@given(CHANCE, st.integers(1, 25), st.integers(1, 40))
def test_no_pair_would_both_rather_have_each_other(chance: Random, products: int, needs: int) -> None:
    made = catalogue(*(random_product(chance, n) for n in range(products)), bank_quota=7)
    choices = assign([random_wanted(chance, n) for n in range(needs)], Room(made, DAY, {}, {}), {})
    assert blocking(choices, made) == []


def test_a_blocking_pair_would_be_found() -> None:
    made = catalogue(product(annual_rate="0.03", daily_quota=1), product("bank02", annual_rate="0.09", daily_quota=1))
    patient, new = wanted(1, places=1, waited=1), wanted(2, places=1)
    choices = assign([patient, new], Room(made, DAY, {}, {}), {})
    assert blocking(choices, made) == []
    worse = [c._replace(picks=o.picks) for c, o in zip(choices, reversed(choices), strict=True)]
    assert blocking(worse, made) == [(patient.need, "bank01/p")]


@FEW
@given(CHANCE, st.integers(1, 12), st.integers(1, 30))
def test_it_is_what_deferred_acceptance_gives(chance: Random, banks: int, needs: int) -> None:
    """Textbook: needs propose in their order, a bank keeps the best within its quota and rejects the rest."""
    listed = [
        random_product(chance, n, 1).model_copy(update={"bank": f"bank{n:02d}", "total_quota": None})
        for n in range(banks)
    ]
    made = catalogue(*listed)
    asked = [random_wanted(chance, n)._replace(places=1, routing=Routing(mode="single")) for n in range(needs)]
    before = Room(made, DAY, {}, {})
    choices = assign(asked, Room(made, DAY, {}, {}), {})
    fit = {
        one.need: before.catalogue.index.suiting(one.facts, DAY) & addressed(one, before) & before.open for one in asked
    }
    turn = {need: turn_of(suiting.bit_count(), hashed(DAY, need)) for need, suiting in fit.items()}
    assert by_name(choices, made) == by_name(_deferred_acceptance(asked, before, turn), made)


def _deferred_acceptance(asked: list[Wanted], before: Room, turn: dict[str, int]) -> list[Choice]:
    made = before.catalogue
    lists, kept = {}, dict[int, list[tuple[int, int, Wanted]]]()
    for one in asked:
        order = list(made.in_turn(made.open, hashed(DAY, one.need)))
        suiting = [(slot, worth) for slot, worth in _suiting(one, before) if before.open >> slot & 1]
        lists[one.need] = sorted(suiting, key=lambda p: (-p[1], order.index(p[0])))
    free = list(asked)
    while free:
        one = free.pop()
        if not lists[one.need]:
            continue
        slot, worth = lists[one.need].pop(0)
        holders = sorted([*kept.get(slot, []), (-worth, turn[one.need], one)], key=lambda h: h[:2])
        kept[slot] = holders[: made.terms(slot).daily_quota]
        free += [rejected for _, _, rejected in holders[made.terms(slot).daily_quota :]]
    picks = {one.need: Pick(slot, -worth - _bonus(one), True) for slot, held in kept.items() for worth, _, one in held}
    return [
        Choice(
            one,
            (picks[one.need],) if one.need in picks else (),
            bool(_suiting(one, before)) and one.need not in picks,
            {},
        )
        for one in asked
    ]


def test_who_waited_comes_first() -> None:
    made = catalogue(product(daily_quota=1))
    for patient in (1, 2):
        asked = [wanted(n, waited=int(n == patient)) for n in (1, 2)]
        (won,) = [c.wanted for c in assign(asked, Room(made, DAY, {}, {}), {}) if c.picks]
        assert won.need == asked[patient - 1].need


def test_who_can_go_elsewhere_leaves_the_place_to_who_cannot() -> None:
    made = catalogue(product(daily_quota=1), product("bank02", daily_quota=1, kinds=["new_loan"]))
    asked = [wanted(n, places=1, kind="renewal" if n == 0 else "new_loan") for n in range(4)]
    for day in range(5):
        choices = assign(asked, Room(made, DAY + timedelta(days=day), {}, {}), {})
        placed = {made.terms(p.slot).key: c.wanted for c in choices for p in c.picks}
        assert placed["bank01/p"] == asked[0], "it suits the renewal alone, the others go to bank02 as well"
        assert placed["bank02/p"] in asked[1:]


def test_a_bank_is_asked_once_with_its_best_product_and_never_again() -> None:
    listed = product(product="dear", annual_rate="0.08"), product(product="cheap")
    (choice,) = assign([wanted()], room(*listed), {})
    made = catalogue(*listed)
    assert [made.terms(p.slot).key for p in choice.picks] == ["bank01/cheap"]
    (none,) = assign([wanted(exclude=frozenset({"bank01"}))], room(*listed), {})
    assert (none.picks, none.no_room) == ((), False)


@pytest.mark.parametrize(
    ("mode", "asked"), [("broadcast", 5), ("platform", 3), ("race", 3), ("single", 1), ("named", 4)]
)
def test_a_list_is_spread_as_its_mode_says(mode: Any, asked: int) -> None:
    listed = [product(f"bank0{n}") for n in range(1, 6)]
    routing = Routing(mode=mode, banks=("bank02", "bank03", "bank04", "bank05", "bank09"))
    (choice,) = assign([wanted(routing=routing)], room(*listed), {})
    assert len(choice.picks) == asked


def test_equals_take_turns() -> None:
    """Over many needs each of four equal banks comes first about as often."""
    made = catalogue(*(product(f"bank0{n}", daily_quota=1000) for n in range(1, 5)))
    choices = assign([wanted(n, places=1) for n in range(400)], Room(made, DAY, {}, {}), {})
    firsts = Counter(made.terms(c.picks[0].slot).bank for c in choices)
    assert len(firsts) == 4
    assert max(firsts.values()) < 1.4 * min(firsts.values())


@FEW
@given(CHANCE, st.integers(1, 80), st.integers(0, 2**128))
def test_few_products_take_the_same_turns_as_many(chance: Random, products: int, number: int) -> None:
    made = catalogue(*(random_product(chance, n, banks=12) for n in range(products)))
    by_size = []
    for few in (0, products**2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("services.matching.catalogue.FEW", few)
            by_size.append([made.terms(slot) for slot in made.in_turn(made.index.listed.value, number)])
    assert by_size[0] == by_size[1]
    assert {terms.bank for terms in by_size[0]} == {terms.bank for terms in map(made.terms, range(products))}
    for terms in by_size[0]:
        assert terms.rate == min(made.terms(s).rate for s in slots_of(made.of_bank(terms.bank)))


def test_used_quotas_leave_no_room_and_a_spent_total_leaves_nothing_to_wait_for() -> None:
    made = catalogue(product(daily_quota=2, total_quota=4))

    def left(today: int, ever: int, bank: int = 0) -> tuple[int, bool]:
        quotas = {f"{DAY}/{name}": Used(day=DAY, used=n) for name, n in (("bank01/p", today), ("bank01", bank))}
        (choice,) = assign([wanted()], Room(made, DAY, quotas, {"bank01/p": Total(used=ever)}), {})
        return len(choice.picks), choice.no_room

    assert left(today=1, ever=3) == (1, False)
    assert left(today=2, ever=2) == (0, True)
    assert left(today=0, ever=4) == (0, False)
    assert left(today=0, ever=0, bank=1000) == (0, True)


def test_who_is_paused_is_waited_for_and_who_is_switched_off_is_not() -> None:
    for quota, bank, no_room in (
        (0, BankEntry(bank="bank01", daily_quota=5, enabled=True), True),
        (5, BankEntry(bank="bank01", daily_quota=0, enabled=True), True),
        (5, BankEntry(bank="bank01", daily_quota=5, enabled=False), False),
    ):
        made = catalogue(product(daily_quota=quota))
        made.put_bank(bank)
        (choice,) = assign([wanted()], Room(made, DAY, {}, {}), {})
        assert (choice.picks, choice.no_room) == ((), no_room)


def test_an_unknown_is_worth_less_but_not_nothing() -> None:
    restricted: ProductPublished = product("bank02", industries=["C34"])
    (choice,) = assign([wanted(term_months=12)], room(product(), restricted), {})
    first, second = choice.picks
    assert (first.sure, second.sure) == (True, False)
    assert first.level - second.level == unsure_costs()
