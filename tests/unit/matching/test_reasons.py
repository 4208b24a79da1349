"""Every choice says why, and every miss what would have to change."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.bitmaps import slots_of
from services.matching.domain import addressed, assign
from services.matching.nearest import nearest
from services.matching.reasons import no_bank, offers
from services.matching.room import Room
from services.matching.state import BankEntry, Total, Wanted
from services.matching.terms import checks
from tests.unit.matching.samples import DAY, catalogue, product, random_facts, random_product, room, wanted
from yuqiao.contracts.values import Routing
from yuqiao.runtime.messages import derived_id


def test_a_match_names_the_conditions_and_the_parts_of_the_score_with_the_prior() -> None:
    listed = room(product(), product("bank02", industries=["C34"]))
    (choice,) = assign([wanted(term_months=12)], listed, {})
    sure, unsure = offers(choice, listed)
    assert sure.offer == derived_id("offer", choice.wanted.need, "bank01")
    assert [r.code for r in sure.reasons] == ["conditions_met", "score"]
    assert [r.code for r in unsure.reasons] == ["conditions_met", "conditions_unknown", "score"]
    assert unsure.reasons[1].values == {"codes": "industry"}
    assert sure.reasons[-1].values.keys() >= {"fit", "cost", "acceptance", "speed", "first_loan", "answers"}
    assert "0 次答复及先验" in sure.reasons[-1].text
    prior = {name: value for name, value in sure.reasons[-1].values.items() if name.startswith("prior_")}
    assert prior == {"prior_acceptance": "0.5", "prior_hours": "24", "prior_answers": "20"}
    assert 0 < unsure.score < sure.score <= 1


@pytest.mark.parametrize(
    ("conditions", "need", "codes", "values", "text"),
    [
        (
            {},
            {"amount_cny": "9000000.00"},
            "amount",
            {"amount": "5000000.00"},
            "金额由 900 万元改为至多 500 万元",
        ),
        ({}, {"amount_cny": "50000.00"}, "amount", {"amount": "100000.00"}, "改为至少 10 万元"),
        ({}, {"term_months": 60}, "term", {"term": "36"}, "期限由 60 个月改为至多 36 个月"),
        ({}, {"max_annual_rate": "0.035"}, "rate", {"rate": "0.0385"}, "3.5%改为至少 3.85%"),
        ({"kinds": ["renewal"]}, {}, "kind", {"kind": "renewal"}, "融资类型为续贷"),
        ({"industries": ["C34"]}, {"industry": "G54"}, "industry", {"industry": "C34"}, "行业属于通用设备制造业"),
        ({"valid_until": "2022-12-28"}, {}, "validity", {"validity": "2022-01-01/2022-12-28"}, "申请日在"),
        (
            {"kinds": ["renewal"]},
            {"term_months": 60},
            "kind term",
            {"kind": "renewal", "term": "36"},
            "融资类型为续贷，且期限由",
        ),
    ],
)
def test_a_miss_says_what_would_match(
    conditions: dict[str, Any], need: dict[str, Any], codes: str, values: dict[str, str], text: str
) -> None:
    (miss,) = nearest(wanted(**need), room(product(**conditions)))
    assert miss.code == "would_match_if"
    assert miss.values == {"product": "bank01/p", "codes": codes} | values
    assert text in miss.text


def test_a_named_list_is_told_which_other_banks_would_match() -> None:
    listed = room(product("bank02"), product("bank03", kinds=["renewal"]), product("bank04"))
    asked = wanted(routing=Routing(mode="named", banks=("bank09",)))
    found = nearest(asked, listed)
    assert no_bank(asked, listed).code == "named_without_product"
    assert [r.values for r in found] == [
        {"product": f"{bank}/p", "codes": "bank", "bank": bank} for bank in ("bank02", "bank04")
    ]
    assert found[0].text == "若在意向银行中增加 bank02，则可匹配 测试（bank02/p）"


def test_a_named_bank_that_asks_for_a_small_change_comes_before_another_bank() -> None:
    asked = wanted(amount_cny="5500000.00", routing=Routing(mode="named", banks=("bank02",)))
    found = nearest(asked, room(product("bank02"), product("bank03", max_amount_cny="6000000.00")))
    assert [r.values["codes"] for r in found] == ["amount", "bank"]


def test_a_spent_total_quota_says_when_there_is_room_again() -> None:
    listed = catalogue(product(total_quota=10), product("bank02", total_quota=10, kinds=["renewal"]))
    spent = Room(listed, DAY, {}, {f"bank0{n}/p": Total(used=12) for n in (1, 2)})
    assert no_bank(wanted(), spent).code == "quota_spent"
    (found,) = nearest(wanted(), spent)
    assert found.values == {"product": "bank01/p", "codes": "total_quota", "total_quota": "13"}
    assert "bank01 将总额度由 10 笔提高到至少 13 笔" in found.text


def test_the_smallest_change_comes_first_and_three_are_named() -> None:
    limits = {"bank01": "2000000.00", "bank02": "8000000.00", "bank03": "5000000.00", "bank04": "1000000.00"}
    listed = room(*(product(bank, max_amount_cny=limit) for bank, limit in limits.items()))
    found = nearest(wanted(amount_cny="9000000.00"), listed)
    assert [r.values["product"] for r in found] == ["bank02/p", "bank03/p", "bank01/p"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32).map(Random), st.integers(1, 20))
def test_the_nearest_fail_fewest_conditions_whatever_the_order(chance: Random, count: int) -> None:
    listed = [random_product(chance, n) for n in range(count)]
    made = Room(catalogue(*listed), DAY, {}, {})
    asked = wanted()._replace(facts=random_facts(chance))
    asked_of = [made.catalogue.terms(slot) for slot in slots_of(addressed(asked, made))]
    missing = {t.key: [c.code for c in checks(t, asked.facts, DAY) if c.holds is False] for t in asked_of}
    if not asked_of or not all(missing.values()):
        return
    found = nearest(asked, made)
    fewest = min(map(len, missing.values()))
    assert len(found) == min(3, sum(len(codes) == fewest for codes in missing.values()))
    assert all(set(r.values["codes"].split()) == set(missing[r.values["product"]]) for r in found)
    chance.shuffle(listed)
    assert nearest(asked, Room(catalogue(*listed), DAY, {}, {})) == found


def reason(asked: Wanted, room: Room) -> str:
    (choice,) = assign([asked], room, {})
    assert not choice.picks
    return no_bank(asked, room).code


def test_who_finds_no_bank_is_told_why() -> None:
    spent = Room(catalogue(product(total_quota=10)), DAY, {}, {"bank01/p": Total(used=10)})
    assert reason(wanted(), spent) == "quota_spent"
    off = catalogue(product())
    off.put_bank(BankEntry(bank="bank01", daily_quota=5, enabled=False))
    assert reason(wanted(), Room(off, DAY, {}, {})) == "bank_disabled"
    assert reason(wanted(routing=Routing(mode="named", banks=("bank09",))), room(product())) == "named_without_product"
    assert reason(wanted(amount_cny="9000000.00"), room(product())) == "no_product"
    assert reason(wanted(exclude=frozenset({"bank01"})), room(product())) == "no_bank_left"
