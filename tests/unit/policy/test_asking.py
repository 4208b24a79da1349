"""Anyone can ask: measures before a need, promises before an outcome, and the commands around them."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from deploy.cli import app
from yuqiao.contracts.values import NeedFacts
from yuqiao.policy.explain import explain
from yuqiao.policy.outcome import Outcome
from yuqiao.policy.promises import check

DAY = date(2022, 12, 28)
run = CliRunner()


def facts(**given: Any) -> NeedFacts:
    base = {"kind": "extension", "amount_cny": "1000000.00", "size_class": "medium", "stated_on": DAY}
    return NeedFacts.model_validate(base | given)


def verdicts(on: date = DAY, **given: Any) -> dict[str, str]:
    return {e.part.code: e.verdict for e in explain(facts(**given), on) if e.part}


def holds(**given: Any) -> dict[str, bool | None]:
    return {c.promise: c.holds for c in check(Outcome.model_validate(given))}


def ask(*words: str) -> tuple[int, Any]:
    done = run.invoke(app, ["policy", *words, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stderr


def test_a_measure_applies_fails_or_cannot_be_judged() -> None:
    assert verdicts(covid_affected=True)["extension"] == "applies", "medium firms are included in 一"
    assert verdicts(covid_affected=False)["extension"] == "fails"
    assert verdicts()["extension"] == "unknown"
    assert verdicts(size_class="large", covid_affected=True)["extension"] == "fails"
    assert verdicts(date(2023, 7, 1), covid_affected=True)["extension"] == "expired"
    assert verdicts(date(2022, 12, 27), covid_affected=True)["rate_cut"] == "not_yet"


def test_every_clause_is_there_and_natural_persons_are_not_judged() -> None:
    found = explain(facts(), DAY)
    assert sorted({e.measure.number for e in found}) == list(range(1, 18))
    assert [e.verdict for e in found if e.measure.number == 14] == ["person"]


def test_what_is_missing_and_what_fails_is_named() -> None:
    (rate_cut,) = [e for e in explain(facts(), DAY) if e.part and e.part.code == "rate_cut"]
    assert (rate_cut.failing, rate_cut.missing) == ((), ("受疫情影响",))
    (bridge,) = [e for e in explain(facts(), DAY) if e.part and e.part.code == "bridge_fee"]
    assert bridge.failing == ("融资类型为转贷",)


def test_ten_per_cent_is_relative() -> None:
    assert holds(measure=2, rate_before="0.0380", rate_after="0.0342")["rate_cut_relative"] is True
    assert holds(measure=2, rate_before="0.0380", rate_after="0.0343")["rate_cut_relative"] is False
    assert holds(measure=2, rate_after="0.0342")["rate_cut_relative"] is None


@pytest.mark.parametrize(
    ("given", "promise", "kept"),
    [
        ({"measure": 4, "part": "guarantee", "fee_rate": "0.008"}, "max_fee_rate", True),
        ({"measure": 4, "part": "guarantee", "fee_rate": "0.0081"}, "max_fee_rate", False),
        ({"measure": 4, "part": "guarantee", "amount": "10000000"}, "max_amount", True),
        ({"measure": 4, "part": "guarantee", "amount": "10000000.01"}, "max_amount", False),
        ({"measure": 13, "part": "foreign_debt", "amount": "10000000", "currency": "USD"}, "max_amount", True),
        ({"measure": 1, "new_due": "2023-06-30"}, "latest_due", True),
        ({"measure": 1, "loan_due": "2022-12-31"}, "loan_due", True),
        ({"measure": 1, "penalty_rate": "0.0005"}, "penalty_rate", False),
        ({"measure": 3, "part": "bridge_fee", "occupancy_fee_rate": "0.0002"}, "occupancy_fee_rate", False),
        ({"measure": 5, "premium_support": "0.9", "advanced": False}, "premium_support", False),
        ({"measure": 6, "label": "bangfu"}, "labels", True),
        ({"measure": 2, "applied_for": True}, "without_application", False),
    ],
)
def test_a_promise_is_kept_or_broken(given: dict[str, Any], promise: str, kept: bool) -> None:
    assert holds(**given)[promise] is kept


@pytest.mark.parametrize(
    "given",
    [
        {"measure": 18},
        {"measure": 7},
        {"measure": 4, "part": "nothing"},
        {"measure": 2, "rate_before": "3.8"},
        {"measure": 4, "part": "guarantee", "amount": "1", "currency": "USD"},
        {"measure": 13, "part": "foreign_debt", "amount": "1"},
        {"measure": 6, "label": "no such label"},
        {"measure": 2, "rate_befor": "0.03"},
    ],
)
def test_an_outcome_that_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Outcome.model_validate(given)


def test_the_commands_answer_in_json() -> None:
    size = ask("size", "--industry", "C34", "--staff", "300", "--revenue", "20000000", "--assets", "0")
    assert (size[0], size[1]["size"]) == (0, "medium")
    assert ask("size", "--industry", "C34", "--staff", "300")[1]["size"] == "undetermined"
    on_a_day = ask("size", "--industry", "O81", "--staff", "12", "--on", "2022-12-28")
    assert (on_a_day[1]["size"], on_a_day[1]["basis"][:16]) == ("small", "工信部联企业〔2011〕300号")
    assert ask("size", "--industry", "O81", "--on", "yesterday")[0] == 2
    assert "应为 C34" in ask("size", "--industry", "A34", "--staff", "300")[1]
    assert ask("size", "--industry", "K")[1]["size"] == "undetermined", "a section alone is too coarse"
    assert ask("due", "--from", "2022-12-28", "--working-days", "10")[1]["due"] == "2023-01-12"
    assert ask("due", "--from", "2098-12-28", "--working-days", "1")[1]["provisional"] is True
    assert ask("uscc", "91500112MA5U00001")[0] == 3
    assert ask("uscc", "91350100M000100Y43")[1] == {"valid": True, "reason": None}
    assert len(ask("measures")[1]) == 17
    in_2024 = {m["number"] for m in ask("measures", "--on", "2024-01-01")[1]}
    assert {1, 5}.isdisjoint(in_2024)


def test_a_need_is_explained_from_json_or_yaml(tmp_path: Path) -> None:
    given = {"kind": "extension", "amount_cny": "1000000.00", "size_class": "medium", "covid_affected": True}
    (tmp_path / "need.json").write_text(json.dumps(given), encoding="utf-8")
    (tmp_path / "need.yaml").write_text(
        "kind: extension\namount_cny: 1000000.00\nsize_class: medium\ncovid_affected: true\n", encoding="utf-8"
    )
    answers = [
        ask("explain", "--need", str(tmp_path / name), "--on", "2022-12-28") for name in ("need.json", "need.yaml")
    ]
    assert answers[0] == answers[1]
    first = answers[0][1][0]
    assert (first["verdict"], first["lead"], first["responsible"]) == ("applies", ["区金融办"], ["各银行机构"])


def test_what_is_owed_without_an_application_can_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "need.json"
    given = {"kind": "bridge", "amount_cny": "1.00", "size_class": "micro", "covid_affected": True}
    path.write_text(json.dumps(given), encoding="utf-8")
    code, answer = ask("explain", "--need", str(path), "--on", "2022-12-28", "--without-application")
    assert (code, [(a["measure"], a["verdict"], a["to_verify"][1]) for a in answer]) == (
        0,
        [(2, "applies", "在该行有原有贷款")],
    )


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('{"kind": "extention", "amount_cny": "1.00"}', "kind"),
        ('{"kind": "extension", "amount_cny": "1.00", "industry": "Z99"}', "industry"),
        ('{"kind": "extension", "amount_cny": "1.00", "industry": "C99"}', "industry"),
        ('{"kind": "extension", "amount_cny": "1.00", "industry": "C3498"}', "C3491（工业机器人制造）"),
        ('{"kind": "extension", "amount_cny": "1.00", "tags": ["nothing"]}', "tags"),
        ('{"kind": "extension", "amount_cny": "1,000"}', "amount_cny"),
        ('{"kind": "extension", "amount_cny": "1.00", "max_annual_rate": "3.85"}', "max_annual_rate"),
        ('{"kind": "extension"', "JSON"),
        ("[]", "file"),
    ],
)
def test_a_need_that_is_wrong_is_refused_by_its_field(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "need.json").write_text(content, encoding="utf-8")
    code, said = ask("explain", "--need", str(tmp_path / "need.json"))
    assert (code, named in said) == (2, True), said


def test_a_broken_promise_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    path.write_text(json.dumps({"measure": 2, "rate_before": "0.0380", "rate_after": "0.0350"}), encoding="utf-8")
    code, answer = ask("check", "--outcome", str(path))
    assert (code, answer[0]["holds"], answer[0]["values"]["given"]) == (3, False, "0.0350")
    assert Decimal(answer[0]["values"]["promised"]) == Decimal("0.0342")
