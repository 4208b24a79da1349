"""What an operator and a bank's engineer type, against a live stack: JSON on stdout, remarks on stderr, exit codes."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from deploy.bench.load import product
from deploy.cli import app
from deploy.stack.stack import Stack
from tests.e2e.talk import BANK, next_of, state_need, until, wait_for
from tests.unit.intake.samples import csv_bytes, row
from yuqiao.bank.client import BankClient
from yuqiao.contracts.from_bank import IssueReport
from yuqiao.contracts.streams import MATCHES, NEEDS, SERVICES
from yuqiao.contracts.to_bank import IssueAnswered, NeedOffered, Receipt
from yuqiao.runtime.ends import Ends
from yuqiao.runtime.messages import BEIJING

READERS = ("matching", "notification", "feedback")


class Shell:
    """`yuqiao` in a process of its own would take a second each time: the same command, here."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    async def run(self, *arguments: str, exits: int = 0) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
        assert done.exit_code == exits, (arguments, done.exit_code, done.stderr, done.exception)
        return done.stdout

    async def ask(self, *arguments: str, exits: int = 0) -> Any:
        return json.loads(await self.run(*arguments, "--home", str(self.stack.home), "--json", exits=exits))


@pytest.fixture
def shell(stack: Stack) -> Shell:
    return Shell(stack)


async def test_status_says_what_runs_and_how_far_it_is(shell: Shell) -> None:
    await asyncio.to_thread(shell.stack.wait_ready, 60)
    found = await shell.ask("status")
    assert [p["name"] for p in found["processes"]] == ["kafka", "postgres", *SERVICES]
    assert all(
        {"name", "pid", "url", "ready", "why"} <= set(p) and p["ready"] and p["why"] == [] for p in found["processes"]
    )
    assert {s["service"] for s in found["streams"]} == set(SERVICES)
    assert all(isinstance(s["lag"], int) for s in found["streams"])
    assert {"parked", "held"} <= set(found)
    shown = await shell.run("status", "--home", str(shell.stack.home))
    assert all(name in shown for name in ("kafka", *SERVICES, "/health/ready"))


def unread(stack: Stack) -> float:
    text = httpx.get(f"{stack.url('notification', 'ops')}/metrics", timeout=10).text
    found = [line for line in text.splitlines() if line.startswith(f'yuqiao_bank_unread_seconds{{bank="{BANK}"}}')]
    return float(found[0].split()[-1]) if found else 0.0


async def test_cases_are_listed_and_shown(shell: Shell, stack: Stack, bank: BankClient) -> None:
    need = await state_need(stack, 20_001)
    await wait_for(lambda: unread(stack) > 0)  # on its topic, and nobody has read it
    assert await next_of(bank, NeedOffered)
    found: list[dict[str, Any]] = []

    async def listed(*arguments: str) -> set[str]:
        found[:] = await shell.ask("cases", "--limit", "10000", *arguments)
        return {row["id"] for row in found}

    async with asyncio.timeout(60):
        while need not in await listed("--waiting", "bank"):
            await asyncio.sleep(0.1)
    assert {r["waiting_on"] for r in found} == {"bank"}
    assert need in await listed("--waiting")
    assert need not in await listed("--waiting", "enterprise")
    assert need not in await listed("--overdue")
    case = await shell.ask("case", "show", need)
    assert (case["next_deadline"]["on"], case["waiting_on_term"]) == ("bank", "银行")
    assert {"case.opened", "feedback.offer_noted"} <= {row["type"] for row in case["timeline"]}
    home = ("--home", str(stack.home))
    assert need in await shell.run("case", "show", need, *home)
    assert "银行" in await shell.run("cases", "--waiting", "bank", *home)
    (task,) = case["tasks"]
    assert f"task {task}  至" in await shell.run("case", "show", need, *home)
    assert await shell.ask("case", "done", need, task) == {"need": need, "task": task, "done": True}
    assert f"task {task}  已完成" in await shell.run("case", "show", need, *home)
    await shell.run("case", "done", need, task, *home, exits=1)
    await shell.run("case", "done", need, "no-such-task", *home, exits=1)
    whose = await shell.ask("case", "who", need)
    told = await shell.run("case", "who", need, *home)
    assert all(whose[field] in told for field in ("enterprise_name", "contact_phone", "link"))
    await shell.run("case", "show", "no-such-case", *home, exits=1)
    await shell.run("cases", "--waiting", "nobody", *home, exits=2)
    await shell.run("case", "show", exits=2)


