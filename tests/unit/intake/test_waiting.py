"""What waits for a bank's entry is tried with each entry once, whoever notes it and when."""

from typing import Any

import httpx
import pytest

from deploy.sample.enterprises import enterprise
from tests.services.test_without_application import HIT
from tests.unit.intake.harness import Intake
from tests.unit.intake.samples import NEED
from tests.unit.intake.test_pages import JSON, accepted, bank, stated
from yuqiao.contracts.banks import BankChanged, BankDisabled
from yuqiao.contracts.base import Event
from yuqiao.contracts.offers import LenderUndeliverable

LENT = HIT | {"lender": "测试银行01"}


async def count(intake: Intake, type: str = "lender.sealed") -> int:
    return len(await intake.log(type))


async def test_a_question_that_begins_to_wait_while_another_process_notes_the_bank_is_asked(
    intake: Intake, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, load = Intake(intake.pool), intake.store.load

    async def late(*arguments: Any) -> Any:
        book = await load(*arguments)
        await other.hear(bank(intake))
        return book

    with monkeypatch.context() as patched:
        patched.setattr(intake.store, "load", late)
        await stated(intake, http, **LENT)
    assert (await count(intake, "intake.lender_awaited"), await count(intake)) == (1, 0)
    assert [await intake.meet(), await other.meet()] == [1, 0]
    assert await count(intake) == 1


async def test_many_enterprises_that_wait_for_one_bank_are_taken_in_batches(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    for number in range(3):
        who = {"enterprise_name": enterprise(16, number).name, "uscc": enterprise(16, number).uscc}
        answer = await http.post("/needs", json=NEED | LENT | who, headers={"Idempotency-Key": f"k{number}"})
        assert answer.status_code == 201
    assert await intake.meet() == 0
    await intake.hear(bank(intake))
    assert [await intake.meet(2), await count(intake), await intake.meet(2), await count(intake)] == [2, 2, 1, 3]
    assert await intake.meet(2) == 0


@pytest.mark.parametrize("why", ["no consent", "no key", "no name of one bank"])
async def test_what_cannot_be_answered_is_tried_with_each_entry_once(
    intake: Intake, http: httpx.AsyncClient, why: str
) -> None:
    await stated(intake, http, **LENT, **({"consent": None} if why == "no consent" else {}))
    entry = bank(intake, "no key") if why == "no key" else bank(intake)
    twin = [entry.model_copy(update={"bank": "bank02"})] if why == "no name of one bank" else []
    await intake.hear(entry, *twin)
    assert [await intake.meet(), await intake.meet()] == [1, 0]
    await intake.hear(entry)
    assert await intake.meet() == 0, "the same entry again"
    off = BankDisabled(**entry.model_dump(), reason="r")
    await intake.hear(off)
    assert await intake.meet() == len(twin), "nobody there is nobody to be asked, unless the other is the only one now"
    await intake.hear(BankChanged(**entry.model_dump()))
    assert await count(intake) == len(twin)
    assert [await intake.meet(), await intake.meet()] == [0 if twin else 1, 0]


def failed(sealed: dict[str, Any]) -> LenderUndeliverable:
    known = {name: sealed[name] for name in ("at", "enterprise", "need", "offer", "bank", "entry")}
    return LenderUndeliverable.model_validate(known | {"reason": "bank_disabled"})


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_question_that_a_bank_was_not_told_waits_for_an_entry_that_may_have_come(
    intake: Intake, http: httpx.AsyncClient, place: int
) -> None:
    await intake.hear(bank(intake))
    _, path = await stated(intake, http, **LENT)
    (sealed,) = await intake.log("lender.sealed")
    entry = bank(intake).model_dump()
    heard: list[Event] = [BankDisabled(**entry, reason="r"), BankChanged(**entry)]
    heard.insert(place, failed(sealed))
    for event in heard:
        assert await count(intake) == 1
        await intake.hear(event)
        if isinstance(event, LenderUndeliverable):
            assert (await http.get(path, headers=JSON)).json()["banks"] == []
        await intake.meet()
    assert [question["entry"] for question in await intake.log("lender.sealed")] == [1, 3]
    assert [b["stage"] for b in (await http.get(path, headers=JSON)).json()["banks"]] == ["asked"]
    assert await intake.meet() == 0


async def test_a_question_about_a_need_that_is_over_waits_for_nobody(intake: Intake, http: httpx.AsyncClient) -> None:
    await intake.hear(bank(intake))
    _, path = await stated(intake, http, **LENT)
    (sealed,) = await intake.log("lender.sealed")
    await http.post(f"{path}/withdraw")
    await intake.hear(failed(sealed))
    assert (await http.get(path, headers=JSON)).json()["banks"] == []
    assert await intake.pool.fetchval("SELECT count(*) FROM pending") == 0


async def test_a_disclosure_that_waits_for_a_key_is_tried_with_each_entry_once(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    need, _ = await stated(intake, http)
    await intake.hear(bank(intake, "no key"), accepted(need, intake))
    assert [await intake.meet(), await intake.meet()] == [1, 0]
    await intake.hear(bank(intake))
    assert [await intake.meet(), await intake.meet()] == [1, 0]
    assert await count(intake, "identity.sealed") == 1


async def test_a_disclosure_that_waits_for_consent_waits_for_no_entry(intake: Intake, http: httpx.AsyncClient) -> None:
    need, _ = await stated(intake, http, consent=None)
    await intake.hear(bank(intake), accepted(need, intake), bank(intake, "another"))
    assert await intake.meet() == 0
