"""What `yuqiao parked` says of times: those of the place where it is read."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy import cli, parked
from deploy.parked import Q, app

AT = datetime(2026, 11, 28, 17, 30, 5, 123, UTC)
RECORD = {"key": "k", "topic": "t", "partition": 0, "offset": 7}
ROWS: dict[str, dict[str, Any]] = {
    Q.list_parked: {"id": 1, **RECORD, "reason": "why", "parked_at": AT},
    Q.list_held: {"id": 2, **RECORD, "subject": "what", "held_at": AT, "expires_at": AT},
    Q.list_refused: {"id": "3", "key": "k", "type": "reply.refused", "at": AT, "body": '{"place": "replies/0/9"}'},
}


class Connection:
    """A service's database in which one message of each sort waits."""

    async def fetch(self, query: str, *_: object) -> list[dict[str, Any]]:
        return [ROWS[query]]

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
    monkeypatch.setattr(cli, "stack_at", lambda home: SimpleNamespace(provision=provision))
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
