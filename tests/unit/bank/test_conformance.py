"""The check of a bank's own replies finds what would be refused, and nothing else."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.bank.push import offered
from yuqiao.bank.behaviour import GARBAGE, Step, on_disclosed, on_offered
from yuqiao.bank.conformance import check
from yuqiao.bank.letters import letter
from yuqiao.policy.calendar import BEIJING

NOW = datetime(2022, 12, 29, 10, tzinfo=BEIJING)
BANK = "bank01"
OFFER = offered(1, BANK).offer
ACCEPT = Step("accept", "accept", 0)
CONTACT = Step("contact", "contact", 1, {"method": "phone"})
DOCUMENTS = Step("documents", "documents", 2)
TERMS = {"amount_cny": Decimal("1000.00"), "annual_rate": Decimal("0.04")}
GRANT = Step("decision", "decision", 3, {"approved": True, **TERMS})
PAY = Step("disbursement", "disbursement", 4, TERMS)


@dataclass(frozen=True)
class Stands:
    offset: int
    headers: list[tuple[str, bytes]]
    value: bytes | None
    timestamp: int = int(NOW.timestamp() * 1000)


def stand(*steps: Step, offer: str = OFFER) -> list[Stands]:
    letters = [letter(BANK, offer, step, f"{offer}-{step.action}", NOW) for step in steps]
    return [Stands(number, out.headers, out.body) for number, out in enumerate(letters)]


def codes(records: list[Stands], bank: str = BANK) -> list[str]:
    report = check(bank, {OFFER}, records)
    assert report.checked == len(records)
    return [f.code for f in report.findings]


def test_more_than_was_granted_is_found_and_the_right_one_after_it_is_not() -> None:
    much = Step("much", "disbursement", 4, TERMS | {"amount_cny": Decimal("1000.01")})
    records = stand(ACCEPT, CONTACT, DOCUMENTS, GRANT, much, PAY)
    assert [(f.offset, f.code) for f in check(BANK, {OFFER}, records).findings] == [(4, "above_approved")]


def test_a_whole_life_is_clean_and_so_is_each_record_twice() -> None:
    whole = stand(
        ACCEPT,
        CONTACT,
        Step("visit", "visit", 1),
        DOCUMENTS,
        GRANT,
        Step("issue", "issue", 3, {"category": "guarantee"}),
        PAY,
        Step("task", "task", 5, {"task": OFFER, "done": True}),
    )
    assert codes(whole) == []
    assert codes([record for record in whole for _ in (1, 2)]) == []


def test_who_leaves_out_its_own_name_is_not_wrong_and_what_is_refused_moves_nothing() -> None:
    wrong = replace(CONTACT, action="contact-first", values={"method": "telepathy"})
    records = stand(ACCEPT, wrong, CONTACT)
    for record in records:
        body = json.loads(record.value or b"")
        del body["bank"]
        object.__setattr__(record, "value", json.dumps(body).encode())
    assert codes(records) == ["unknown_code"]


def test_a_lender_that_is_asked_may_report_and_not_accept() -> None:
    task = Step("task", "task", 5, {"task": OFFER, "done": True})
    report = check(BANK, set(), stand(ACCEPT, task), asked={OFFER})
    assert [(f.offset, f.code) for f in report.findings] == [(0, "not_offered")]


def test_a_simulated_bank_writes_nothing_but_its_garbage_that_is_found() -> None:
    for number in range(300):
        offer = offered(number, BANK)
        steps = [s for s in on_offered(16, BANK, offer) if s.action != "garbage"]
        steps += on_disclosed(16, BANK, offer) if [s.reply for s in steps] == ["accept"] else []
        records = stand(*steps, offer=offer.offer)
        assert check(BANK, {offer.offer}, records).findings == ()


@pytest.mark.parametrize(
    ("kind", "code"),
    zip(GARBAGE, ["not_json", "unknown_offer", "bad_header", "wrong_stage", "unknown_reason"], strict=True),
)
def test_each_kind_of_garbage_is_found(kind: str, code: str) -> None:
    assert codes(stand(Step("garbage", kind, 0))) == [code]


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ((CONTACT,), ["wrong_stage"]),
        ((ACCEPT, PAY), ["wrong_stage"]),
        ((ACCEPT, CONTACT, GRANT, PAY, Step("decline", "decline", 9, {"reason": "C1"})), ["wrong_stage"]),
        ((Step("decline", "decline", 0, {"reason": "E4"}), ACCEPT), ["wrong_stage"]),
        ((Step("decline", "decline", 0, {"reason": "Z9"}),), ["unknown_reason"]),
        ((Step("decline", "decline", 0, {"reason": "X"}),), ["note_missing"]),
        ((ACCEPT, CONTACT, Step("decision", "decision", 3, {"approved": False})), ["unknown_reason"]),
        ((ACCEPT, CONTACT, replace(GRANT, values={"approved": True})), ["field_missing", "field_missing"]),
        ((ACCEPT, CONTACT, replace(GRANT, values=GRANT.values | {"amount_cny": Decimal(0)})), ["out_of_range"]),
        ((ACCEPT, CONTACT, GRANT, replace(PAY, values={**TERMS, "annual_rate": Decimal("0.99")})), ["out_of_range"]),
        ((Step("task", "task", 0, {"task": OFFER, "done": False}),), ["note_missing"]),
        ((ACCEPT, replace(CONTACT, values={"method": "telepathy"})), ["unknown_code"]),
        ((Step("issue", "issue", 3, {"category": "x"}),), ["unknown_code"]),
        ((ACCEPT, Step("visit", "visit", 1)), []),
        ((Step("visit", "visit", 1),), ["wrong_stage"]),
        ((ACCEPT, replace(ACCEPT, action="accept-again")), ["wrong_stage"]),
    ],
)
def test_order_and_reasons(steps: tuple[Step, ...], found: list[str]) -> None:
    assert codes(stand(*steps)) == found


@pytest.mark.parametrize(("before", "found"), [(11, ["out_of_range"]), (10, [])])
def test_a_visit_is_of_no_day_after_that_on_which_its_report_came(before: int, found: list[str]) -> None:
    """The visit is of today, ten o'clock in Beijing, and so many hours `before` its report stood on the topic."""
    came = int((NOW - timedelta(hours=before)).timestamp() * 1000)
    records = stand(ACCEPT, Step("visit", "visit", 1))
    assert codes([replace(record, timestamp=came) for record in records]) == found


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((ACCEPT, PAY), "reply.disbursement 不能在 accepted（已受理）阶段提交"),
        ((ACCEPT, CONTACT, DOCUMENTS, PAY), "reply.disbursement 不能在 documents_complete（材料收齐）阶段提交"),
        ((Step("decline", "decline", 0, {"reason": "E4"}), ACCEPT), "reply.accept 不能在 ended（已结束）阶段提交"),
    ],
)
def test_a_stage_is_named_in_chinese_beside_its_code(steps: tuple[Step, ...], said: str) -> None:
    assert [f.text for f in check(BANK, {OFFER}, stand(*steps)).findings] == [said]


def test_wrong_fields_are_found_by_the_codes_of_their_receipts_and_in_chinese() -> None:
    (good,) = stand(ACCEPT, CONTACT)[1:]
    wrong = replace(good, value=b'{"at": "yesterday", "bank": "bank01", "offer": "x"}')
    findings = check(BANK, {OFFER}, [wrong]).findings
    assert [f.code for f in findings] == ["wrong_format", "wrong_format", "field_missing"]
    assert all("有误" in f.text or "缺失" in f.text for f in findings)


def test_an_id_is_used_once() -> None:
    assert codes(stand(ACCEPT, replace(CONTACT, action="accept"))) == ["id_reused"]


def test_another_banks_offer_an_unknown_type_and_an_empty_record() -> None:
    (record,) = stand(ACCEPT)
    assert codes([record], bank="bank02") == ["unknown_offer"]
    strange = replace(record, headers=[(k, b"reply.poem" if k == "ce_type" else v) for k, v in record.headers])
    assert codes([strange, replace(record, value=None)]) == ["unknown_type", "field_missing"]
