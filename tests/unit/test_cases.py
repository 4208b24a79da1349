"""`yuqiao cases`, `issue`: what feedback answers, as exit codes and remarks."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from deploy import cli
from deploy.stack.stack import LOCK

ISSUE = {"issue": "i", "need": "n", "raised_by_term": "银行", "category_term": "材料", "words": None, "bank": "bank01"}
LAST = {"level": "taskforce", "level_term": "专班会议", "wait": None}
CASE = {"waiting_on": "bank", "waiting_on_term": "银行", "stage_term": "受理", "due_at": None, "amount_cny": "1.00"}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command against a feedback that answers so."""
    (tmp_path / LOCK).touch()

    def run(status: int, body: Any, *command: str) -> tuple[int, int]:
        given: dict[str, Any] = {}

        def answer(*_: object, params: dict[str, Any], **__: object) -> httpx.Response:
            given.update(params)
            return httpx.Response(status, json=body)

        monkeypatch.setattr(httpx, "request", answer)
        monkeypatch.setattr(sys, "argv", ["yuqiao", *command, "--home", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), given.get("limit", 0)

    return run


@pytest.mark.parametrize("command", [["cases"], ["case", "show", "x"], ["issue", "list"], ["issue", "resolve", "x"]])
@pytest.mark.parametrize(("status", "code"), [(503, 4), (404, 1), (422, 2)])
def test_what_feedback_misses_is_a_dependency_what_it_refuses_a_failure_or_usage(
    asked: Any, capsys: pytest.CaptureFixture[str], command: list[str], status: int, code: int
) -> None:
    assert asked(status, {"detail": "why"}, *command)[0] == code
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "why\n")


@pytest.mark.parametrize(
    ("there", "shown", "said"),
    [(0, 0, "no such cases\n"), (2, 2, ""), (3, 2, "there are more such cases than these 2; --limit shows more\n")],
)
def test_more_than_is_shown_and_none_are_said(
    asked: Any, capsys: pytest.CaptureFixture[str], there: int, shown: int, said: str
) -> None:
    rows = [CASE | {"id": str(n)} for n in range(there)]
    assert asked(200, rows, "cases", "--limit", "2", "--json") == (0, 3)
    found = capsys.readouterr()
    assert (len(json.loads(found.out)), found.err) == (shown, said)


@pytest.mark.parametrize("command", [["cases"], ["issue", "list"]])
def test_an_empty_table_is_none(asked: Any, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert asked(200, [], *command)[0] == 0
    said = capsys.readouterr()
    assert (said.out, said.err.startswith("no ")) == ("", True)


@pytest.mark.parametrize(
    ("reasons", "about"), [({}, "材料 "), ({"reasons": None}, "材料 "), ({"reasons": [{"text": "晚了"}]}, "材料；晚了")]
)
def test_an_issue_on_the_last_rung_waits_no_more_and_is_listed(
    asked: Any, capsys: pytest.CaptureFixture[str], reasons: dict[str, Any], about: str
) -> None:
    assert asked(200, [ISSUE | LAST | reasons], "issue", "list")[0] == 0
    shown = capsys.readouterr().out
    assert (about in shown, "专班会议" in shown) == (True, True), shown


def test_the_help_says_what_overdue_cannot_show() -> None:
    told = " ".join(CliRunner().invoke(cli.app, ["cases", "--help"], env={"COLUMNS": "500"}).stdout.split())
    assert "whose time limit has passed and has had no consequence yet" in told
    assert "a task is `task.due` and waits no more" in told
