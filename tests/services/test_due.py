"""Which deadlines feedback's store gives, on the real tables."""

from datetime import timedelta

from services.feedback.messages import LimitDue, TaskOverdue
from tests.services.house import House
from tests.services.test_catalogue import BANK, open_bank
from tests.services.test_early import state
from yuqiao.contracts.streams import bank_topic


async def test_what_is_due_after_a_bank_that_is_not_read_stays_out_and_nothing_else(house: House) -> None:
    await open_bank(house)
    await open_bank(house, "bank02")
    await state(house, 1)
    await house.settle()
    feedback, later = house.rooms["feedback"], house.now + timedelta(days=90)
    found = await feedback.store.due(feedback.pool, later, 10)
    assert {due.after_topic for due in found} == {None, bank_topic(BANK, "replies"), bank_topic("bank02", "replies")}
    left = await feedback.store.due(feedback.pool, later, 10, [bank_topic(BANK, "replies")])
    assert left == [due for due in found if due.after_topic != bank_topic(BANK, "replies")]
    assert {type(due) for due in left} == {LimitDue, TaskOverdue}