async def test_the_issue_list_is_shown_and_an_issue_is_settled(shell: Shell, stack: Stack, bank: BankClient) -> None:
    await state_need(stack, 20_004)
    offered = await next_of(bank, NeedOffered)
    place = {"at": datetime.now(BEIJING), "bank": BANK, "offer": offered.offer}
    raised = await bank.write(IssueReport(**place, category="documents", note="资料不全"))
    assert (await next_of(bank, Receipt)).result == "applied"
    found = [issue for issue in await shell.ask("issue", "list") if issue["offer"] == offered.offer]
    assert [(i["raised_by_term"], i["category_term"], i["level_term"]) for i in found] == [("银行", "材料", "承办")]
    issue, home = found[0]["issue"], ("--home", str(stack.home))
    shown = await shell.run("issue", "list", *home)
    assert issue in shown
    assert "材料；资料不全" in shown
    await shell.run("issue", "resolve", issue, "--answer", "请致电 13812345678", *home, exits=2)
    done = await shell.ask("issue", "resolve", issue, "--answer", " 已协调 ")
    assert done == {"issue": issue, "resolution": "answered", "answer": "已协调", "told": "bank"}
    told = await next_of(bank, IssueAnswered)
    assert (told.issue, told.answers, told.text) == (issue, raised, "已协调")
    assert issue not in await shell.run("issue", "list", *home)
    await shell.run("issue", "resolve", issue, *home, exits=1)
    await shell.run("issue", "resolve", "no-such-issue", *home, exits=1)


async def parked(shell: Shell, key: str) -> dict[str, dict[str, Any]]:
    rows = (await shell.ask("parked", "list"))["parked"]
    return {row["service"]: row for row in rows if row["key"] == key}


async def test_parked_messages_are_listed_shown_replayed_and_dropped(shell: Shell, stack: Stack) -> None:
    async with AIOKafkaProducer(**stack.provision.client("service-intake"), acks="all") as producer:
        place = await producer.send_and_wait("yuqiao.needs.v1", b"\x00\xff{", key=b"\xff\xfe")
    key = f"yuqiao.needs.v1/{place.partition}/{place.offset}"  # the record's own is no text
    async with asyncio.timeout(60):
        while len(mine := await parked(shell, key)) != len(READERS):
            await asyncio.sleep(0.1)
    assert set(mine) == set(READERS)
    assert set(await shell.ask("parked", "list")) == {"parked", "held", "refused"}
    home = ("--home", str(stack.home))
    assert key in await shell.run("parked", "list", *home)

    one = ("matching", str(mine["matching"]["id"]))
    kept = await shell.ask("parked", "show", *one)
    assert (kept["reason"], kept["attempts"], kept["record_key"]) == ("unreadable", 1, "\\xff\\xfe")
    assert "ce_id" in kept["detail"]
    (asked,) = await shell.ask("parked", "replay", *one, "--by", "op")
    assert (asked["asked"], asked["asked_by"]) == ("replay", "op")
    async with asyncio.timeout(60):
        while (kept := await shell.ask("parked", "show", *one))["attempts"] != 2:
            await asyncio.sleep(0.1)
    assert (kept["attempts"], kept["asked"], kept["asked_by"]) == (2, None, "op")  # tried again, and still no event

    await shell.run("parked", "drop", *one, *home, exits=1)  # nobody says yes
    for service, message in mine.items():
        (dropped,) = await shell.ask("parked", "drop", service, str(message["id"]), "--yes", "--by", "op")
        assert (dropped["asked"], dropped["asked_by"]) == ("drop", "op")
    assert await parked(shell, key) == {}
    kept = await shell.ask("parked", "show", *one)
    assert (kept["outcome"], bool(kept["decided_at"])) == ("dropped", True)
    assert await shell.ask("parked", "drop", *one, "--yes", exits=1) == []
    assert await shell.ask("parked", "replay", "matching", "no-such-key", exits=1) == []
    await shell.run("parked", "show", "matching", "999999", *home, exits=1)
    await shell.run("parked", "show", "nobody", "1", *home, exits=2)


