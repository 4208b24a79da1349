"""Clause 十四: a natural person never enters the list; what is known of them is counts."""

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError

from services.intake import fields
from services.intake.identity import BadValue
from yuqiao.contracts.values import NeedFacts
from yuqiao.policy.explain import explain
from yuqiao.policy.home_loans import HomeLoanCounts, totals
from yuqiao.policy.measures import applicable
from yuqiao.policy.states import known_codes
from yuqiao.policy.uscc import BadUscc, canonical_uscc

DAY = date(2022, 12, 28)
RESIDENT = "11010519491231002X"  # the example of GB 11643


def counts(**given: Any) -> HomeLoanCounts:
    return HomeLoanCounts.model_validate({"bank": "bank01", "month": "2023-01", "asked": 20} | given)


@pytest.mark.parametrize("said", ["自然人", "个人", "居民", "个人住房贷款借款人", "person"])
def test_there_is_no_such_entity(said: str) -> None:
    with pytest.raises(BadValue) as refused:
        partial(fields.coded, "entity_kind")(said)
    assert refused.value.code == "entity_kind_unknown"
    assert known_codes("entity_kind") == ("enterprise", "individual", "cooperative")


@pytest.mark.parametrize("said", ["个人住房贷款", "住房按揭", "房贷"])
def test_a_home_loan_is_no_need(said: str) -> None:
    with pytest.raises(BadValue) as refused:
        partial(fields.coded, "need_kind")(said)
    assert refused.value.code == "need_kind_unknown"


@pytest.mark.parametrize("number", [RESIDENT, f" {RESIDENT.lower()} ", "500112199003071235"])
def test_an_identity_number_is_refused_as_what_it_is(number: str) -> None:
    with pytest.raises(BadUscc) as refused:
        canonical_uscc(number)
    assert refused.value.code == "uscc_person"
    assert number.strip() not in refused.value.text, "a person's number is not repeated"


@pytest.mark.parametrize("number", ["110105194912310021", "500222196013320017", "500112180003071235"])
def test_a_wrong_code_is_not_taken_for_a_person(number: str) -> None:
    with pytest.raises(BadUscc) as refused:
        canonical_uscc(number)
    assert refused.value.code == "uscc_check_digit"


@pytest.mark.parametrize("kind", known_codes("need_kind"))
def test_fourteen_never_applies(kind: str) -> None:
    need = NeedFacts(kind=kind, amount_cny=Decimal(1), covid_affected=True, size_class="micro", stated_on=DAY)
    assert 14 not in {one.measure.number for one in applicable(need, DAY)}
    assert [one.verdict for one in explain(need, DAY) if one.measure.number == 14] == ["person"]


def test_counts_add_up_and_small_ones_are_hidden() -> None:
    found = totals([counts(postponed=3, extended=20), counts(bank="bank02", asked=30, extended=1)])
    assert found == {"asked": 50, "postponed": None, "extended": 21, "principal_deferred": 0}
    assert totals([]) == {"asked": 0, "postponed": 0, "extended": 0, "principal_deferred": 0}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"name": "张三"}, "name"),
        ({"remark": "张三的贷款"}, "remark"),
        ({"asked": -1}, "asked"),
        ({"asked": 1.0}, "asked"),
        ({"postponed": 21}, "postponed"),
        ({"month": "2023-13"}, "month"),
        ({"bank": "张三"}, "bank"),
    ],
)
def test_nothing_but_counts_is_taken(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        counts(**given)


def test_a_month_is_not_counted_twice() -> None:
    with pytest.raises(ValueError, match="只能报一次"):
        totals([counts(), counts()])
