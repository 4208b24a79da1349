"""What the office sees of the cases: everybody who is waited for, the issue list, a bank's own words."""

import json
from datetime import datetime
from typing import Any

import asyncpg

from deploy.bench.load import bodies
from services.feedback.encryption import UNREADABLE, encryptor, reader
from tests.services.house import House
from tests.services.test_catalogue import BANK, open_bank
from yuqiao.contracts.from_bank import IssueReport, OfferAccept, OfferDecline
from yuqiao.contracts.to_bank import IssueAnswered, NeedOffered
from yuqiao.runtime.database import migrate, migration_files
from yuqiao.runtime.process import service_folder

OTHER = "bank02"
WORDS = "测试：抵押登记办理时间较长"


async def offered(house: House, *, consent: bool = False) -> dict[str, str]:
    """Two banks have a need, for which nobody has consent unless it is said; their offers."""
    for bank in (BANK, OTHER):
        await open_bank(house, bank)
    (body,) = bodies(1, 1)
    key = body.pop("id")
    async with house.calling("intake") as partner:
        stated = body if consent else body | {"consent": None}
        answer = await partner.post("/needs", json=stated, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    await house.settle()
    return {offer.bank: offer.offer for offer in house.said(NeedOffered)}


async def asked(house: House, path: str) -> Any:
    async with house.calling("feedback") as operator:
        return (await operator.get(path)).json()


async def test_a_case_is_listed_for_everybody_who_is_waited_for(house: House) -> None:
    offers = await offered(house)
    assert await asked(house, "/cases?waiting=enterprise") == []
    house.write(OfferAccept(at=house.now, bank=BANK, offer=offers[BANK]))
    await house.settle()
    (bank,), (enterprise,) = [await asked(house, f"/cases?waiting={party}") for party in ("bank", "enterprise")]
    assert (bank["waiting_on"], enterprise["waiting_on"], enterprise["waiting_on_term"]) == (
        "bank",
        "enterprise",
        "企业",
    )
    assert bank["due_at"] < enterprise["due_at"]
    assert await asked(house, "/cases") == [bank]
    assert await asked(house, "/cases?waiting=enterprise&overdue=true") == []
    (owner,) = await asked(house, "/cases?waiting=owner")
    assert owner["waiting_on_term"] == "任务责任人"
    house.now = datetime.fromisoformat(enterprise["due_at"])
    late = await asked(house, "/cases?waiting=enterprise&overdue=true")
    assert [row["due_at"] for row in late] == [enterprise["due_at"]]


async def test_what_is_overdue_is_so_until_feedback_draws_the_consequence_and_is_told_by_the_case_then(
    house: House,
) -> None:
    await offered(house)
    (task,) = await asked(house, "/cases?waiting=owner")
    house.now = datetime.fromisoformat(task["due_at"])
    assert task in await asked(house, "/cases?waiting=owner&overdue=true")
    await house.settle()
    assert await asked(house, "/cases?overdue=true") == []
    late = await asked(house, "/cases?waiting=owner&overdue=true")
    assert [row for row in late if row["due_at"] == task["due_at"]] == []
    happened = (await asked(house, f"/cases/{task['id']}"))["timeline"]
    assert "task.due" in {row["type"] for row in happened}


async def test_the_office_reads_what_a_bank_says_of_an_issue_and_of_a_refusal(house: House) -> None:
    offers = await offered(house)
    house.write(IssueReport(at=house.now, bank=BANK, offer=offers[BANK], category="guarantee", note=WORDS))
    house.write(IssueReport(at=house.now, bank=BANK, offer=offers[BANK], category="tax"))
    house.write(OfferDecline(at=house.now, bank=OTHER, offer=offers[OTHER], reason="X", note="测试：另有原因"))
    await house.settle()
    issues = await asked(house, "/issues")
    assert sorted((i["category_term"], i["level_term"], i["words"]) for i in issues) == [
        ("担保与抵押登记", "承办", WORDS),
        ("税务", "承办", None),
    ]
    happened = (await asked(house, f"/cases/{issues[0]['need']}"))["timeline"]
    said = [(row["event"]["bank"], row["event"]["words"]) for row in happened if row["type"] == "feedback.words_kept"]
    assert said == [(BANK, WORDS), (OTHER, "测试：另有原因")]
    assert not any(WORDS.encode() in (record.value or b"") for record in house.records if "replies" not in record.topic)


async def test_the_office_answers_the_bank_and_the_enterprise_that_asked(house: House) -> None:
    offers = await offered(house, consent=True)
    house.write(IssueReport(at=house.now, bank=BANK, offer=offers[BANK], category="guarantee"), "mine")
    house.write(OfferAccept(at=house.now, bank=OTHER, offer=offers[OTHER]))
    await house.settle()
    async with house.calling("intake") as operator:
        (issue,) = await asked(house, "/issues")
        page = "/e/" + (await operator.get(f"/needs/{issue['need']}")).json()["link"].rpartition("/")[2]
        word = {"offer": offers[OTHER], "statement": "visited"}
        answer = await operator.post(f"{page}/dispute", json=word, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        await house.settle()
        raised = {issue["raised_by"]: issue["issue"] for issue in await asked(house, "/issues")}
        async with house.calling("feedback") as office:
            for by, name in raised.items():
                done = await office.post(f"/issues/{name}/resolve", json={"answer": f"测试：答复 {by}"})
                assert done.json()["told"] == by
        await house.settle()
        told = (await operator.get(page, headers={"Accept": "application/json"})).json()["banks"]
    (heard,) = house.said(IssueAnswered)
    assert (heard.bank, heard.answers, heard.text) == (BANK, "mine", "测试：答复 bank")
    (mine,) = [bank for bank in told if bank["offer"] == offers[OTHER]]
    assert mine["answers"]["visited"]["office"]["text"] == "测试：答复 enterprise"


def test_words_are_read_where_they_were_sealed_and_nowhere_else() -> None:
    sealed = encryptor("one")(WORDS, "a/0/1")
    assert reader("one")(sealed, "a/0/1") == WORDS
    assert [reader(secret)(sealed, place) for secret, place in (("two", "a/0/1"), ("one", "a/0/2"))] == [UNREADABLE] * 2
    assert reader("one")(encryptor("one")("一\n二\x1b[31m", "a/0/1"), "a/0/1") == "一 二\\u001b[31m"


async def test_deadlines_from_before_learn_whom_they_wait_for(empty_database: str) -> None:
    files = migration_files(service_folder("feedback"))
    conn = await asyncpg.connect(empty_database)
    await migrate(conn, [file for file in files if file[0] < "service/0007"])
    case = {"wait": {"on": "office"}, "offers": {"o": {"wait": {"on": "enterprise"}}}}
    await conn.execute(
        'INSERT INTO "case" (id, enterprise, stage, reached, amount_cny, body)'
        " VALUES ('n', 'e', 'offered', 'offered', 1, $1)",
        json.dumps(case),
    )
    await conn.executemany(
        "INSERT INTO deadline (of, key, kind, need, ref, lim, due_at, bank)"
        " VALUES ('n', 'e', $1, 'n', $2, 'l', now(), $3)",
        [("case", "n", None), ("offer", "o", "bank01"), ("task", "t", None), ("task", "u", "bank01")],
    )
    assert await migrate(conn, files)
    rows = await conn.fetch("SELECT kind, ref, party FROM deadline ORDER BY kind, ref")
    await conn.close()
    assert [tuple(row) for row in rows] == [
        ("case", "n", "office"),
        ("offer", "o", "enterprise"),
        ("task", "t", "owner"),
        ("task", "u", "bank"),
    ]
