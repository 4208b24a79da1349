"""Which banks see a need: unknown is not false, quotas hold, arrival does not decide, and every answer has its reasons."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain import Room, Wanted, assign, choose, nearest_misses, shortlist
from services.matching.products import faults
from services.matching.snapshot import anonymous, measures_for
from services.matching.terms import Terms, checks, terms_of
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.values import NeedFacts, Routing
from yuqiao.runtime.messages import BEIJING, derived_id

DAY = date(2022, 12, 29)


def product(bank: str = "bank01", **fields: Any) -> ProductPublished:
    given_fields = {
        "at": datetime(2022, 12, 28, 9, tzinfo=BEIJING),
        "bank": bank,
        "product": "p",
        "name": "测试",
        "min_amount_cny": "100000.00",
        "max_amount_cny": "5000000.00",
        "min_term_months": 3,
        "max_term_months": 36,
        "annual_rate": "0.0385",
        "daily_quota": 10,
        "valid_from": "2022-01-01",
        "valid_until": "2023-12-31",
    }
    return ProductPublished.model_validate(given_fields | fields)


def terms(bank: str = "bank01", **fields: Any) -> Terms:
    return terms_of(f"{bank}/p", product(bank, **fields))


def facts(**fields: Any) -> NeedFacts:
    return NeedFacts.model_validate({"kind": "new_loan", "amount_cny": "1000000.00", "stated_on": DAY} | fields)


def wanted(number: int = 0, *, places: int = 3, exclude: frozenset[str] = frozenset(), **fields: Any) -> Wanted:
    return Wanted(derived_id("need", number), facts(**fields), Routing(places=places), places, exclude)


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


def test_a_bank_is_asked_once_with_its_best_product_and_never_again() -> None:
    dear, cheap = terms_of("bank01/dear", product(annual_rate="0.08")), terms_of("bank01/cheap", product())
    room = Room({"bank01/dear": 1, "bank01/cheap": 1}, {"bank01": 2})
    (offer,) = choose(wanted(), [dear, cheap], room, DAY).offers
    assert offer.offer == derived_id("offer", wanted().need, "bank01")
    assert room.products == {"bank01/dear": 1, "bank01/cheap": 0}
    assert shortlist(wanted(exclude=frozenset({"bank01"})), [dear, cheap], DAY) == []


def test_a_match_says_why_and_a_miss_what_would_have_to_change() -> None:
    choice = choose(wanted(), [terms()], Room({"bank01/p": 1}, {"bank01": 1}), DAY)
    assert {r.code for r in choice.offers[0].reasons} >= {"conditions_met", "score"}
    (miss,) = nearest_misses(wanted(amount_cny="9000000.00"), [terms()], DAY)
    assert (miss.code, miss.values["codes"]) == ("would_match_if", "amount")
    assert "5000000" in miss.text


NEEDS = st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(NEEDS, st.randoms(use_true_random=False), st.integers(1, 12), st.integers(1, 4))
def test_quotas_hold_and_arrival_does_not_decide(numbers: list[int], chance: Any, quota: int, banks: int) -> None:
    catalogue = [terms(f"bank0{n}") for n in range(1, banks + 1)]

    def room() -> Room:
        return Room({t.key: quota for t in catalogue}, {t.bank: quota for t in catalogue})

    first = {w.need: c for w, c in assign([wanted(n) for n in numbers], catalogue, room(), DAY)}
    chance.shuffle(numbers)
    shuffled = catalogue[:]
    chance.shuffle(shuffled)
    second = {w.need: c for w, c in assign([wanted(n) for n in numbers], shuffled, room(), DAY)}
    assert first == second
    for bank in catalogue:
        assert sum(o.bank == bank.bank for c in first.values() for o in c.offers) <= quota
    for choice in first.values():
        assert len({o.bank for o in choice.offers}) == len(choice.offers) <= 3
        assert choice.no_room == (not choice.offers)


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
    ],
)
def test_an_unusable_product_is_refused_naming_the_condition(fields: dict[str, Any], field: str, code: str) -> None:
    (found,) = faults(product(**fields), "bank01", DAY)
    assert (found.values["field"], found.code) == (field, code)


def test_another_banks_product_is_refused() -> None:
    assert [f.code for f in faults(product("bank02"), "bank01", DAY)] == ["wrong_bank"]


@given(st.decimals("0.01", "99999999.99", places=2))
def test_a_snapshot_shows_a_band_and_no_figure(amount: Decimal) -> None:
    shown = anonymous(facts(amount_cny=str(amount)))
    assert shown.amount_cny.at_least <= amount
    assert shown.amount_cny.below is None or amount < shown.amount_cny.below
    assert "stated_on" not in shown.model_dump_json()


def test_measures_of_the_notice_are_attached_once_with_clause_and_reason() -> None:
    found = measures_for(facts(size_class="small", first_loan=True, tags=["cold_chain"]))
    numbers = [m.measure for m in found]
    assert numbers == sorted(set(numbers))
    assert {9, 12} <= set(numbers)
    assert all(m.clause and m.reason for m in found)
