"""The demo, small: processes on real Kafka and Postgres, simulated banks with their own credentials, closed cases."""

import json
from pathlib import Path

import pytest

from deploy.demo.report import Report
from deploy.demo.run import Wanted, play
from deploy.sample.enterprises import enterprise

NEEDS, BANKS = 12, 3


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    home = tmp_path_factory.mktemp("demo") / "demo"
    return home, play(Wanted(NEEDS, BANKS, seed=3, home=home))


def test_every_case_is_closed_and_every_invariant_holds(played: tuple[Path, Report]) -> None:
    _, report = played
    assert [i["name"] for i in report.invariants if i["findings"]] == []
    assert [i["name"] for i in report.invariants if not i["checked"]] == []
    assert len(report.invariants) == 10
    counts = {row["stage"]: row["count"] for row in report.funnel}
    outcomes = [row["count"] for row in report.funnel[7:]]
    assert counts["registered"] == NEEDS == sum(outcomes)


def test_the_report_is_complete_and_opens_offline(played: tuple[Path, Report]) -> None:
    home, report = played
    kept = json.loads((home / "report.json").read_text(encoding="utf-8"))
    assert {"seed", "funnel", "banks", "history_digest", "invariants"} <= set(kept)
    assert kept["history_digest"] == report.history_digest
    assert {"stage", "count", "amount_cny"} <= set(kept["funnel"][0])
    assert len(kept["banks"]) == BANKS
    page = (home / "report.html").read_text(encoding="utf-8")
    assert "<script src" not in page
    assert "<link" not in page


def test_nobody_is_named_in_a_log(played: tuple[Path, Report]) -> None:
    home, _ = played
    logs = "\n".join(p.read_text(encoding="utf-8", errors="replace") for p in (home / "logs").glob("*.log"))
    for number in range(NEEDS):
        owner = enterprise(3, number)
        assert owner.uscc not in logs
        assert owner.name not in logs
        assert owner.phone not in logs
