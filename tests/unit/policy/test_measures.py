"""The 17 measures: text as published, who is responsible, and when they apply."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

import pytest

from yuqiao.contracts.values import NeedFacts
from yuqiao.policy.measures import applicable, measure, measures
from yuqiao.policy.states import known_codes

NOTICE = date(2022, 12, 28)
LENGTHS = [145, 126, 157, 155, 137, 111, 139, 168, 168, 130, 146, 126, 187, 136, 196, 188, 150]
TEXTS_SHA256 = "a21eb12fad6c4f51ef784e4f2db3ffddc4415634498893d040cdc6f96da6f65c"


@dataclass(frozen=True)
class Need:
    kind: str = "new_loan"
    entity_kind: str = "enterprise"
    size_class: str | None = "small"
    tags: tuple[str, ...] = ()
    industry: str | None = "C34"
    amount_cny: Decimal = Decimal(1_000_000)
    first_loan: bool | None = False
    covid_affected: bool | None = False


def parts(need: Need, on: date = NOTICE) -> list[str]:
    return [f"{one.measure.number}:{one.part.code}" for one in applicable(need, on)]


def test_texts_are_the_notice_character_by_character() -> None:
    texts = [one.text for one in measures()]
    assert [len(text) for text in texts] == LENGTHS
    assert sha256("\n".join(texts).encode()).hexdigest() == TEXTS_SHA256
    for one in measures():
        assert one.clause in one.text[:4]
        assert f"{one.title}。" in one.text


def test_leads_and_responsibles_are_the_words_of_the_clause() -> None:
    leads = {one.number: one.lead for one in measures()}
    assert leads.pop(3) == ("区经济信息委",)
    assert leads.pop(4) == ("区金融办", "区科技局")
    assert leads.pop(5) == ()
    assert set(leads.values()) == {("区金融办",)}
    assert measure(5).configured_lead == "区商务委"
    assert measure(7).responsible == ("相关镇街", "园区国有公司", "各银行机构")
    for one in measures():
        assert one.text.endswith(f"责任单位：{'、'.join(one.responsible)}）")
        if one.lead:
            assert f"（牵头单位：{'、'.join(one.lead)}" in one.text


def test_banks_are_not_all_financial_institutions() -> None:
    found = {name: [one.number for one in measures() if one.responsible_set == name] for name in ("banks", "other")}
    assert found == {"banks": [1, 2, 6, 7, 8, 12], "other": [3, 4, 5]}
    assert measure(14).scope == "person"


@pytest.mark.parametrize(
    "need",
    [
        Need(kind="extension", covid_affected=True),
        Need(kind="extension", entity_kind="individual", tags=("covid_hit",), covid_affected=None),
    ],
)
def test_an_extension_hit_by_the_epidemic(need: Need) -> None:
    assert parts(need) == ["1:extension", "2:rate_cut"]
    first = applicable(need, NOTICE)[0]
    assert first.until == date(2023, 6, 30)
    assert "融资类型：延期" in first.reason
    assert first.part.promise.penalty_rate == 0
    assert parts(need, date(2023, 7, 1)) == ["2:rate_cut"]


@pytest.mark.parametrize(
    "need",
    [
        Need(kind="extension", covid_affected=None),
        Need(kind="extension", covid_affected=True, size_class=None),
        Need(kind="extension", covid_affected=True, size_class="undetermined"),
        Need(kind="extension", covid_affected=True, size_class="large"),
        Need(first_loan=None, size_class=None, entity_kind="unheard_of"),
    ],
)
def test_the_unknown_never_meets_a_condition(need: Need) -> None:
    assert parts(need) == []


def test_the_enterprises_no_outweighs_a_tag() -> None:
    assert parts(Need(kind="extension", covid_affected=False, tags=("covid_hit",))) == []


@pytest.mark.parametrize(
    ("need", "expected"),
    [
        (Need(kind="bridge"), ["3:bridge_fee"]),
        (Need(kind="guarantee"), ["4:guarantee"]),
        (Need(kind="guarantee", tags=("tech",)), ["4:guarantee", "4:guarantee_fee_subsidy"]),
        (Need(kind="export_insurance"), ["5:export_premium"]),
        (Need(kind="bond", tags=("supply_chain",), size_class="large"), ["10:supply_chain"]),
        (Need(kind="cross_border", tags=("high_tech",)), ["13:cross_border_rmb", "13:foreign_rmb", "13:foreign_debt"]),
        (Need(kind="cross_border", size_class="large"), ["13:foreign_rmb"]),
        (Need(kind="cross_border", size_class=None), ["13:foreign_rmb"]),
        (Need(kind="cross_border", entity_kind="individual"), ["13:cross_border_rmb"]),
        (Need(entity_kind="individual"), ["6:bangfu", "12:small_relending"]),
        (Need(kind="bridge", covid_affected=True), ["2:rate_cut", "3:bridge_fee"]),
        (Need(kind="bridge", covid_affected=True, first_loan=None), ["2:rate_cut", "3:bridge_fee"]),
        (Need(kind="bridge", covid_affected=True, first_loan=True), ["3:bridge_fee"]),
        (
            Need(first_loan=True, tags=("cold_chain", "transport", "equipment")),
            [
                "3:government_bank_products",
                "6:bangfu",
                "9:cold_chain",
                "9:transport",
                "11:equipment",
                "12:first_loan",
                "12:small_relending",
            ],
        ),
    ],
)
def test_each_clause_finds_its_needs(need: Need, expected: list[str]) -> None:
    assert parts(need) == expected


def test_what_is_owed_unasked_says_so() -> None:
    (found, _) = applicable(Need(kind="bridge", covid_affected=True), NOTICE)
    assert found.reason == "主体类型：企业；企业划型：小型；受疫情影响；免申即享，企业无须申请"


def test_a_need_event_s_facts_are_facts() -> None:
    stated = NeedFacts(kind="bridge", amount_cny=Decimal(500_000), size_class="micro", stated_on=NOTICE)
    assert [one.term for one in applicable(stated, stated.stated_on)] == ["免除转贷资金占用费"]


def test_nothing_applies_before_the_notice_and_dated_clauses_end() -> None:
    assert parts(Need(kind="bridge"), date(2022, 12, 27)) == []
    assert parts(Need(kind="bridge"), date(2023, 6, 30)) == ["3:bridge_fee"]
    assert parts(Need(kind="bridge"), date(2023, 7, 1)) == []
    assert parts(Need(kind="export_insurance"), date(2023, 12, 31)) == ["5:export_premium"]
    assert parts(Need(kind="export_insurance"), date(2024, 1, 1)) == []


def test_promises_are_numbers() -> None:
    assert measure(2).parts[0].promise.rate_cut_relative == Decimal("0.10")
    guarantee, foreign = measure(4).parts[0].promise, measure(13).parts[2].promise
    assert (guarantee.max_fee_rate, guarantee.max_amount, guarantee.currency) == (
        Decimal("0.008"),
        Decimal(10_000_000),
        "CNY",
    )
    assert (foreign.max_amount, foreign.currency) == (Decimal(10_000_000), "USD")
    assert measure(5).parts[0].promise.premium_support == 1


def test_conditions_speak_in_known_codes_and_name_what_fails() -> None:
    for one in (when for found in measures() for part in found.parts for when in part.when):
        assert set(one.kinds) <= set(known_codes("need_kind"))
        assert set(one.entities) <= set(known_codes("entity_kind"))
        assert set(one.sizes) <= set(known_codes("size_class"))
        assert set(one.tags_any) <= set(known_codes("tag"))
    labels = {label for found in measures() for part in found.parts for label in part.promise.labels}
    assert labels <= set(known_codes("product_label"))
    assert list(measure(1).parts[0].when[0].failing(Need())) == ["kinds", "covid"]


@pytest.mark.parametrize("number", [0, 18, -1])
def test_there_is_no_other_measure(number: int) -> None:
    with pytest.raises(KeyError):
        measure(number)
