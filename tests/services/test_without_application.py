"""免申即享 from the stated need to the bank's answer: nobody applied, and through four services the bank is asked."""

from datetime import timedelta
from typing import Any

import pytest

from tests.services.house import House
from tests.services.test_catalogue import BANK, open_bank
from tests.unit.intake.samples import NEED
from yuqiao.contracts.cases import CaseResolved, PlanAdopted, TaskDue
from yuqiao.contracts.from_bank import ContactReport, OfferAccept, TaskReport
from yuqiao.contracts.needs import LenderSealed
from yuqiao.contracts.streams import bank_topic
from yuqiao.contracts.to_bank import BorrowerDisclosed, NeedClosed, NeedDisclosed, NeedOffered, Receipt, TaskAsked

JSON = {"Accept": "application/json"}
HIT = {"industry": "C34", "staff": 50, "revenue_cny": "5000000.00", "covid_affected": True}


async def state(house: House, **fields: Any) -> str:
    """A need comes to the bank, which accepts it and is told who it is; gives its id."""
    await open_bank(house)
    async with house.calling("intake") as operator:
        answer = await operator.post("/needs", json=NEED | fields, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201, answer.text
    await house.settle()
    (offered,) = house.said(NeedOffered)
    house.write(OfferAccept(at=house.now, bank=BANK, offer=offered.offer))
    await house.settle()
    assert [e.offer for e in house.said(NeedDisclosed)] == [offered.offer]
    return str(answer.json()["need"])


async def tasks_of(house: House, need: str) -> list[dict[str, Any]]:
    async with house.calling("feedback") as operator:
        found = (await operator.get(f"/cases/{need}")).json()
    return [task for task in found["tasks"].values() if task["offer"]]


async def test_a_bank_is_asked_for_the_rate_cut_and_answers(house: House) -> None:
    need = await state(house, **HIT)
    (offered,) = house.said(NeedOffered)
    (cut,) = [m for m in offered.measures if m.measure == 2]
    assert "免申即享" in cut.reason
    (asked,) = house.said(TaskAsked)
    assert (asked.topic, asked.offer, asked.measure) == (bank_topic(BANK, "needs"), offered.offer, 2)
    report = TaskReport(at=house.now, bank=BANK, offer=asked.offer, task=asked.task, done=False, note="没有原有贷款")
    house.write(report)
    await house.settle()
    assert house.said(Receipt)[-1].result == "applied"
    (task,) = await tasks_of(house, need)
    assert (task["not_done"], task["done"], task["measure"]) == (True, False, 2)
    house.now = asked.report_by + timedelta(hours=9)
    await house.settle()
    assert asked.task not in [e.task for e in house.said(TaskDue)]


async def test_a_bank_that_does_not_answer_is_late_when_its_replies_have_been_read(house: House) -> None:
    need = await state(house, **HIT)
    (asked,) = house.said(TaskAsked)
    house.write(ContactReport(at=house.now, bank=BANK, offer=asked.offer, method="phone"))
    await house.settle()
    house.now = asked.report_by
    feedback = house.rooms["feedback"]
    (due,) = [d for d in await feedback.store.due(feedback.pool, house.now, 10) if d.task == asked.task]
    assert due.after_topic == bank_topic(BANK, "replies")
    await house.settle()
    assert [e.need for e in house.said(TaskDue) if e.task == asked.task] == [need]
    house.write(TaskReport(at=house.now, bank=BANK, offer=asked.offer, task=asked.task, done=True))
    await house.settle()
    (task,) = await tasks_of(house, need)
    assert (task["overdue"], task["done"]) == (True, True)


async def test_who_is_not_hit_or_seeks_a_first_loan_is_owed_nothing(house: House) -> None:
    await state(house, **HIT | {"first_loan": True})
    assert all(m.measure != 2 for e in house.said(NeedOffered) for m in e.measures)
    assert house.said(TaskAsked) == []


LENDER = "bank02"


async def lent(house: House, **fields: Any) -> dict[str, Any]:
    """A need whose lender is registered and offers nothing; gives the answer to who stated it."""
    await open_bank(house)
    await open_bank(house, LENDER, publishes=False, name="测试贷款行")
    async with house.calling("intake") as operator:
        answer = await operator.post("/needs", json=NEED | HIT | fields, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201, answer.text
    await house.settle()
    return dict(answer.json())


@pytest.mark.parametrize("amount", ["1000000.00", "900000000.00"], ids=["matched", "unmatched"])
async def test_the_lender_is_asked_whatever_matching_says_of_the_need(house: House, amount: str) -> None:
    need = (await lent(house, lender=" 测试贷款行", amount_cny=amount))["need"]
    assert bool(house.said(NeedOffered)) == (amount == "1000000.00")
    (told,) = house.said(BorrowerDisclosed)
    (asked,) = house.said(TaskAsked)
    assert {told.topic, asked.topic} == {bank_topic(LENDER, "needs")}
    assert (asked.offer, asked.measure) == (told.offer, 2)
    house.write(TaskReport(at=house.now, bank=LENDER, offer=asked.offer, task=asked.task, done=True))
    await house.settle()
    assert house.said(Receipt)[-1].result == "applied"
    (task,) = await tasks_of(house, need)
    assert (task["owner"], task["done"]) == (LENDER, True)
    assert told.offer not in {e.offer for e in house.said(NeedClosed)}


async def test_a_lender_that_does_not_answer_is_late_though_the_case_is_over(house: House) -> None:
    need = (await lent(house, lender=LENDER, amount_cny="900000000.00"))["need"]
    assert [e.need for e in house.said(CaseResolved)] == [need]
    (asked,) = house.said(TaskAsked)
    house.now = asked.report_by + timedelta(hours=9)
    await house.settle()
    assert [e.task for e in house.said(TaskDue)] == [asked.task]


async def test_an_operator_sees_the_question_in_the_case_and_not_among_the_banks_offers(house: House) -> None:
    need = (await lent(house, lender=LENDER))["need"]
    async with house.calling("feedback") as operator:
        timeline = (await operator.get(f"/cases/{need}")).json()["timeline"]
    assert [(e["event"]["bank"], e["event"]["stage"]) for e in timeline if e["type"] == "feedback.lender_noted"] == [
        (LENDER, "asked")
    ]
    async with house.calling("notification") as operator:
        banks = (await operator.get("/banks")).json()
    assert {b["bank"]: b["offers"]["total"] for b in banks} == {BANK: 1, LENDER: 0}


async def test_a_lender_that_accepts_the_need_too_is_asked_once(house: House) -> None:
    await state(house, **HIT, lender=BANK)
    (asked,) = house.said(TaskAsked)
    (told,) = house.said(BorrowerDisclosed)
    assert asked.offer == told.offer
    assert len(house.said(NeedDisclosed)) == 1


async def disable(house: House, bank: str) -> None:
    """The bank is switched off, and everybody has heard it."""
    async with house.calling("notification") as operator:
        (await operator.post(f"/banks/{bank}/disable")).raise_for_status()
    await house.settle()


async def restate(house: House, key: str, **fields: Any) -> str:
    """The need again, or another, by another channel; gives its id."""
    async with house.calling("intake") as operator:
        body = NEED | HIT | {"channel": "scan"} | fields
        answer = await operator.post("/needs", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    await house.settle()
    return str(answer.json()["need"])


async def test_a_bank_that_knows_whose_need_it_is_is_not_told_again_when_it_is_named_as_the_lender(
    house: House,
) -> None:
    need = await state(house, **HIT)
    assert await restate(house, "again", lender=BANK) == need
    assert house.said(BorrowerDisclosed) == []
    assert len(house.said(TaskAsked)) == 1


async def test_nor_is_one_that_knew_before_it_was_kept_what_its_match_said(house: House) -> None:
    need = await state(house, **HIT)
    await house.rooms["intake"].pool.execute("UPDATE progress SET body = (body::jsonb - 'measures')::json")
    assert await restate(house, "again", lender=BANK) == need
    assert house.said(BorrowerDisclosed) == []


NOT_HIT = HIT | {"covid_affected": False}


async def test_a_bank_that_knows_whose_need_it_is_is_asked_for_what_a_later_statement_adds(house: House) -> None:
    need = await state(house, **NOT_HIT, lender=BANK)
    assert house.said(LenderSealed) == house.said(TaskAsked) == []
    assert await restate(house, "again", lender=BANK) == need
    assert await restate(house, "and again", lender=BANK) == need
    (told,) = house.said(BorrowerDisclosed)
    (asked,) = house.said(TaskAsked)
    assert (asked.topic, asked.offer) == (bank_topic(BANK, "needs"), told.offer)


async def test_what_a_bank_that_knows_comes_to_owe_while_it_is_switched_off_is_asked_when_it_comes_back(
    house: House,
) -> None:
    need = await state(house, **NOT_HIT, lender=BANK)
    await disable(house, BANK)
    assert await restate(house, "again", lender=BANK) == need
    assert house.said(LenderSealed) == []
    await open_bank(house, publishes=False)
    assert len(house.said(BorrowerDisclosed)) == len(house.said(TaskAsked)) == 1


async def test_a_bank_that_one_consent_tells_whose_need_it_is_is_asked_for_what_no_match_said(house: House) -> None:
    await open_bank(house)
    need = await restate(house, "first", **NOT_HIT, lender=BANK, consent=None)
    (offered,) = house.said(NeedOffered)
    house.write(OfferAccept(at=house.now, bank=BANK, offer=offered.offer))
    await house.settle()
    assert await restate(house, "again", channel="visit", consent=None) == need
    assert await restate(house, "with consent") == need
    assert [e.offer for e in house.said(NeedDisclosed)] == [offered.offer]
    assert [e.offer for e in house.said(BorrowerDisclosed)] == [e.offer for e in house.said(TaskAsked)] != []


async def test_a_bank_that_is_told_whose_need_it_is_by_the_same_consent_is_not_asked_as_the_lender_too(
    house: House,
) -> None:
    await open_bank(house)
    need = await restate(house, "first", lender=BANK, consent=None)
    (offered,) = house.said(NeedOffered)
    house.write(OfferAccept(at=house.now, bank=BANK, offer=offered.offer))
    await house.settle()
    assert await restate(house, "again", lender=BANK) == need
    assert [e.offer for e in house.said(NeedDisclosed)] == [e.offer for e in house.said(TaskAsked)] == [offered.offer]
    assert house.said(BorrowerDisclosed) == []


async def test_another_lender_that_is_named_later_is_asked_too(house: House) -> None:
    need = (await lent(house, lender=LENDER))["need"]
    await open_bank(house, "bank03", publishes=False, name="测试另一行")
    assert await restate(house, "again", lender="bank03") == need
    assert [e.bank for e in house.said(BorrowerDisclosed)] == [LENDER, "bank03"]


async def test_a_lender_that_another_channel_named_is_asked_when_the_need_comes_again_without_it(house: House) -> None:
    answer = await lent(house, lender=LENDER, consent=None)
    assert await restate(house, "again", consent=None) == answer["need"]
    assert await restate(house, "with consent", channel="visit") == answer["need"]
    assert [e.bank for e in house.said(BorrowerDisclosed)] == [LENDER]


async def test_the_lender_of_two_needs_is_asked_once(house: House) -> None:
    need = (await lent(house, lender=LENDER))["need"]
    assert await restate(house, "other", lender=LENDER, amount_cny="5000000.00") != need
    assert len(house.said(BorrowerDisclosed)) == len(house.said(TaskAsked)) == 1


async def test_the_lender_of_two_needs_that_one_consent_frees_is_asked_once(house: House) -> None:
    answer = await lent(house, lender=LENDER, consent=None)
    await restate(house, "other", lender=LENDER, amount_cny="5000000.00", consent=None)
    page = "/e/" + answer["link"].rsplit("/", 1)[1]
    grant = {"bank": "*", "expires_on": (house.now + timedelta(days=30)).date().isoformat()}
    async with house.calling("intake") as enterprise:
        (await enterprise.post(f"{page}/consent", json=grant, headers=JSON)).raise_for_status()
    await house.settle()
    assert len(house.said(LenderSealed)) == 1


async def test_the_enterprise_sees_whom_its_lender_was_told_and_can_take_that_back(house: House) -> None:
    answer = await lent(house, lender=LENDER, amount_cny="900000000.00")
    page = "/e/" + answer["link"].rsplit("/", 1)[1]
    async with house.calling("intake") as enterprise:
        shown = (await enterprise.get(page, headers=JSON)).json()
        html = (await enterprise.get(page)).text
    (lender,) = shown["banks"]
    assert (lender["bank_name"], lender["stage_term"], lender["consent"]["live"]) == (
        "测试贷款行",
        "已告知免申即享",
        True,
    )
    assert (shown["stage"], lender["reported"]) == ("resolved", [])
    assert f'name="bank" value="{LENDER}"' in html
    assert "存量贷款银行除外" in html
    assert "仅告知名称和统一社会信用代码" in html


async def test_a_lender_without_consent_is_asked_when_it_is_given_and_let_go_when_it_is_taken_back(
    house: House,
) -> None:
    answer = await lent(house, lender=LENDER.upper(), consent=None)
    assert house.said(BorrowerDisclosed) == house.said(TaskAsked) == []
    page = "/e/" + answer["link"].rsplit("/", 1)[1]
    grant = {"bank": LENDER, "expires_on": (house.now + timedelta(days=30)).date().isoformat()}
    async with house.calling("intake") as enterprise:
        for path, body in (("consent", grant), ("revoke", {"bank": LENDER}), ("consent", grant)):
            (await enterprise.post(f"{page}/{path}", json=body, headers=JSON)).raise_for_status()
            await house.settle()
    (asked,) = house.said(TaskAsked)
    assert [(e.offer, e.reason) for e in house.said(NeedClosed)] == [(asked.offer, "consent_revoked")]
    house.now = asked.report_by + timedelta(hours=9)
    await house.settle()
    assert asked.task not in [e.task for e in house.said(TaskDue)], "who may not go on is waited for no more"


@pytest.mark.parametrize("named", [LENDER, "某某银行、测试贷款行"])
async def test_a_lender_that_is_registered_later_is_asked_then(house: House, named: str) -> None:
    await open_bank(house)
    await restate(house, "k", lender=named)
    assert house.said(LenderSealed) == []
    await open_bank(house, LENDER, publishes=False, name="测试贷款行")
    assert len(house.said(TaskAsked)) == len(house.said(BorrowerDisclosed)) == 1
    await restate(house, "again", lender=named)
    assert len(house.said(BorrowerDisclosed)) == 1


async def test_a_lender_that_is_switched_off_is_asked_when_it_comes_back(house: House) -> None:
    await open_bank(house)
    await open_bank(house, LENDER, publishes=False, name="测试贷款行")
    await disable(house, LENDER)
    need = await restate(house, "k", lender=LENDER)
    assert house.said(LenderSealed) == []
    await open_bank(house, LENDER, publishes=False, name="测试贷款行")
    assert [e.need for e in house.said(LenderSealed)] == [need]
    assert len(house.said(BorrowerDisclosed)) == 1


async def test_a_lender_that_is_switched_off_before_it_is_told_is_told_when_it_comes_back(house: House) -> None:
    await open_bank(house)
    await open_bank(house, LENDER, publishes=False, name="测试贷款行")
    async with house.calling("intake") as operator:
        body = NEED | HIT | {"lender": LENDER}
        answer = (await operator.post("/needs", json=body, headers={"Idempotency-Key": "k"})).json()
    page = "/e/" + answer["link"].rsplit("/", 1)[1]
    for banks in ([LENDER], []):
        async with house.calling("intake") as enterprise:
            shown = (await enterprise.get(page, headers=JSON)).json()["banks"]
            assert [b["bank"] for b in shown if b["bank"] != BANK] == banks
        await disable(house, LENDER)
    assert (house.said(BorrowerDisclosed), len(house.said(LenderSealed))) == ([], 1)
    await restate(house, "again", lender=LENDER)
    await open_bank(house, LENDER, publishes=False, name="测试贷款行")
    (told,) = house.said(BorrowerDisclosed)
    assert [e.offer for e in house.said(TaskAsked)] == [e.offer for e in house.said(LenderSealed)][1:] == [told.offer]


async def test_both_banks_that_a_cell_names_are_asked(house: House) -> None:
    await open_bank(house, "bank03", publishes=False, name="测试另一行")
    await lent(house, lender=f"{LENDER}、测试另一行；{LENDER}")
    assert [e.bank for e in house.said(BorrowerDisclosed)] == [LENDER, "bank03"]
    assert sorted(e.topic for e in house.said(TaskAsked)) == [bank_topic(b, "needs") for b in (LENDER, "bank03")]


async def test_a_lender_is_not_asked_for_what_is_not_owed_nor_one_that_is_unknown(house: House) -> None:
    await lent(house, lender="某某银行")
    async with house.calling("intake") as operator:
        body = NEED | HIT | {"lender": LENDER, "covid_affected": False, "amount_cny": "5000000.00"}
        (await operator.post("/needs", json=body, headers={"Idempotency-Key": "l"})).raise_for_status()
    await house.settle()
    assert house.said(BorrowerDisclosed) == []


async def test_a_lender_that_is_named_when_the_need_is_stated_again_is_asked_once(house: House) -> None:
    answer = await lent(house)
    assert house.said(BorrowerDisclosed) == []
    for number in range(2):
        async with house.calling("intake") as operator:
            letter = {"letter": "测试授权501", "expires_on": f"2023-08-{number + 1:02}"}
            body = NEED | HIT | {"lender": LENDER, "channel": "scan", "consent": letter}
            again = await operator.post("/needs", json=body, headers={"Idempotency-Key": f"again-{number}"})
        assert again.json()["need"] == answer["need"]
        await house.settle()
    assert len(house.said(LenderSealed)) == len(house.said(BorrowerDisclosed)) == len(house.said(TaskAsked)) == 1


async def test_a_lender_may_not_accept_what_was_not_offered_to_it(house: House) -> None:
    await lent(house, lender=LENDER)
    (told,) = house.said(BorrowerDisclosed)
    house.write(OfferAccept(at=house.now, bank=LENDER, offer=told.offer))
    await house.settle()
    (receipt,) = [r for r in house.said(Receipt) if r.subject == told.offer]
    assert [r.code for r in receipt.reasons] == ["not_offered"]
    assert len(house.said(PlanAdopted)) == 2, "the follow-up of the match, and the question to the lender"
    assert house.said(CaseResolved) == []
