"""免申即享 from the stated need to the bank's answer: nobody applied, and through four services the bank is asked."""

from datetime import timedelta
from typing import Any

from tests.services.house import House
from tests.services.test_catalogue import BANK, open_bank
from tests.unit.intake.samples import NEED
from yuqiao.contracts.cases import TaskDue
from yuqiao.contracts.from_bank import ContactReport, OfferAccept, TaskReport
from yuqiao.contracts.streams import bank_topic
from yuqiao.contracts.to_bank import NeedDisclosed, NeedOffered, Receipt, TaskAsked

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
