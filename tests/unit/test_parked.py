"""What `yuqiao parked` says of times: those of the place where it is read."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy import parked
from deploy.parked import Q, app

AT = datetime(2026, 11, 28, 17, 30, 5, 123, UTC)
RECORD = {"key": "k", "topic": "t", "partition": 0, "offset": 7}
BODY = {"place": "replies/0/9", "reply_type": "reply.accept", "reasons": [{"code": "wrong_stage", "text": "不对"}]}
EVENT = "3f0c2f6e-0000-4000-8000-000000000000"
BYTES = {"record_key": "一\x1b[31m".encode() + b"\xff", "body": '{"note": "好\u202e"}\nstate: held'.encode()}
PARKED = {"id": 1, **RECORD, **BYTES, "reason": "why", "parked_at": AT}
HELD = {"id": "held-2", **RECORD, **BYTES, "subject": "what", "held_at": AT, "expires_at": AT}
REFUSED = {"id": EVENT, "key": "k", "type": "reply.refused", "at": AT, "body": json.dumps(BODY)}
ROWS: dict[str, dict[str, Any]] = {
    Q.list_parked: PARKED,
    Q.list_held: HELD | {"headers": json.dumps([["ce_type", b"reply.visit".hex()]])},
    Q.list_refused: REFUSED,
    Q.show: PARKED,
    Q.show_held: HELD,
    Q.show_refused: REFUSED,
    Q.drop: PARKED,
}


class Connection:
    """A service's database in which one message of each sort waits."""

    async def fetch(self, query: str, *_: object) -> list[dict[str, Any]]:
        return [ROWS[query]] if query in ROWS else []

    async def execute(self, _: str) -> None:
        """Wake nobody."""

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(*_: object, **__: object) -> Connection:
        return Connection()

    monkeypatch.setattr(parked.asyncpg, "connect", connect)
    provision = SimpleNamespace(dsn=lambda service: "")
    monkeypatch.setattr(parked, "stack_at", lambda home: SimpleNamespace(provision=provision))
    monkeypatch.setenv("COLUMNS", "160")


def test_a_table_has_beijing_time_and_the_place_of_each() -> None:
    said = CliRunner().invoke(app, ["list"]).stdout
    assert said.count("where, when (+08:00)") == 3
    assert said.count("2026-11-29 01:30:05") == 12
    assert (said.count("t/0/7"), said.count("replies/0/9")) == (8, 4)


def test_json_has_rfc_3339_with_offset() -> None:
    found = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    times = [
        row[at]
        for name, at in (("parked", "parked_at"), ("held", "expires_at"), ("refused", "at"))
        for row in found[name]
    ]
    assert set(times) == {"2026-11-29T01:30:05+08:00"}


def test_a_held_row_says_what_it_waits_for_until_when_a_refused_one_why() -> None:
    said = " ".join(CliRunner().invoke(app, ["list"], env={"COLUMNS": "250"}).stdout.split())
    assert "reply.visit waits for what until 2026-11-29 01:30" in said
    assert "reply.accept: wrong_stage" in said


@pytest.mark.parametrize(("id_", "state"), [("1", "parked"), ("held-2", "held"), (EVENT, "refused")])
def test_every_id_of_the_list_is_shown_with_its_state(id_: str, state: str) -> None:
    shown = CliRunner().invoke(app, ["show", "feedback", id_])
    assert shown.stdout.startswith(f"state: {state}\nid: {id_}\n"), shown.output
    assert ("wrong_stage: 不对" in shown.stdout) == (state == "refused")


@pytest.mark.parametrize("id_", ["1", "held-2"])
def test_bytes_are_shown_as_text_in_which_nothing_is_invisible(id_: str) -> None:
    shown = CliRunner().invoke(app, ["show", "feedback", id_]).stdout
    assert "record_key: 一\\u001b[31m\\xff\n" in shown
    assert 'body: {"note": "好\\u202e"}\n   state: held\n' in shown
    found = json.loads(CliRunner().invoke(app, ["show", "feedback", id_, "--json"]).stdout)
    assert (found["record_key"], found["body"]) == ("一\x1b[31m\\xff", BYTES["body"].decode())


def test_a_key_in_a_table_is_shown_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROWS, Q.list_parked, PARKED | {"key": "k\x1b[31m"})
    said = CliRunner().invoke(app, ["list"]).stdout
    assert ("k\\u001b[31m" in said, "\x1b" in said) == (True, False)


@pytest.mark.parametrize("command", [["replay"], ["drop", "--yes"]], ids=" ".join)
@pytest.mark.parametrize(("id_", "state"), [("held-2", "held"), (EVENT, "refused")])
def test_only_what_is_parked_is_replayed_or_dropped(command: list[str], id_: str, state: str) -> None:
    done = CliRunner().invoke(app, [*command, "feedback", id_])
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{id_} of feedback is {state}, not parked" in done.stderr


@pytest.mark.parametrize("command", [["replay"], ["drop", "--yes"]], ids=" ".join)
def test_what_was_held_and_went_on_is_held_no_more(monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setitem(ROWS, Q.show_held, HELD | {"released_at": AT, "outcome": "applied"})
    done = CliRunner().invoke(app, [*command, "feedback", "held-2"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert (
        done.stderr == "held-2 of feedback is released, not parked: it is held no more; `parked show` has its outcome\n"
    )
    assert CliRunner().invoke(app, ["show", "feedback", "held-2"]).stdout.startswith("state: released\n")


def test_what_is_parked_is_dropped() -> None:
    assert CliRunner().invoke(app, ["drop", "--yes", "feedback", "1"]).exit_code == 0


def test_what_looks_like_no_id_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["show", "feedback", "k"]).exit_code == 2
