"""`yuqiao bank` says what is wrong, and exits as the house does."""

import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from tests.closed import closed_port
from tests.unit.bank.push import offered
from tests.unit.bank.test_env import GOOD, write
from tests.unit.bank.test_sealing import PUBLIC
from yuqiao.bank import cli
from yuqiao.bank.cli import app
from yuqiao.bank.env import BankEnv
from yuqiao.bank.letters import KINDS
from yuqiao.contracts.from_bank import Reply

OFFER = offered(1, "b1").offer
AWAY = {
    "YUQIAO_BOOTSTRAP": f"127.0.0.1:{closed_port()}",
    "YUQIAO_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "YUQIAO_SASL_MECHANISM": "SCRAM-SHA-512",
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["poem", OFFER], "poem"),
        (["accept", "not-an-offer"], "offer"),
        (["decision", OFFER, "--amount", "1e6", "--rate", "0.04"], "amount_cny"),
        (["decision", OFFER, "--amount", "100.00", "--rate", "3.85"], "annual_rate"),
        (["decline", OFFER], "reason"),
        (["disbursement", OFFER, "--rate", "0.04"], "amount_cny"),
        (["visit", OFFER, "--on", "2026-02-29"], "visited_on"),
        (["task", OFFER], "task"),
        (["task", OFFER, "--task", "not-a-task", "--no-done"], "task"),
        (["documents", OFFER, "--rate", "0.03"], "--rate 不适用于 documents；可用的有：--note"),
        (["accept", OFFER, "--no-done"], "--done 不适用于 accept"),
        (["decision", OFFER, "--rate", "0.04"], "--amount（amount_cny）缺失：同意授信时必填"),
        (["decision", OFFER, "--amount", "1.00"], "--rate（annual_rate）缺失：同意授信时必填"),
        (["decision", OFFER, "--amount", "0.00", "--rate", "0.04"], "--amount（amount_cny）的值 0.00 有误：须大于 0"),
        (
            ["disbursement", OFFER, "--amount", "1.00", "--rate", "0.99"],
            "--rate（annual_rate）的值 0.99 有误：须为不超过",
        ),
        (["decision", OFFER, "--amount", "1.00", "--reason", "G1"], "--amount 不适用于不同意的 decision"),
        (["contact", OFFER, "--method", "pigeon"], "--method（method）的值 pigeon 有误：可用的有：phone 电话"),
        (["issue", OFFER, "--category", "nope"], "--category（category）的值 nope 有误"),
        (["decline", OFFER, "--reason", "nope"], "--reason（reason）的值 nope 有误"),
        (["task", OFFER, "--task", OFFER, "--no-done"], "--note（note）缺失"),
        (["decline", OFFER, "--reason", "X"], "--note（note）缺失"),
    ],
)
def test_a_wrong_reply_is_not_sent(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["reply", "--env", str(write(tmp_path, GOOD)), *arguments])
    assert (done.exit_code, said in done.stderr, done.stdout) == (2, True, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["contact", OFFER, "--method", "X!"], "--method（method）的值 X! 有误：可用的有：phone 电话、visit 上门"),
        (["issue", OFFER, "--category", "X!"], "--category（category）的值 X! 有误：可用的有：documents 材料"),
        (["decline", OFFER], "--reason（reason）缺失：可用的原因码："),
        (["decline", OFFER, "--reason", "!"], "--reason（reason）的值 ! 有误：可用的原因码："),
        (["accept", OFFER, "--note", "a\udcff"], "--note（note）的值 a\\udcff 有误：须为完整的 Unicode 文字"),
    ],
)
def test_what_no_contract_takes_is_one_line_with_what_would_be_right(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = CliRunner().invoke(app, ["reply", "--env", str(write(tmp_path, GOOD)), *arguments])
    assert (done.exit_code, done.stderr.count("\n"), done.stderr.startswith(said)) == (2, 1, True), done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bank99: []", "b1"),
        ("- annual_rate: '3.85'", "annual_rate"),
        ("- valid_from: 2022-13-01", "valid_from 的值 2022-13-01"),
        ("words", "须为产品列表"),
        ("- just words", "第 1 个产品"),
        ("- [", "products.yaml"),
    ],
)
def test_wrong_products_are_not_sent(tmp_path: Path, text: str, said: str) -> None:
    products = tmp_path / "products.yaml"
    products.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["publish", "--env", str(write(tmp_path, GOOD)), "--products", str(products)])
    assert (done.exit_code, said in done.stderr, done.stdout) == (2, True, "")


@pytest.mark.parametrize("command", [["tail"], ["check"], ["reply", "accept", OFFER]])
def test_a_bad_file_is_usage_and_no_broker_is_a_dependency(tmp_path: Path, command: list[str]) -> None:
    nowhere = CliRunner().invoke(app, [command[0], "--env", str(tmp_path / "none.env"), *command[1:]])
    assert (nowhere.exit_code, "none.env" in nowhere.stderr) == (2, True)
    file = write(tmp_path, GOOD | AWAY)
    away = CliRunner().invoke(app, [command[0], "--env", str(file), *command[1:]])
    assert (away.exit_code, AWAY["YUQIAO_BOOTSTRAP"] in away.stderr, away.stdout) == (4, True, "")
    assert "Traceback" not in away.stderr


@pytest.mark.parametrize("key", [None, "-----BEGIN", PUBLIC], ids=["missing", "none", "public"])
def test_a_private_key_that_opens_nothing_is_found_before_the_first_event(tmp_path: Path, key: str | None) -> None:
    if key is not None:
        (tmp_path / "none.pem").write_text(key, encoding="utf-8")
    file = write(tmp_path, GOOD | AWAY | {"YUQIAO_PRIVATE_KEY_FILE": "none.pem"})
    done = CliRunner().invoke(app, ["tail", "--env", str(file), "--unseal"])
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, "YUQIAO_PRIVATE_KEY_FILE" in line, "none.pem" in line) == (2, True, True)


@pytest.mark.parametrize(("more", "said"), [([], "的新事件"), (["--from-start"], "的事件")])
def test_tail_says_what_it_waits_for_before_anything_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], said: str
) -> None:
    silent = AsyncMock()
    silent.getmany.side_effect = KeyboardInterrupt

    @asynccontextmanager
    async def watching(*_: object, **__: object) -> AsyncIterator[AsyncMock]:
        yield silent

    monkeypatch.setattr(cli, "watching", watching)
    done = CliRunner().invoke(app, ["tail", "--env", str(write(tmp_path, GOOD)), *more])
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (0, "")
    assert all(word in line for word in ("yuqiao.bank.b1.needs.v1", "yuqiao.bank.b1.receipts.v1", said))


def test_the_guide_has_a_line_for_each_kind_of_reply_and_each_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "bank-guide.md").read_text(encoding="utf-8")
    said: list[Reply] = []

    def not_sent(_env: BankEnv, events: list[Reply], *_: object) -> None:
        said.extend(events)

    monkeypatch.setattr(cli, "_env", lambda _: SimpleNamespace(bank="bank01"))
    monkeypatch.setattr(cli, "send", not_sent)
    monkeypatch.setattr(cli, "_run", lambda _env, _sent, answers: answers.update(reply=None))
    for line in re.findall(r"^yuqiao bank (reply .*?) *(?:#.*)?$", guide, re.MULTILINE):
        words = [str(uuid4()) if word in ("OFFER", "TASK") else word for word in shlex.split(line)]
        result = CliRunner().invoke(cli.app, words)
        assert result.exit_code == 5, (line, result.output)
        assert "回复一般暂存一天" in result.stderr
    assert {type(event) for event in said} == set(KINDS.values())
