"""`yuqiao import` against a server that is not there, without a key, and with wrong usage."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.intake.cli import _show as show
from services.intake.cli import import_list
from tests.unit.intake.samples import csv_bytes, row
from yuqiao.policy.states import known_codes, term

app = typer.Typer()
app.command()(import_list)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "清单.csv"
    path.write_bytes(csv_bytes([row(1)]))
    return path


def test_exit_codes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YUQIAO_OPERATOR_KEY", raising=False)
    monkeypatch.delenv("YUQIAO_OPERATOR_KEY_FILE", raising=False)
    run = CliRunner().invoke
    assert run(app, ["nowhere.csv"]).exit_code == 2
    assert run(app, [str(file)]).exit_code == 2
    monkeypatch.setenv("YUQIAO_OPERATOR_KEY", "key")
    assert run(app, [str(file), "--url", "http://127.0.0.1:9"]).exit_code == 4


def test_a_narrow_terminal_cuts_nothing_that_would_be_right(capsys: pytest.CaptureFixture[str]) -> None:
    right = "、".join(term("region", code) for code in known_codes("region"))
    problem = {"row": 2, "field": "镇街/园区", "code": "region_unknown", "text": right}
    counts = dict.fromkeys(("rows", "accepted", "added", "changed", "unchanged", "removed", "refused"), 1)
    show({"list_id": "x", "version": 1, "dry_run": True, "problems": [problem]} | counts)
    shown = "".join(capsys.readouterr().out.split()).replace("│", "")
    assert [name for name in right.split("、") if name not in shown] == []
