"""What a stranger wrote is printed as it is written."""

import pytest
from rich.table import Table

from deploy.terminal import wide
from services.intake.printing import show
from tests.unit.intake.test_cli import RESULT

WRITTEN = "[b]:100: :smile:"


@pytest.mark.parametrize("terminal", [True, False])
def test_text_is_text_and_no_markup_and_no_picture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "dumb")
    table = Table("x")
    table.add_row(WRITTEN)
    wide().print(WRITTEN, table)
    assert capsys.readouterr().out.count(WRITTEN) == 2


def test_neither_is_an_imports(capsys: pytest.CaptureFixture[str]) -> None:
    show(RESULT | {"problems": [{"row": 2, "field": "x", "code": "x", "text": WRITTEN}]})
    assert WRITTEN in capsys.readouterr().out
