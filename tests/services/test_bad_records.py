"""What a bank sends that is wrong: one receipt with a reason for each, in time, and nobody else notices anything."""

import json
import time
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest

from tests.services.house import House
from tests.services.test_catalogue import BANK, TERMS, open_bank
from tests.tidy.checks import ROOT, undocumented
from tests.unit.intake.samples import NEED
from yuqiao.contracts.from_bank import OfferAccept
from yuqiao.contracts.streams import BankChannel, bank_topic
from yuqiao.contracts.to_bank import NeedDisclosed, NeedOffered, Receipt
from yuqiao.runtime.records import Record, decode

Headers = list[tuple[str, bytes]]
Case = tuple[str, str, bytes | None, Headers]
"""The receipt's code, the field it names, body and headers."""

OFFER = "3f0c2f6e-0000-4000-8000-000000000000"
AT = "2022-12-28T10:00:00+08:00"
FLOOD: Headers = [(f"ce_{n}", b"x") for n in range(50_000)]


def headers(name: str, kind: str = "reply.accept") -> Headers:
    return [("ce_id", name.encode()), ("ce_type", kind.encode())]


def body(**fields: Any) -> bytes:
    return json.dumps({"at": AT, "offer": OFFER} | fields).encode()


def bad_headers(elsewhere: str = "product.published") -> Iterable[Case]:
    whole = body()
    yield "bad_header", "ce_id", whole, []
    yield "bad_header", "ce_id", whole, [("ce_id", b"a\x00b"), ("ce_type", b"reply.accept")]
    yield "bad_header", "ce_id", whole, [("ce_id", "\u202eabc".encode()), ("ce_type", b"reply.accept")]
    yield "bad_header", "ce_id", whole, [("ce_id", b"\xff"), ("ce_type", b"reply.accept")]
    yield "bad_header", "ce_id", whole, [("ce_id", b"x" * 513), ("ce_type", b"reply.accept")]
    yield "bad_header", "ce_id", whole, [*headers("doubled"), ("CE_ID", b"other")]
    yield "bad_header", "ce_type", whole, [("ce_id", b"no type"), *FLOOD]
    yield "bad_header", "ce_type", whole, [("ce_id", b"nul"), ("ce_type", b"reply.accept\x00")]
    yield "bad_header", "ce_time", whole, [*headers("time"), ("ce_time", b"2022-12-28T24:00:00+08:00")]
    yield "bad_header", "ce_time", whole, [*headers("time"), ("ce_time", b"2022-12-28T10:00:00")]
    yield "bad_header", "ce_sequence", whole, [*headers("sequence"), ("ce_sequence", "１".encode())]
    yield "unknown_type", "ce_type", whole, headers("ours", "need.registered")
    yield "unknown_type", "ce_type", whole, headers("elsewhere", elsewhere)
    yield "unknown_type", "ce_type", whole, headers("future", "reply.from_the_future")


def bad_json(kind: str = "reply.accept") -> Iterable[Case]:
    whole = body()
    bodies = {
        "too_deep": [b"[" * 10_000, b'{"a":' * 10_000],
        "duplicate_key": [b'{"offer":1,"offer":2}'],
        "not_a_number": [b'{"offer":1e400}', b'{"offer":NaN}'],
        "lone_surrogate": [b'{"offer":"\\ud800"}'],
        "has_nul": [b'{"offer":"\\u0000"}'],
        "has_bom": [b"\xef\xbb\xbf" + whole, whole.decode().encode("utf-16")],
        "not_utf8": ["测试".encode("gbk")],
        "not_json": [
            b"",
            b"{",
            whole[:-1],
            b'{"offer":' + b"9" * 5_000 + b"}",
            *(b'{"%s":' % name + b"[" * 300 + b"]" * 300 + b"}" for name in (b"offer", b"product", b"x")),
        ],
        "too_large": [b'{"offer":"' + b"x" * 1_000_000 + b'"}', b"[" + b"1," * 500_000 + b"1]"],
        "wrong_type": [b"[]", b"null", b"-0", b'"text"'],
        "field_missing": [None],
    }
    for code, given in bodies.items():
        for number, one in enumerate(given):
            yield code, "body", one, headers(f"{code} {number}", kind)


