"""Input nobody should fall over: refused with a code and a Chinese sentence, fast, never an exception of another kind."""

import json
import time

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.intake.requests import ClientBody, ConsentBody, NeedBody
from services.notification.domain import Bank
from yuqiao.contracts import from_bank
from yuqiao.contracts.base import REGISTRY
from yuqiao.contracts.from_bank import ContactReport, CreditDecision, OfferAccept
from yuqiao.contracts.problems import NotJson, loads_strict, reasons_of
from yuqiao.contracts.values import Money, NeedFacts, Rate

FROM_BANK = [kind for kind in REGISTRY.values() if kind.__module__ == from_bank.__name__]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"[" * 10_000, "too_deep"),
        (b"[" * 10_000 + b"]" * 10_000, "too_deep"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b"NaN", "not_a_number"),
        (b"-Infinity", "not_a_number"),
        (b"1e400", "not_a_number"),
        (b'"\\ud800"', "lone_surrogate"),
        (b'"a\\u0000b"', "has_nul"),
        (b"\xef\xbb\xbf{}", "has_bom"),
        ("{}".encode("utf-16"), "has_bom"),
        ("测试".encode("gbk"), "not_utf8"),
        (b'"' + b"x" * 10_000_000 + b'"', "too_large"),
        (b"[" + b"1," * 200_000 + b"1]", "too_large"),
        (b"{" + b",".join(b'"%d":1' % n for n in range(350_000)) + b"}", "too_large"),
        (b"1" * 5_000, "not_json"),
    ],
)
def test_what_is_no_acceptable_json_is_refused_fast(body: bytes, code: str) -> None:
    began = time.process_time()
    with pytest.raises(NotJson) as caught:
        loads_strict(body)
    assert caught.value.reason.code == code
    assert time.process_time() - began < 0.2


def test_where_json_ends_to_be_json_is_said() -> None:
    with pytest.raises(NotJson, match="第 2 行第 9 列"):
        loads_strict(b'{"a": 1,\n "b": 2 "c"}')


def test_a_field_is_said_once_and_in_words() -> None:
    with pytest.raises(ValidationError) as caught:
        NeedBody.model_validate({"industry": "ZZ", "amount_cny": ""})
    texts = {r.values["field"]: r.text for r in reasons_of(caught.value)}
    assert texts["industry"] == (
        "industry 的值 ZZ 有误：须为门类字母 A 至 T，或字母加 2 至 4 位数字，如 C34、C348、C3484"
    )
    assert texts["amount_cny"].startswith("amount_cny 的值为空：须为十进制字符串")
    with pytest.raises(ValidationError) as caught:
        OfferAccept.model_validate({"at": "2023-01-05T10:00:00+08:00", "bank": "bank01", "offer": "nope"})
    assert [r.text for r in reasons_of(caught.value)] == [
        "offer 的值 nope 有误：须为小写的 UUID，如 30ec019c-985e-5950-b2a4-67ed9f0dc0c9"
    ]


def test_a_field_with_two_ways_to_be_right_is_said_once() -> None:
    at = "2023-01-05T10:00:00+08:00"
    with pytest.raises(ValidationError) as caught:
        ContactReport.model_validate({"at": at, "bank": "bank01", "offer": "nope", "method": "X!"})
    assert [(r.code, r.values["field"]) for r in reasons_of(caught.value)] == [
        ("wrong_format", "offer"),
        ("not_allowed", "method"),
    ]


def test_json_is_read() -> None:
    assert loads_strict('{"a": [1, "测试", 1.5, null]}'.encode()) == {"a": [1, "测试", 1.5, None]}


@pytest.mark.parametrize("text", ["1e6", "1,000,000.00", "-1", "1.234", "¥5", "", "NaN", "１００", " 1", "+1", 5, 5.0])
def test_money_is_a_plain_decimal_string(text: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Money).validate_python(text)


@pytest.mark.parametrize("text", ["3.85", "1", "100", "-0.01"])
def test_a_rate_is_a_fraction(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Rate).validate_python(text)


def test_each_wrong_field_is_named_with_its_value_and_what_would_be_right() -> None:
    body = '{"offer": "x", "bank": "bank01", "at": "2023-01-05", "approved": "maybe", "annual_rate": "3.85", "term_months": 0}'
    with pytest.raises(ValidationError) as caught:
        CreditDecision.model_validate_json(body)
    found = {r.values["field"]: r for r in reasons_of(caught.value)}
    assert {"offer", "at", "approved", "annual_rate", "term_months"} <= set(found)
    assert found["term_months"].code == "out_of_range"
    assert found["term_months"].values["value"] == "0"
    assert "0.0385" in found["annual_rate"].text


def test_nothing_invisible_and_nothing_long_is_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        CreditDecision.model_validate_json('{"offer": "\\u202e' + "x" * 5000 + '"}')
    reason = next(r for r in reasons_of(caught.value) if r.values["field"] == "offer")
    assert "\u202e" not in reason.text
    assert len(reason.values["value"]) <= 40


def test_what_may_be_said_is_listed_as_people_list_it_and_a_union_s_branch_is_no_field() -> None:
    facts = {"kind": "bridge", "amount_cny": "1", "stated_on": "2022-12-28", "size_class": 5}
    with pytest.raises(ValidationError) as caught:
        NeedFacts.model_validate(facts)
    (only,) = reasons_of(caught.value)
    assert only.text == "size_class 的值 5 有误：可用的值：large、medium、small、micro、undetermined"


JUNK = [None, True, -1, 10**30, 1.5, "", "x", "9" * 16, "9" * 5_000, "2022-12-28", "2022-12-28T25:00:00", "１", [], {}]


@pytest.mark.parametrize("kind", [NeedBody, ConsentBody, ClientBody, Bank, *FROM_BANK], ids=lambda kind: kind.__name__)
def test_every_reason_is_a_chinese_sentence(kind: type[BaseModel]) -> None:
    for name in kind.model_fields:
        for junk in [*JUNK, [JUNK] * 300, ["bank01"] * 300]:
            try:
                kind.model_validate_json(json.dumps({name: junk}))
            except ValidationError as error:
                for reason in reasons_of(error):
                    right = reason.values["expected"]
                    assert any("\u4e00" <= c <= "\u9fff" for c in right), (name, junk, reason.code, right)
                    assert [word for word in ("Decimal", "^", "对照说明") if word in right] == []
                    assert reason.text.count("有误") <= 1, reason.text
