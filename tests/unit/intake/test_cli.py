"""`yuqiao import` against a server that is not there, without a key, and with wrong usage."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.intake.cli import import_list
from tests.unit.intake.samples import csv_bytes, row

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