def bad_fields() -> Iterable[Case]:
    decision = {"approved": True, "amount_cny": "1.00", "annual_rate": "0.04"}
    wrong: list[tuple[str, str, str, dict[str, Any]]] = [
        ("reply.accept", "wrong_format", "offer", {"offer": "\u202e" + OFFER}),
        ("reply.accept", "wrong_format", "offer", {"offer": OFFER.upper()}),
        ("reply.accept", "wrong_format", "at", {"at": 1_672_531_200_000}),
        ("reply.accept", "wrong_format", "at", {"at": "1672531200"}),
        ("reply.accept", "wrong_format", "at", {"at": "2022-12-28"}),
        ("reply.accept", "wrong_format", "at", {"at": "2022-12-28T10:00:00"}),
        ("reply.accept", "too_long", "note", {"note": "x" * 1_001}),
        ("reply.accept", "wrong_type", "bank", {"bank": 5}),
        ("reply.decline", "field_missing", "reason", {}),
        ("reply.decline", "wrong_format", "reason", {"reason": "\u0661"}),
        ("reply.visit", "wrong_format", "visited_on", {"visited_on": "2026-02-29"}),
        ("reply.visit", "wrong_format", "visited_on", {"visited_on": 1_672_531_200}),
        ("reply.decision", "wrong_value", "amount_cny", decision | {"amount_cny": "1e6"}),
        ("reply.decision", "wrong_value", "amount_cny", decision | {"amount_cny": "1,000.00"}),
        ("reply.decision", "wrong_value", "amount_cny", decision | {"amount_cny": "-1"}),
        ("reply.decision", "wrong_value", "amount_cny", decision | {"amount_cny": "¥1"}),
        ("reply.decision", "wrong_value", "amount_cny", decision | {"amount_cny": "1.001"}),
        ("reply.decision", "out_of_range", "amount_cny", decision | {"amount_cny": "9" * 16}),
        ("reply.decision", "wrong_value", "annual_rate", decision | {"annual_rate": "3.85"}),
        ("reply.decision", "out_of_range", "term_months", decision | {"term_months": 2**63}),
        ("reply.decision", "out_of_range", "term_months", decision | {"term_months": -1}),
    ]
    for number, (kind, code, field, fields) in enumerate(wrong):
        yield code, field, body(**fields), headers(f"field {number}", kind)


def bad_products() -> Iterable[Case]:
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("lo_above_hi", "min_amount_cny", {"min_amount_cny": "2", "max_amount_cny": "1"}),
        ("lo_above_hi", "valid_from", {"valid_from": "2023-01-01", "valid_until": "2022-12-31"}),
        ("expired", "valid_until", {"valid_until": "2022-12-27"}),
        ("wrong_format", "valid_until", {"valid_until": 4_102_358_400}),
        ("wrong_format", "product", {"product": "x" * 65}),
        ("wrong_format", "name", {"name": "\u202e\u200b"}),
        ("wrong_value", "annual_rate", {"annual_rate": "3.85"}),
        ("out_of_range", "daily_quota", {"daily_quota": 2**63}),
        ("out_of_range", "min_term_months", {"min_term_months": 0}),
        ("currency_mix", "currency", {"currency": "USD"}),
        ("wrong_bank", "bank", {"bank": "bank02"}),
        ("unknown_code", "regions", {"regions": ["chengkou"]}),
        ("unknown_code", "industries", {"industries": ["Q" * 100_000]}),
        ("unknown_code", "tags", {"tags": [f"x{n}" for n in range(1_000)]}),
        ("too_long", "tags", {"tags": [f"x{n}" for n in range(25_000)]}),
        ("too_long", "industries", {"industries": ["C34"] * 25_000}),
        ("too_large", "body", {"tags": [f"x{n}" for n in range(90_000)]}),
    ]
    for number, (code, field, fields) in enumerate(wrong):
        given = json.dumps({"at": AT, "product": "q"} | TERMS | fields).encode()
        yield code, field, given, headers(f"product {number}", "product.published")
    yield "field_missing", "body", None, headers("tombstone", "product.published")
    yield "unknown_product", "product", body(product="nobodys"), headers("gone", "product.withdrawn")


def write(house: House, channel: BankChannel, cases: Iterable[Case]) -> dict[str, Case]:
    """The records on the bank's topic, by place."""
    topic, written = bank_topic(BANK, channel), {}
    for case in cases:
        offset = sum(r.topic == topic for r in house.records)
        record = Record(topic, 0, offset, b"\xff" * 1000, case[2], tuple(case[3]))
        house.records.append(record)
        written[record.place] = case
    return written


