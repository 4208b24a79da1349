"""Outcomes: judged on their day, against the part they mean; what cannot be judged is refused by its field."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from yuqiao.policy.measures import measures
from yuqiao.policy.outcome import Outcome
from yuqiao.policy.promises import Checked, check

BRIDGE = {"measure": 3, "part": "bridge_fee", "occupancy_fee_rate": "0.0002"}


def checked(**given: Any) -> dict[str, Checked]:
    return {f"{one.part}.{one.promise}": one for one in check(Outcome.model_validate(given))}


def holds(**given: Any) -> dict[str, bool | None]:
    return {name: one.holds for name, one in checked(**given).items()}


def ask(tmp_path: Path, given: dict[str, Any]) -> tuple[int, str]:
    path = tmp_path / "outcome.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    done = CliRunner().invoke(app, ["policy", "check", "--outcome", str(path), "--json"])
    return done.exit_code, done.stdout or done.stderr


@pytest.mark.parametrize(
    ("on", "kept", "code", "reason"),
    [
        ("2022-12-27", None, "not_yet", "尚未生效：自 2022-12-28 起执行，发生于 2022-12-27"),
        ("2022-12-28", False, None, None),
        ("2023-06-30", False, None, None),
        ("2023-07-01", None, "expired", "已过期：执行至 2023-06-30，发生于 2023-07-01"),
    ],
)
def test_a_promise_is_judged_on_the_day_of_the_event(on: str, kept: bool, code: str, reason: str) -> None:
    (one,) = checked(**BRIDGE, on=on).values()
    assert (one.holds, one.reason_code, one.reason) == (kept, code, reason)


def test_a_clause_s_own_end_counts_and_a_part_without_one_goes_on() -> None:
    assert set(holds(measure=5, premium_support="0.9", advanced=True, on="2024-01-01").values()) == {None}
    found = holds(measure=3, label="zhuqi", occupancy_fee_rate="0.01", on="2024-01-01")
    assert found == {"bridge_fee.occupancy_fee_rate": None, "government_bank_products.labels": True}


def test_without_a_day_it_is_judged_and_says_so() -> None:
    (one,) = checked(**BRIDGE).values()
    assert (one.holds, "未报发生日 on，视为在执行期内" in one.text) == (False, True)
    (dated,) = checked(**BRIDGE, on="2023-01-05").values()
    assert "on" not in dated.text


def test_what_was_not_reported_is_the_reason() -> None:
    (one,) = checked(measure=3, part="bridge_fee").values()
    assert (one.holds, one.reason_code, one.reason) == (None, "not_reported", "未报")


def test_only_what_is_broken_in_its_time_is_a_finding(tmp_path: Path) -> None:
    assert ask(tmp_path, BRIDGE | {"on": "2023-06-30"})[0] == 3
    code, said = ask(tmp_path, BRIDGE | {"on": "2023-07-01"})
    assert (code, json.loads(said)[0]["holds"], "已过期" in said) == (0, None, True)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("fee_rate", "0.8", "fee_rate 的值 0.8 有误：须为不超过 0.1 的小数，如 0.008 表示 0.8%"),
        ("fee_rate", "0.8%", "fee_rate 的值 0.8% 有误：须为小数，不得填百分数：0.008 表示 0.8%"),
        ("fee_rate", "0.8％", "0.008 表示 0.8%"),
        ("fee_rate", 80, "如 0.0385 表示 3.85%"),
        ("fee_rate", "-0.1", "不得小于 0"),
        ("fee_rate", "a lot", "fee_rate 的值 a lot 有误：须为十进制数"),
        ("rate_after", "3.8", "rate_after 的值 3.8 有误：须为不超过 0.24 的小数，如 0.038 表示 3.8%"),
        ("rate_before", "0.38", "0.0038 表示 0.38%"),
        ("penalty_rate", "0.5", "0.005 表示 0.5%"),
        ("occupancy_fee_rate", "0.2", "0.002 表示 0.2%"),
        ("premium_support", "90%", "0.9 表示 90%"),
        ("premium_support", "90", "0.9 表示 90%"),
        ("amount", "1,000", "amount 的值 1,000 有误：须为十进制数"),
        ("on", "20221228", "on 的值 20221228 有误：须为日期，如 2022-12-28"),
        ("new_due", 1672531200, "须为日期"),
        ("label", "no such", "label 的值 no such 有误：可用的值：bangfu"),
        ("part", "nothing", "part 的值 nothing 有误：可用的值：guarantee、"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(tmp_path: Path, field: str, value: Any, said: str) -> None:
    code, answer = ask(tmp_path, {"measure": 4, field: value})
    assert (code, said in answer) == (2, True), answer


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"measure": 13, "part": "foreign_debt", "amount": "1"},
            "currency 的值 CNY 有误：跨境融资便利化额度的金额须以 USD 计",
        ),
        ({"measure": 13, "part": "foreign_rmb", "amount": "1", "currency": "USD"}, "须以 CNY 计"),
        ({"measure": 4, "amount": "1", "currency": "USD"}, "currency 的值 USD 有误：政府性融资担保的金额须以 CNY 计"),
        (
            {"measure": 13, "part": "cross_border_rmb"},
            "part 的值 cross_border_rmb 有误：这一部分没有可核对的承诺；可用的值：foreign_rmb",
        ),
    ],
)
def test_what_does_not_fit_together_names_the_culprit(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    code, answer = ask(tmp_path, given)
    assert (code, said in answer) == (2, True), answer


@pytest.mark.parametrize("number", [7, 8, 9, 10, 11, 12, 14, 15, 16, 17])
def test_a_measure_without_a_checkable_promise_is_refused_as_such(tmp_path: Path, number: int) -> None:
    code, answer = ask(tmp_path, {"measure": number})
    clause = measures()[number - 1].clause
    assert (code, f"measure 的值 {number} 有误：措施{clause}没有可核对的承诺" in answer) == (2, True), answer


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 13])
def test_every_other_measure_answers(number: int) -> None:
    assert holds(measure=number)


def test_yuan_from_abroad_have_no_cap_and_dollars_have() -> None:
    assert holds(measure=13, amount="90000000", currency="CNY") == {"foreign_rmb.currency": True}
    assert holds(measure=13, amount="90000000", currency="USD") == {"foreign_debt.max_amount": False}
    assert set(holds(measure=13).values()) == {None}


def test_a_label_tells_which_part_is_meant() -> None:
    assert holds(measure=3, label="bridge", occupancy_fee_rate="0") == {"bridge_fee.occupancy_fee_rate": True}
    assert "guarantee_fee_subsidy.labels" not in holds(measure=4, label="guarantee", fee_rate="0.008")
    assert holds(measure=3, part="government_bank_products", label="bridge") == {
        "government_bank_products.labels": False
    }
    assert holds(measure=6, label="zhuqi") == {"bangfu.labels": False}, "where there is one part, it is the outcome's"
