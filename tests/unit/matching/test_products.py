"""A product's conditions on a need, and which products are refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.products import faults
from services.matching.snapshot import anonymous, measures_for
from services.matching.terms import Terms, checks
from tests.unit.matching.samples import DAY, facts, product, terms


def failing(found: Terms, **fields: Any) -> set[str]:
    return {c.code for c in checks(found, facts(**fields), DAY) if c.holds is False}


@pytest.mark.parametrize(
    ("conditions", "need", "code"),
    [
        ({}, {"amount_cny": "99999.99"}, "amount"),
        ({}, {"amount_cny": "5000000.01"}, "amount"),
        ({}, {"term_months": 37}, "term"),
        ({}, {"max_annual_rate": "0.0384"}, "rate"),
        ({"kinds": ["renewal"]}, {}, "kind"),
        ({"guarantee_modes": ["mortgage"]}, {"guarantee_modes": ["credit"]}, "guarantee"),
        ({"industries": ["C34"]}, {"industry": "G59"}, "industry"),
        ({"size_classes": ["small"]}, {"size_class": "large"}, "size_class"),
        ({"tags": ["cold_chain"]}, {}, "tags"),
        ({"valid_until": "2022-12-28"}, {}, "validity"),
    ],
)
def test_each_condition_can_fail(conditions: dict[str, Any], need: dict[str, Any], code: str) -> None:
    assert failing(terms(**conditions), **need) == {code}


@pytest.mark.parametrize(
    "conditions",
    [{"industries": ["C34"]}, {"size_classes": ["small"]}, {"guarantee_modes": ["mortgage"]}, {"regions": ["x"]}],
)
def test_what_a_need_does_not_say_is_unknown_and_not_false(conditions: dict[str, Any]) -> None:
    found = checks(terms(**conditions), facts(), DAY)
    assert not [c for c in found if c.holds is False]
    assert [c for c in found if c.holds is None]


def test_industries_are_hierarchical() -> None:
    assert failing(terms(industries=["C"]), industry="C3411") == set()
    assert failing(terms(industries=["C34"]), industry="C3411") == set()


@pytest.mark.parametrize(
    ("said", "asked", "holds"),
    [
        ("C34", ["C348"], None),
        ("C", ["G54", "C3484"], None),
        ("C34", ["C348", "C34"], True),
        ("C349", ["C348"], False),
        ("C3484", ["C348"], True),
    ],
)
def test_a_coarse_industry_is_unknown_where_a_finer_one_is_asked_for(said: str, asked: list[str], holds: Any) -> None:
    (tried,) = [c for c in checks(terms(industries=asked), facts(industry=said), DAY) if c.code == "industry"]
    assert tried.holds is holds


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"min_amount_cny": "6000000.00"}, "min_amount_cny", "lo_above_hi"),
        ({"min_term_months": 40}, "min_term_months", "lo_above_hi"),
        ({"valid_from": "2024-01-01"}, "valid_from", "lo_above_hi"),
        ({"valid_until": "2022-12-01"}, "valid_until", "expired"),
        ({"annual_rate": "0.385"}, "annual_rate", "out_of_range"),
        ({"kinds": ["gift"]}, "kinds", "unknown_code"),
        ({"labels": ["nothing"]}, "labels", "unknown_code"),
        ({"industries": ["C99"]}, "industries", "unknown_code"),
        ({"funding_source": "printed"}, "funding_source", "unknown_code"),
        ({"currency": "USD"}, "currency", "currency_mix"),
        ({"total_quota": 0}, "total_quota", "out_of_range"),
        ({"daily_quota": 10, "total_quota": 9}, "total_quota", "lo_above_hi"),
    ],
)
def test_an_unusable_product_is_refused_naming_the_condition(fields: dict[str, Any], field: str, code: str) -> None:
    (found,) = faults(product(**fields), "bank01", DAY)
    assert (found.values["field"], found.code) == (field, code)
    assert field in found.text


def test_a_product_that_says_all_it_can_is_taken() -> None:
    full = {"labels": ["bangfu"], "funding_source": "relending_small", "currency": "CNY", "total_quota": 100}
    assert faults(product(**full), "bank01", DAY) == ()


def test_another_banks_product_is_refused() -> None:
    assert [f.code for f in faults(product("bank02"), "bank01", DAY)] == ["wrong_bank"]


@given(st.decimals("0.01", "99999999.99", places=2))
def test_a_snapshot_shows_a_band_and_no_figure(amount: Decimal) -> None:
    shown = anonymous(facts(amount_cny=str(amount)))
    assert shown.amount_cny.at_least <= amount
    assert shown.amount_cny.below is None or amount < shown.amount_cny.below
    assert "stated_on" not in shown.model_dump_json()


def test_measures_of_the_notice_are_attached_once_for_each_part_with_clause_and_reason() -> None:
    found = measures_for(facts(size_class="small", first_loan=True, tags=["cold_chain"]))
    numbers = [m.measure for m in found]
    assert numbers == sorted(numbers)
    assert len({(m.measure, m.part) for m in found}) == len(found)
    assert {9, 12} <= set(numbers)
    assert all(m.clause and m.reason for m in found)


@pytest.mark.parametrize(
    ("measure", "parts", "need"),
    [
        (4, ["guarantee", "guarantee_fee_subsidy"], {"kind": "guarantee", "tags": ["tech"]}),
        (6, [None], {}),
        (9, ["cold_chain", "transport"], {"tags": ["cold_chain", "transport"]}),
        (9, ["transport"], {"tags": ["transport"]}),
        (12, ["first_loan", "small_relending"], {"first_loan": True}),
        (13, ["cross_border_rmb", "foreign_rmb", "foreign_debt"], {"kind": "cross_border", "tags": ["high_tech"]}),
    ],
)
def test_each_part_of_a_clause_that_applies_is_said(
    measure: int, parts: list[str | None], need: dict[str, object]
) -> None:
    found = measures_for(facts(size_class="small", **need))
    assert [m.part for m in found if m.measure == measure] == parts


@pytest.mark.parametrize(
    ("kind", "leads"),
    [
        ("bridge", {"区经济信息委"}),
        ("guarantee", {"区金融办、区科技局"}),
        ("export_insurance", {"区商务委"}),
        ("renewal", {"区经济信息委", "区金融办"}),
    ],
)
def test_a_measure_says_who_leads_in_the_notices_words_or_as_configured(kind: str, leads: set[str]) -> None:
    assert {m.lead for m in measures_for(facts(kind=kind, size_class="small"))} == leads
