"""A simulator that cannot begin says why, and exits as its module says."""

import sys
from pathlib import Path

import pytest

from tests.unit.bank.test_cli import AWAY
from tests.unit.bank.test_env import GOOD, write
from yuqiao.bank import simulator


@pytest.mark.parametrize(
    ("products", "code", "said"),
    [("b1: words", 2, "有误"), ("- {product: x, y: 1}", 2, "y 的值 1"), ("b2: []", 4, "连不上")],
)
def test_a_wrong_file_and_no_broker(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    products: str,
    code: int,
    said: str,
) -> None:
    (tmp_path / "products.yaml").write_text(products, encoding="utf-8")
    way = ["--env", str(write(tmp_path, GOOD | AWAY)), "--products", str(tmp_path / "products.yaml")]
    monkeypatch.setattr(sys, "argv", ["simulator", *way])
    assert (simulator.main(), said in capsys.readouterr().err) == (code, True)
