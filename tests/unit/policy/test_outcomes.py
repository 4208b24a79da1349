"""Outcomes: judged on their day, against the part they mean; what cannot be judged is refused by its field."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from yuqiao.policy.measures import measures
from yuqiao.policy.outcome import JUDGED_BY, PLACED_BY, Outcome
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
        ("label", "no such", "label 的值 no such 有误：可用的值：bangfu 金融帮扶贷、zhuqi 助企贷"),
        ("label", "转贷", "、bridge 转贷、"),
        ("part", "nothing", "part 的值 nothing 有误：可用的值：guarantee 政府性融资担保、"),
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
            "currency 的值 CNY 有误：跨境融资便利化额度的金额须以 USD 计，未写明即 CNY",
        ),
        (
            {"measure": 13, "part": "foreign_debt", "currency": "CNY"},
            "currency 的值 CNY 有误：跨境融资便利化额度的金额",
        ),
        ({"measure": 4, "currency": "USD"}, "currency 的值 USD 有误：政府性融资担保的金额须以 CNY 计"),
        ({"measure": 2, "currency": "USD"}, "currency 的值 USD 有误：措施二没有承诺金额，只能以 CNY 计"),
        ({"measure": 2, "currency": "USD", "amount": "1"}, "currency 的值 USD 有误：措施二没有承诺金额，只能以 CNY 计"),
        ({"measure": 4, "currency": "EUR"}, "currency 的值 EUR 有误：可用的值：CNY、USD"),
        (
            {"measure": 1, "loan_due": "2022-12-31", "new_due": "2022-12-30"},
            "new_due 的值 2022-12-30 有误：不得早于原到期日 loan_due：须为 2022-12-31 或其后的日子",
        ),
        ({"measure": 1, "exception_reason": " "}, "exception_reason 的值"),
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


@pytest.mark.parametrize("written", [2, "2", "二"])
def test_a_measure_goes_by_its_number_or_its_clause(written: Any) -> None:
    assert Outcome.model_validate({"measure": written}).measure == 2


@pytest.mark.parametrize("written", [0, 18, "措施二", "二十", 2.5, None])
def test_a_measure_that_is_none_is_answered_with_those_that_are(tmp_path: Path, written: Any) -> None:
    code, answer = ask(tmp_path, {"measure": written})
    said = f"measure 的值 {written} 有误：须为 1 至 17，或条文的序号 一 至 十七：措施二为 2 或 二（out_of_range）"
    assert (code, answer.strip()) == (2, said)


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
    assert holds(measure=6, label="zhuqi") == {"bangfu.labels": False}, "where there is one part, it is the outcome's"


def test_a_dollar_or_a_yuan_tells_which_part_is_meant_without_an_amount() -> None:
    assert list(holds(measure=13, currency="USD")) == ["foreign_debt.max_amount"]
    assert list(holds(measure=13, currency="CNY")) == ["foreign_rmb.currency"]


def unread(tmp_path: Path, given: dict[str, Any]) -> list[str]:
    """What is said on stderr of an outcome that can be judged."""
    path = tmp_path / "outcome.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    done = CliRunner().invoke(app, ["policy", "check", "--outcome", str(path), "--json"])
    assert json.loads(done.stdout)
    return done.stderr.splitlines()


def test_a_value_that_no_promise_looks_at_is_said(tmp_path: Path) -> None:
    given = {"measure": 2, "rate_before": "0.0380", "rate_after": "0.0350", "fee_rate": "0.08", "amount": "1"}
    fields = "核对的字段：rate_before、rate_after、method、applied_for（not_looked_at）"
    assert unread(tmp_path, given) == [
        f"fee_rate 的值 0.08 未予核对：措施二没有与之相关的承诺；{fields}",
        f"amount 的值 1 未予核对：措施二没有与之相关的承诺；{fields}",
    ]
    assert ask(tmp_path, given)[0] == 3, "the exit code is that of the promises"
    assert unread(tmp_path, given | {"fee_rate": None, "amount": None, "on": "2023-01-05"}) == []


def test_a_named_part_looks_at_its_own_fields_alone(tmp_path: Path) -> None:
    (said,) = unread(tmp_path, {"measure": 4, "part": "guarantee_fee_subsidy", "fee_rate": "0.02"})
    assert said == (
        "fee_rate 的值 0.02 未予核对：措施四的担保服务费补贴没有与之相关的承诺；核对的字段：label（not_looked_at）"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"measure": 1, "penalty_rate": "0", "loan_due": "2022-12-31", "new_due": "2023-06-30", "exception_reason": "x"},
        {"measure": 3, "occupancy_fee_rate": "0", "label": "bridge"},
        {"measure": 4, "amount": "1", "currency": "CNY", "fee_rate": "0.008", "label": "guarantee"},
        {"measure": 5, "premium_support": "1", "advanced": False},
        {"measure": 13, "amount": "1", "currency": "USD"},
    ],
)
def test_a_value_that_a_promise_looks_at_or_that_tells_the_part_is_not_said(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    assert unread(tmp_path, given) == []


def test_every_field_is_looked_at_by_some_promise() -> None:
    fields = {field for promise in JUDGED_BY.values() for field in promise}
    assert fields | set(PLACED_BY) == set(Outcome.model_fields)


def unjudged(one: Checked) -> tuple[bool | None, str | None]:
    return one.holds, one.reason_code


def test_a_way_that_an_open_list_does_not_name_is_to_be_verified(tmp_path: Path) -> None:
    """直接扣减、先收后返等方式: the clause names two and leaves others open, so even a misspelt one is not broken."""
    listed, other = (checked(measure=2, method=method)["rate_cut.methods"] for method in ("先收后返", "直接抵扣"))
    assert (listed.holds, unjudged(other)) == (True, (None, "open_list"))
    assert "方式为直接扣减、先收后返等，实际 直接抵扣：条文未列尽，须核实" in other.text
    assert ask(tmp_path, {"measure": 2, "method": "直接抵扣"})[0] == 0


def test_another_label_is_what_its_clause_makes_of_it() -> None:
    open_list = checked(measure=3, part="government_bank_products", label="bangfu")["government_bank_products.labels"]
    assert unjudged(open_list) == (None, "open_list"), "三: …等政银合作信贷产品"
    subsidy = checked(measure=4, part="guarantee_fee_subsidy", label="zhuqi")["guarantee_fee_subsidy.labels"]
    assert unjudged(subsidy) == (None, "not_eligible"), "四: 对获得知识价值信用贷款的企业, a condition"
    assert holds(measure=6, label="zhuqi") == {"bangfu.labels": False}, "六: 确定“金融帮扶贷”产品并予以标识"


def test_a_label_of_no_part_is_not_lost() -> None:
    assert list(holds(measure=3, label="bangfu")) == [
        "bridge_fee.occupancy_fee_rate",
        "government_bank_products.labels",
    ]
    assert "guarantee_fee_subsidy.labels" in holds(measure=4, label="zhuqi")
    assert list(holds(measure=4, part="guarantee_fee_subsidy", label="guarantee")) == ["guarantee_fee_subsidy.labels"]


def test_a_day_later_than_allowed_in_principle_wants_a_reason(tmp_path: Path) -> None:
    late = {"measure": 1, "loan_due": "2022-12-31", "new_due": "2023-07-01"}
    one = checked(**late)["extension.latest_due"]
    assert (unjudged(one), "原则上" in one.text, "exception_reason" in one.text) == ((None, "to_justify"), True, True)
    assert ask(tmp_path, late)[0] == 0
    justified = checked(**late, exception_reason=" 疫情封控至六月底 ")["extension.latest_due"]
    assert (justified.holds, justified.values["exception_reason"]) == (True, "疫情封控至六月底")
    assert "例外理由：疫情封控至六月底" in justified.text


@pytest.mark.parametrize("due", ["2022-09-30", "2023-01-01"])
def test_a_loan_that_the_clause_does_not_mean_breaks_nothing(tmp_path: Path, due: str) -> None:
    given = {"measure": 1, "loan_due": due, "penalty_rate": "0.0005", "new_due": "2023-07-01"}
    assert {unjudged(one) for one in checked(**given).values()} == {(None, "not_eligible")}
    assert ask(tmp_path, given)[0] == 0


def test_a_limit_that_cannot_be_computed_is_left_out() -> None:
    one = checked(measure=2, rate_after="0.0342")["rate_cut.rate_cut_relative"]
    assert (one.values, "至多" in one.text) == ({"given": "0.0342"}, False)
    assert "None" not in json.dumps([found.model_dump(mode="json")["values"] for found in checked(measure=2).values()])


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"measure": 2, "method": "直接抵扣"}, "条文未列尽，须核实"),
        ({"measure": 1, "new_due": "2023-07-01"}, "须说明理由"),
        ({"measure": 1, "loan_due": "2023-07-01"}, "不属条文所指"),
    ],
)
def test_why_it_is_not_judged_stands_in_the_table(tmp_path: Path, given: dict[str, Any], word: str) -> None:
    path = tmp_path / "outcome.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    done = CliRunner().invoke(app, ["policy", "check", "--outcome", str(path)], env={"COLUMNS": "200"})
    assert (done.exit_code, f"│ {word} " in done.stdout) == (0, True), done.stdout
