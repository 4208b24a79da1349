"""免申即享 (二): derived for whoever is eligible, whatever they came for; what nobody knows is asked, never assumed."""

from datetime import date
from typing import Any

import pytest

from yuqiao.contracts.values import NeedFacts
from yuqiao.policy.explain import Explained
from yuqiao.policy.measures import measures
from yuqiao.policy.states import known_codes
from yuqiao.policy.without_application import asked_of_banks, without_application

DAY = date(2022, 12, 28)


def owed(on: date = DAY, **given: Any) -> Explained:
    hit = {"kind": "new_loan", "amount_cny": "1000000.00", "size_class": "small", "covid_affected": True}
    (found,) = without_application(NeedFacts.model_validate(hit | {"stated_on": DAY} | given), on)
    return found


def test_only_clause_two_promises_it() -> None:
    promised = [m.number for m in measures() for part in m.parts if part.promise.without_application]
    assert promised == [2]
    assert len(measures()[1].parts) == 1, "a need's measure 二 is this promise and no other"
    found = owed()
    assert found.part is not None
    assert (found.measure.number, found.part.code, found.verdict, found.until) == (2, "rate_cut", "applies", None)
    assert "在该行有原有贷款" in found.part.to_verify, "what only a bank knows is asked of the bank"


@pytest.mark.parametrize("kind", known_codes("need_kind"))
def test_what_the_enterprise_came_for_does_not_matter(kind: str) -> None:
    assert owed(kind=kind).verdict == "applies"


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"size_class": "medium"}, "applies"),
        ({"size_class": "micro", "entity_kind": "cooperative"}, "applies"),
        ({"size_class": "undetermined", "entity_kind": "individual"}, "applies"),
        ({"covid_affected": None, "tags": ["covid_hit"]}, "applies"),
        ({"size_class": "large"}, "fails"),
        ({"covid_affected": False, "tags": ["covid_hit"]}, "fails"),
        ({"first_loan": True}, "fails"),
        ({"size_class": "undetermined"}, "unknown"),
        ({"covid_affected": None}, "unknown"),
        ({"covid_affected": None, "first_loan": True}, "fails"),
    ],
)
def test_who_is_eligible(given: dict[str, Any], verdict: str) -> None:
    assert owed(**given).verdict == verdict


def test_what_is_missing_or_fails_is_named() -> None:
    assert owed(covid_affected=None).missing == ("受疫情影响",)
    assert owed(size_class="large").failing == ("企业划型为中型或小型或微型",)
    assert "首次贷款" in owed(first_loan=True).reason


def test_a_bank_is_asked_for_it_and_for_nothing_else() -> None:
    asked = asked_of_banks([1, 2, 6])
    assert list(asked) == [2]
    assert "请核实受疫情影响较大、在该行有原有贷款" in asked[2]
    assert asked_of_banks([]) == asked_of_banks([7]) == {}


def test_it_is_judged_on_the_day_of_the_event() -> None:
    assert owed(date(2022, 12, 27)).verdict == "not_yet"
    assert owed(date(2024, 1, 1)).verdict == "applies", "clause 二 names no end"
