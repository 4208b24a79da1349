"""What is wrong with banks' replies by themselves: what examples say is right, and the guide says which codes there are."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from yuqiao.contracts import schemas
from yuqiao.contracts.base import event_type
from yuqiao.policy.reply_content import DONE_ON, LISTS, wrong_content
from yuqiao.policy.states import known_codes, listed, term

GUIDE = (Path(__file__).parents[3] / "docs" / "bank-guide.md").read_text(encoding="utf-8")


DAY = date(2023, 6, 30)
"""No example is later."""


def example(wire_type: str) -> Any:
    (path,) = (Path(schemas.__file__).parent / "examples").rglob(f"{wire_type}.json")
    kind = event_type(wire_type)
    assert kind
    return kind.model_validate_json(json.dumps(json.loads(path.read_text(encoding="utf-8"))["body"]))


@pytest.mark.parametrize("wire_type", LISTS)
def test_an_example_says_what_is_known(wire_type: str) -> None:
    field, codes = LISTS[wire_type]
    assert list(wrong_content(example(wire_type), DAY)) == []
    odd = example(wire_type).but(**{field: "odd"})
    assert list(wrong_content(odd, DAY)) == [("unknown_code", field, "odd", f"可用的有：{listed(codes)}")]


@pytest.mark.parametrize("wire_type", DONE_ON)
def test_nothing_was_done_on_a_day_to_come(wire_type: str) -> None:
    field = DONE_ON[wire_type]
    assert list(wrong_content(example(wire_type).but(**{field: DAY}), DAY)) == []
    late = example(wire_type).but(**{field: DAY + timedelta(days=1)})
    assert list(wrong_content(late, DAY)) == [("out_of_range", field, "2023-07-01", "不得晚于回复当日 2023-06-30")]


@pytest.mark.parametrize("field", ["amount_cny", "annual_rate"])
def test_who_grants_says_how_much_and_at_what_rate(field: str) -> None:
    granted = example("reply.decision").but(approved=True, **{field: None})
    assert [(w.code, w.field) for w in wrong_content(granted, DAY) if w.field == field] == [("field_missing", field)]


TOO_HIGH = "须为不超过 0.24 的小数，如 0.0385 表示 3.85%"


@pytest.mark.parametrize("wire_type", ["reply.decision", "reply.disbursement"])
def test_no_loan_is_of_nothing_or_costs_more_than_any_loan_may(wire_type: str) -> None:
    for right in ({"amount_cny": Decimal("0.01")}, {"annual_rate": Decimal("0.24")}, {"annual_rate": Decimal(0)}):
        assert list(wrong_content(example(wire_type).but(**right), DAY)) == []
    odd = example(wire_type).but(amount_cny=Decimal("0.00"), annual_rate=Decimal("0.99"))
    assert list(wrong_content(odd, DAY)) == [
        ("out_of_range", "amount_cny", "0.00", "须大于 0"),
        ("out_of_range", "annual_rate", "0.99", TOO_HIGH),
    ]


def test_the_terms_of_what_is_not_granted_are_nobodys_business() -> None:
    no = {"approved": False, "reason": "G1", "amount_cny": Decimal("0.00"), "annual_rate": Decimal("0.99")}
    assert list(wrong_content(example("reply.decision").but(**no), DAY)) == []


@pytest.mark.parametrize("codes", [codes for _, codes in LISTS.values()])
def test_the_guide_lists_each_code_with_its_term(codes: str) -> None:
    assert [code for code in known_codes(codes) if f"`{code}` {term(codes, code)}" not in GUIDE] == []
