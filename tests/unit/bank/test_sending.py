"""However `yuqiao bank publish` and `reply` end, it is known what was written. Kafka is played here."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from click.testing import Result
from typer.testing import CliRunner

from deploy.bench.load import product
from tests.unit.bank.push import offered
from tests.unit.bank.test_env import GOOD, write
from yuqiao.bank import cli, sending
from yuqiao.contracts.to_bank import Receipt

PRODUCTS = ["one", "two", "three"]
RECEIPT = {"at": "2023-01-05T11:00:00+08:00", "bank": "b1", "subject": "x", "place": "x"}
WRONG = {"code": "expired", "values": {}, "text": "已过期"}


async def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(5)


async def fail(error: Exception) -> None:
    raise error


class Broker:
    """Takes so many records, then does what is wanted; answers those that it shall."""

    def __init__(self, takes: int, then: Callable[[], Any], answers: dict[str, str]) -> None:
        self.takes, self.then, self.answers = takes, then, answers
        self.written: list[Any] = []
        self.asked = False

    async def __aenter__(self) -> "Broker":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def write(self, event: Any) -> str:
        if len(self.written) == self.takes:
            await self.then()
        self.written.append(event)
        return f"id-{event.key}"

    @asynccontextmanager
    async def watching(self, *_: Any, **__: Any) -> AsyncIterator["Broker"]:
        yield self

    async def getmany(self, timeout_ms: int) -> dict[str, list[Any]]:
        if self.asked:
            await asyncio.sleep(0.01)
        self.asked = True
        if self.takes == len(self.written):
            await self.then()
        return {"receipts": [self.receipt(name, result) for name, result in self.answers.items()]}

    def receipt(self, name: str, result: str) -> Any:
        said = {"answers": f"id-{name}", "result": result, "reasons": [WRONG] if result == "refused" else []}
        return SimpleNamespace(event=Receipt.model_validate(RECEIPT | said))


def run(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    takes: int = 9,
    then: Callable[[], Any] = press_ctrl_c,
    **answers: str,
) -> Result:
    broker = Broker(takes, then, answers)
    monkeypatch.setattr(sending, "BankClient", lambda _: broker)
    monkeypatch.setattr(sending, "watching", broker.watching)
    monkeypatch.setattr(sending, "read", lambda record: record)
    file = folder / "products.yaml"
    file.write_text(yaml.safe_dump([product("b1") | {"product": name} for name in PRODUCTS]), encoding="utf-8")
    more = ["--products", str(file)] if command == ["publish"] else []
    return CliRunner().invoke(
        cli.app, [command[0], "--env", str(write(folder, GOOD)), *more, "--wait", "0.1", *command[1:]]
    )


def written(*names: str) -> list[str]:
    return [f"已写入 {name}，ce_id id-{name}" for name in names]


def test_what_is_written_and_what_is_refused_is_said_by_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(tmp_path, monkeypatch, ["publish"], one="applied", two="refused", three="applied")
    assert (done.exit_code, done.stdout) == (1, "one\tapplied\ntwo\trefused\nthree\tapplied\n")
    assert done.stderr.splitlines() == [*written(*PRODUCTS), "two：expired：已过期"]


def test_no_receipt_is_a_remark_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(tmp_path, monkeypatch, ["publish"], one="applied", three="applied")
    assert (done.exit_code, done.stdout) == (5, "one\tapplied\nthree\tapplied\n")
    assert done.stderr.splitlines() == [*written(*PRODUCTS), "two：已写入，0.1 秒内未见回执；稍后可用 tail 查看"]


@pytest.mark.parametrize(
    ("error", "code"), [(KafkaConnectionError(), 4), (TimeoutError(), 4), (TopicAuthorizationFailedError(), 1)]
)
def test_a_failure_midway_says_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    done = run(tmp_path, monkeypatch, ["publish"], 2, lambda: fail(error))
    lines = done.stderr.splitlines()
    assert (done.exit_code, done.stdout, lines[:2]) == (code, "", written("one", "two"))
    assert type(error).__name__ in lines[2]
    assert "密码" not in done.stderr
    assert lines[3].startswith("共 3 个产品，已确认写入 2 个；可再次发布全部：没有变化的得到 duplicate")


def test_before_anything_is_written_the_way_in_is_what_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(tmp_path, monkeypatch, ["publish"], 0, lambda: fail(KafkaConnectionError()))
    assert (done.exit_code, "密码" in done.stderr, "已确认写入 0 个" in done.stderr) == (4, True, True)


@pytest.mark.parametrize("takes", [1, 3])
def test_an_interrupted_publication_says_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes: int
) -> None:
    done = run(tmp_path, monkeypatch, ["publish"], takes)
    lines = done.stderr.splitlines()
    assert (done.exit_code, done.stdout, lines[:-1]) == (130, "", written(*PRODUCTS[:takes]))
    assert f"已确认写入 {takes} 个" in lines[-1]


def test_an_interrupted_reply_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tmp_path, monkeypatch, ["reply", "accept", offered(1, "b1").offer], 0).exit_code == 130


def test_a_reply_without_a_receipt_is_told_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = offered(1, "b1").offer
    done = run(tmp_path, monkeypatch, ["reply", "accept", offer])
    assert (done.exit_code, done.stdout) == (5, "")
    assert done.stderr.splitlines() == [*written(offer), f"已写入，0.1 秒内未见回执；稍后可用 tail 查看；{cli.KEPT}"]


@pytest.mark.parametrize(("command", "code"), [("tail", 0), ("check", 130)])
def test_only_tail_ends_well_when_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, code: int
) -> None:
    async def wait(*_: Any) -> None:
        await press_ctrl_c()

    monkeypatch.setattr(cli, "_tail", wait)
    monkeypatch.setattr(cli, "recorded", wait)
    assert CliRunner().invoke(cli.app, [command, "--env", str(write(tmp_path, GOOD))]).exit_code == code
