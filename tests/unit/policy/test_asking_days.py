"""The commands and days: the day a need was stated, each part's own end, days that are not written as days."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import app

NEED = {"kind": "bridge", "amount_cny": "1.00", "size_class": "micro"}


def ask(*words: str, table: bool = False) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["policy", *words, *([] if table else ["--json"])], env={"COLUMNS": "200"})
    answer = done.stdout if done.exit_code in (0, 3) else done.stderr
    return done.exit_code, answer if table or done.exit_code == 2 else json.loads(answer)


def bridge_fee(tmp_path: Path, given: dict[str, str], *words: str) -> str:
    (tmp_path / "need.json").write_text(json.dumps(NEED | given), encoding="utf-8")
    _, answer = ask("explain", "--need", str(tmp_path / "need.json"), *words)
    (found,) = [one for one in answer if one["part"] == "bridge_fee"]
    return str(found["verdict"])


def test_a_need_is_judged_by_the_day_its_file_says(tmp_path: Path) -> None:
    assert bridge_fee(tmp_path, {"stated_on": "2023-06-30"}) == "applies"
    assert bridge_fee(tmp_path, {"stated_on": "2023-06-30"}, "--on", "2023-07-01") == "expired"
    assert bridge_fee(tmp_path, {"stated_on": "2022-12-27"}) == "not_yet"
    assert bridge_fee(tmp_path, {}) == "expired", "today"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"max_annual_rate": "0.385"},
            "max_annual_rate 的值 0.385 有误：须为不超过 0.24 的小数，如 0.00385 表示 0.385%",
        ),
        ({"max_annual_rate": "3.85%"}, "max_annual_rate 的值 3.85% 有误：须为小数，不得填百分数：0.0385 表示 3.85%"),
        ({"stated_on": "20221228"}, "stated_on 的值 20221228 有误：须为日期"),
    ],
)
def test_a_need_that_is_miswritten_is_refused(tmp_path: Path, given: dict[str, str], said: str) -> None:
    (tmp_path / "need.json").write_text(json.dumps(NEED | given), encoding="utf-8")
    code, answer = ask("explain", "--need", str(tmp_path / "need.json"))
    assert (code, said in answer) == (2, True), answer


def test_each_part_shows_its_own_end() -> None:
    parts = {one["code"]: one for measure in ask("measures")[1] for one in measure["parts"]}
    assert parts["bridge_fee"]["until"] == "2023-06-30"
    assert parts["extension"]["until"] == "2023-06-30", "the clause's"
    assert parts["government_bank_products"]["until"] is None
    assert "in_force" not in parts["bridge_fee"]
    shown = ask("measures", table=True)[1]
    assert "免除转贷资金占用费：2023-06-30" in shown
    assert "政银合作信贷产品：未写明" in shown


def test_an_end_that_the_notice_does_not_state_says_so(tmp_path: Path) -> None:
    (tmp_path / "need.json").write_text(json.dumps(NEED), encoding="utf-8")
    explained = ask("explain", "--need", str(tmp_path / "need.json"))[1]
    told = {one["part"]: one["until_basis"] for one in explained}
    assert told["extension"] == "derived", "一 limits the new day, not the measure"
    assert (told["bridge_fee"], told["export_premium"], told["rate_cut"]) == ("stated", "stated", None)
    parts = {one["code"]: one["until_basis"] for measure in ask("measures")[1] for one in measure["parts"]}
    assert parts == {code: basis for code, basis in told.items() if code}
    assert ask("measures", table=True)[1].count("（由条文推得）") == 1


def test_what_is_no_longer_in_force_is_marked() -> None:
    (three,) = [one for one in ask("measures", "--on", "2023-07-01")[1] if one["number"] == 3]
    assert [(one["in_force"], one["reason"]) for one in three["parts"]] == [
        (False, "已过期：执行至 2023-06-30"),
        (True, None),
    ]
    assert "2023-06-30（已过期）" in ask("measures", "--on", "2023-07-01", table=True)[1]
    assert "已过期" not in ask("measures", "--on", "2023-06-30", table=True)[1]
    assert ask("measures", "--on", "2022-12-27")[1] == []


def test_who_stands_in_where_no_lead_is_named_is_said(tmp_path: Path) -> None:
    (tmp_path / "need.json").write_text(json.dumps(NEED), encoding="utf-8")
    explained = ask("explain", "--need", str(tmp_path / "need.json"))[1]
    for answer, key in ((ask("measures")[1], "number"), (explained, "measure")):
        leads = {one[key]: (one["lead"], one["lead_configured"]) for one in answer}
        assert leads[5] == (["区商务委"], True)
        assert leads[3] == (["区经济信息委"], False)
        assert [number for number, lead in leads.items() if lead[1]] == [5]


@pytest.mark.parametrize("day", ["20221228", "2022-W52-3", "2022-12-32", "２０２２-12-28"])
def test_a_day_is_written_one_way(day: str) -> None:
    code, said = ask("due", "--from", day, "--working-days", "1")
    assert (code, f"from 的值 {day} 有误：须为日期，如 2022-12-28" in said) == (2, True), said


def test_a_day_beyond_the_last_is_refused() -> None:
    code, said = ask("due", "--from", "9999-12-30", "--working-days", "10")
    assert (code, "from 的值 9999-12-30 有误" in said, "9999-12-31" in said) == (2, True, True), said
    assert ask("due", "--from", "9999-12-30", "--working-days", "1")[1]["due"] == "9999-12-31"


def test_a_size_class_before_the_standard_is_undetermined_and_says_from_when_it_holds() -> None:
    code, answer = ask("size", "--industry", "O81", "--staff", "12", "--on", "2010-01-01")
    assert (code, answer["size"], answer["term"]) == (0, "undetermined", "不可判定")
    assert answer["basis"] == "工信部联企业〔2011〕300号 自 2011-06-18 起施行，不适用于 2010-01-01"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("size", "--staff", "abc"), "staff 的值 abc 有误：须为 0 至 10000000 的整数"),
        (("size", "--staff", "-1"), "staff 的值 -1 有误：须为 0 至 10000000 的整数"),
        (("size", "--staff", "１０"), "staff 的值 １０ 有误"),
        (("size", "--revenue", "abc"), "revenue 的值 abc 有误：须为不小于 0 的金额（元）"),
        (("due", "--from", "2022-12-28", "--working-days", "0"), "working-days 的值 0 有误：须为 1 至 10000 的整数"),
        (("due", "--from", "2022-12-28", "--working-days", "1.5"), "working-days 的值 1.5 有误"),
    ],
    ids=str,
)
def test_a_number_is_refused_in_chinese(words: tuple[str, ...], said: str) -> None:
    code, answer = ask(*words)
    assert (code, said in answer, answer.count("\n")) == (2, True, 1), answer


def test_a_credit_code_is_answered_with_valid_and_reason_alone() -> None:
    code, answer = ask("uscc", "91500112MA5U00001")
    assert (code, set(answer), answer["valid"]) == (3, {"valid", "reason"}, False)
    assert answer["reason"].endswith("现为 17 位（uscc_length）")