async def test_verify_names_each_invariant_and_exits_by_its_findings(shell: Shell, stack: Stack) -> None:
    async with AIOKafkaProducer(**stack.provision.client("service-intake"), acks="all") as producer:
        await producer.send_and_wait("yuqiao.needs.v1", b"{}", headers=[("ce_id", b"x"), ("ce_type", b"from.nowhere")])
    found = await shell.ask("verify", exits=3)
    assert [v["name"].split(" ")[0] for v in found] == [f"I{n}" for n in range(1, 11)]
    assert any("no committed row" in finding for v in found for finding in v["findings"])
    assert all(v["checked"] for v in found if not v["name"].startswith("I6"))
    assert "I3 " in await shell.run("verify", "--home", str(stack.home), exits=3)


async def test_a_list_is_tried_and_imported(shell: Shell, stack: Stack, tmp_path: Path) -> None:
    whole, partial = tmp_path / "全.csv", tmp_path / "部分.csv"
    whole.write_bytes(csv_bytes([row(901), row(902)]))
    partial.write_bytes(csv_bytes([row(901), row(902, 电话="12")]))
    way = ["--url", stack.url("intake"), "--key-file", str(stack.home / "secrets" / "operator.key")]
    assert set(await shell.ask("round")) == {"matched", "waiting", "unmatched", "rest_ended"}
    tried = json.loads(await shell.run("import", str(partial), *way, "--dry-run", "--json", exits=5))
    assert (tried["dry_run"], tried["accepted"], tried["refused"]) == (True, 1, 1)
    assert [(p["row"], p["field"], p["code"]) for p in tried["problems"]] == [(3, "电话", "phone_invalid")]
    report = tmp_path / "report.xlsx"
    done = json.loads(await shell.run("import", str(partial), *way, "--json", "--report", str(report), exits=5))
    assert (done["added"], report.read_bytes()[:2]) == (1, b"PK")
    assert "接收" in await shell.run("import", str(whole), *way)
    whole.write_bytes(b"a,b\n1,2\n")
    await shell.run("import", str(whole), *way, exits=1)
    (tmp_path / "key").write_text("wrong", encoding="utf-8")
    await shell.run("import", str(partial), *way[:2], "--key-file", str(tmp_path / "key"), exits=1)


async def test_a_banks_first_ten_minutes(shell: Shell, stack: Stack, bank: BankClient, tmp_path: Path) -> None:
    env = ("--env", str(stack.provision.bank_file(BANK)))
    small = product(BANK) | {"product": f"{BANK}-small", "max_amount_cny": "10000.00"}
    (tmp_path / "products.yaml").write_text(yaml.safe_dump({BANK: [small]}), encoding="utf-8")
    publish = ("bank", "publish", *env, "--products", str(tmp_path / "products.yaml"))
    assert await shell.run(*publish) == f"{BANK}-small\tapplied\n"
    assert await shell.run(*publish) == f"{BANK}-small\tduplicate\n"  # nothing has changed: harmless
    await state_need(stack, 20_002)
    offer = (await next_of(bank, NeedOffered)).offer
    lines = (await shell.run("bank", "tail", *env, "--from-start", "--json", "--count", "1")).splitlines()
    assert set(json.loads(lines[0])) == {"id", "type", "data"}
    receipt = json.loads(await shell.run("bank", "reply", *env, "accept", offer))
    assert (receipt["result"], receipt["subject"]) == ("applied", offer)
    refused = json.loads(
        await shell.run("bank", "reply", *env, "disbursement", offer, "--amount", "1", "--rate", "0.04", exits=1)
    )
    assert refused["reasons"][0]["code"] == "wrong_stage"
    unknown = "3f0c2f6e-0000-4000-8000-000000000000"
    await shell.run("bank", "reply", *env, "accept", unknown, "--wait", "0.5", exits=5)  # held: no answer yet
    assert await until(bank, lambda r: getattr(r.event, "subject", "") == offer)
    assert json.loads(await shell.run("bank", "check", *env, "--json", exits=3))["checked"] > 0


async def test_the_end_of_a_topic_that_is_not_there_is_not_waited_for(stack: Stack) -> None:
    ends = Ends(stack.provision.client("operator"))
    try:
        assert set(await ends.of({NEEDS.name, "yuqiao.bank.nobody.needs.v1"})) == {NEEDS.name}
        assert set(await ends.of({NEEDS.name, MATCHES.name})) == {NEEDS.name, MATCHES.name}
    finally:
        await ends.stop()
