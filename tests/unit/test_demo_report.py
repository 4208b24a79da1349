"""What a demo says of its result: every number with what it counts, on stdout and on the page."""

import json
from pathlib import Path

import pytest

from deploy.demo import legend
from deploy.demo.report import Report, show, write
from deploy.verify.invariants import CHECKS, COUNTED


def report() -> Report:
    return Report(
        seed=16,
        ended="2023-03-23T16:00:00+08:00",
        funnel=[{"stage": "financed", "term": "已放款", "count": 27, "amount_cny": "10000.00"}],
        no_bank=[{"code": "B3", "count": 10, "text": "超时未处理"}],
        banks=[],
        stage_times=[],
        daily=[],
        history_digest="abc",
        invariants=[{"name": name, "checked": 7, "findings": []} for name in CHECKS],
    )


def test_what_is_printed_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    show(report())
    said = capsys.readouterr().out
    assert legend.FUNNEL in said
    assert legend.HISTORY in said
    assert f"{legend.WITHOUT_BANK}: B3 10\n" in said
    assert all(f"{name}: holds; 7 checked ({COUNTED[name].english})\n" in said for name in CHECKS)


def test_the_page_is_explained_and_the_file_for_programs_has_its_keys(tmp_path: Path) -> None:
    write(report(), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [name for name, text in legend.PAGE.items() if text not in page] == []
    assert all(COUNTED[name].chinese in page for name in CHECKS)
    assert "<td>B3<td>超时未处理" in page
    kept = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert {"seed", "funnel", "banks", "history_digest", "invariants"} <= set(kept)
    assert set(kept["invariants"][0]) == {"name", "checked", "findings"}


@pytest.mark.parametrize("column", ["imported", "pushed", "answered", "overdue", "offered on", "resolved"])
def test_each_column_of_the_progress_has_its_line(column: str) -> None:
    assert f"\n  {column} " in legend.PROGRESS