@pytest.mark.parametrize(
    ("channel", "cases"),
    [
        ("replies", [*bad_headers(), *bad_json(), *bad_fields()]),
        ("products", [*bad_headers("reply.accept"), *bad_json("product.published"), *bad_products()]),
    ],
    ids=["replies", "products"],
)
async def test_each_gets_a_receipt_with_its_reason_and_harms_nobody(
    house: House, channel: BankChannel, cases: list[Case]
) -> None:
    await open_bank(house)
    before = len(house.said(Receipt))
    written = write(house, channel, cases)
    async with house.calling("intake") as operator:
        (await operator.post("/needs", json=NEED, headers={"Idempotency-Key": "k"})).raise_for_status()
    await house.settle()  # a House fails when anything is parked
    (offered,) = house.said(NeedOffered)
    house.write(OfferAccept(at=house.now, bank=BANK, offer=offered.offer))
    await house.settle()
    assert [e.offer for e in house.said(NeedDisclosed)] == [offered.offer]

    receipts = {r.place: r for r in house.said(Receipt)[before:]}
    assert len(receipts) == len(house.said(Receipt)) - before, "one receipt for each"
    wrong = {}
    for place, (code, field, *_) in written.items():
        receipt = receipts[place]
        found = [(r.code, r.values.get("field")) for r in receipt.reasons]
        if receipt.result != "refused" or (code, field) not in found:
            wrong[place] = (code, field), receipt.result, found
        assert len(receipt.to_json()) < 20_000
        assert all(any("\u4e00" <= c <= "\u9fff" for c in r.text) for r in receipt.reasons), receipt.reasons
        assert all(r.text.isprintable() for r in receipt.reasons), receipt.reasons
    assert wrong == {}


async def test_a_product_is_told_everything_that_is_wrong_with_it_under_its_own_name(house: House) -> None:
    await open_bank(house)
    bounds = {"valid_from": "2022-12-27", "valid_until": "2022-12-26", "regions": ["chengkou"], "total_quota": 0}
    wrong: dict[str, Any] = {
        "annual_rate": "3.85",
        "max_term_months": "x",
        "min_amount_cny": "2",
        "max_amount_cny": "1",
    }
    given = json.dumps({"at": AT, "product": "q"} | TERMS | bounds | wrong).encode()
    write(house, "products", [("", "", given, headers("many", "product.published"))])
    await house.settle()
    receipt = house.said(Receipt)[-1]
    assert (receipt.subject, receipt.result) == ("q", "refused")
    assert [(r.code, r.values["field"]) for r in receipt.reasons] == [
        ("not_a_number", "max_term_months"),
        ("wrong_value", "annual_rate"),
        ("lo_above_hi", "min_amount_cny"),
        ("lo_above_hi", "valid_from"),
        ("expired", "valid_until"),
        ("out_of_range", "total_quota"),
        ("unknown_code", "regions"),
    ]


@pytest.mark.parametrize(
    ("channel", "kind", "fields", "subject"),
    [
        ("products", "product.published", {"product": "q"}, "q"),
        ("products", "product.published", {"product": "银行"}, None),
        ("products", "product.withdrawn", {"product": "q", "at": 5}, "q"),
        ("replies", "reply.contact", {"offer": OFFER}, OFFER),
        ("replies", "reply.contact", {"offer": OFFER.upper()}, None),
    ],
)
async def test_a_refused_record_is_answered_under_the_name_that_can_be_read_in_it_else_under_its_place(
    house: House, channel: BankChannel, kind: str, fields: dict[str, Any], subject: str | None
) -> None:
    await open_bank(house)
    write(house, channel, [("", "", json.dumps({"at": AT} | fields).encode(), headers("named", kind))])
    await house.settle()
    receipt = house.said(Receipt)[-1]
    assert (receipt.answers, receipt.result, receipt.subject) == ("named", "refused", subject or receipt.place)


EVERY = [*bad_headers(), *bad_json(), *bad_fields(), *bad_products()]


def test_each_code_stands_in_the_banks_guide() -> None:
    guide = (ROOT / "docs" / "bank-guide.md").read_text(encoding="utf-8")
    assert list(undocumented(sorted({code for code, *_ in EVERY}), guide)) == []


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case[0])
def test_each_is_read_in_a_fifth_of_a_second_and_50_mib(case: Case) -> None:
    record = Record(bank_topic(BANK, "replies"), 0, 0, None, case[2], tuple(case[3]), 2**62)
    took = []
    for _ in range(3):  # what is slow is slow each time; a garbage collector's pause is not
        began = time.process_time()
        decode(record)
        took.append(time.process_time() - began)
    assert min(took) < 0.2
    tracemalloc.start()
    decode(record)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 2**20
