"""`yuqiao policy explain`: nothing misspelt passes, nobody's name matters, figures give a class, a cap is said."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from services.intake.requests import NeedBody

NEED = {"kind": "extension", "amount_cny": "1000000.00", "size_class": "medium"}
FIGURES = {"industry": "C34", "staff": 300, "revenue_cny": "20000000", "assets_cny": "0"}


def explained(tmp_path: Path, given: dict[str, Any] | str, name: str = "need.json") -> tuple[int, Any]:
    path = tmp_path / name
    path.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
    done = CliRunner().invoke(app, ["policy", "explain", "--need", str(path), "--on", "2022-12-28", "--json"])
    if done.exit_code:
        return done.exit_code, done.stderr
    return 0, {one["part"]: one for one in json.loads(done.stdout) if one["part"]}


def test_a_misspelt_field_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    code, said = explained(tmp_path, NEED | {"covid_affcted": True})
    assert code == 2
    assert "covid_affcted 的值 True 有误：没有这一项，请检查拼写；可用的字段：kind、amount_cny、" in said
    assert "、covid_affected、" in said


def test_the_body_of_a_need_at_intake_can_be_asked_about_as_it_is(tmp_path: Path) -> None:
    private = {
        "enterprise_name": "张三",
        "contact_phone": "13800000000",
        "consent": {"banks": ["*"]},
        "channel": "scan",
    }
    assert private.keys() <= NeedBody.model_fields.keys()
    assert explained(tmp_path, NEED | private) == explained(tmp_path, NEED)


def test_a_need_as_intake_takes_it_is_explained_without_who_it_is(tmp_path: Path) -> None:
    need = {
        "kind": "extension",
        "amount_cny": "1000000.00",
        "term_months": 12,
        **FIGURES,
        "entity_kind": "enterprise",
        "region": "longxi",
        "tags": ["tech"],
        "guarantee_modes": ["credit"],
        "first_loan": None,
        "max_annual_rate": "0.0385",
        "covid_affected": True,
        "needed_by": "2023-01-05",
    }
    assert need.keys() <= NeedBody.model_fields.keys()
    code, found = explained(tmp_path, need)
    assert (code, found["extension"]["verdict"], "企业划型：中型" in found["extension"]["reason"]) == (
        0,
        "applies",
        True,
    )


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (FIGURES, "applies"),
        (FIGURES | {"staff": 3_000, "revenue_cny": "900000000"}, "fails"),
        ({"industry": "C34", "staff": 300}, "unknown"),
        (FIGURES | {"size_class": "large"}, "fails"),
    ],
)
def test_a_class_follows_from_figures_unless_it_is_said(tmp_path: Path, given: dict[str, Any], verdict: str) -> None:
    need = {"kind": "extension", "amount_cny": "1.00", "covid_affected": True} | given
    assert explained(tmp_path, need)[1]["extension"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"region": "nowhere"}, "region 的值 nowhere 有误：可用的值：luoqi 洛碛镇、"),
        ({"guarantee_modes": ["credit", "smile"]}, "guarantee_modes 的值 smile 有误：可用的值：credit 信用、"),
        ({"staff": -1}, "staff 的值 -1 有误：不得小于 0"),
        ({"needed_by": 20230105}, "needed_by 的值 20230105 有误：须为日期"),
        (
            {"size_class": 5},
            "size_class 的值 5 有误：可用的值：large 大型、medium 中型、small 小型、micro 微型、undetermined 不可判定（",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    code, answer = explained(tmp_path, NEED | given)
    assert (code, said in answer) == (2, True), answer


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "转贷"}, "kind 的值 转贷 有误：可用的值：new_loan 新增、renewal 续贷、extension 延期、bridge 转贷、"),
        ({"entity_kind": "企业"}, "entity_kind 的值 企业 有误：可用的值：enterprise 企业、individual 个体工商户、"),
        ({"size_class": "中型"}, "size_class 的值 中型 有误：可用的值：large 大型、medium 中型、"),
        ({"tags": ["tech", "涉农"]}, "tags.1 的值 涉农 有误：可用的值：cold_chain 冷链物流、"),
    ],
)
def test_a_chinese_term_is_answered_once_with_the_codes(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    code, answer = explained(tmp_path, NEED | given)
    assert (code, answer.startswith(said), answer.count("\n")) == (2, True, 1), answer


def test_what_is_no_list_is_still_said_to_be_none(tmp_path: Path) -> None:
    assert "tags 的值 tech 有误：须为数组（wrong_type）" in explained(tmp_path, NEED | {"tags": "tech"})[1]


@pytest.mark.parametrize("written", ["", " ~", " null"])
def test_nothing_in_yaml_is_unknown_as_null_is_in_json(tmp_path: Path, written: str) -> None:
    need = f"kind: extension\namount_cny: 1000000\nsize_class: medium\nfirst_loan:{written}\ncovid_affected:{written}\n"
    found = explained(tmp_path, need, "need.yaml")
    assert found == explained(tmp_path, NEED | {"amount_cny": "1000000", "first_loan": None, "covid_affected": None})
    assert found[1]["extension"]["verdict"] == "unknown"
    assert "industry 的值 n 有误" in explained(tmp_path, f"{need}industry: n\n", "need.yaml")[1], (
        "other texts stay texts"
    )


@pytest.mark.parametrize(
    ("amount", "above"),
    [("10000000.00", ""), ("10000000.01", "金额 1000.000001 万元超过"), ("50000000.00", "金额 5000 万元超过")],
)
def test_an_amount_above_the_cap_is_said(tmp_path: Path, amount: str, above: str) -> None:
    given = {"kind": "guarantee", "amount_cny": amount, "size_class": "small"}
    one = explained(tmp_path, given)[1]["guarantee"]
    assert (one["verdict"], one["reason"].split("；")[3:]) == (
        "applies",
        [f"{above}上限：最高不超过 1000 万元"] if above else [],
    )
    assert one["values"] == ({"amount": f"{amount} CNY", "max_amount": "10000000 CNY"} if above else {})
    assert Decimal(one["promises"]["max_amount"]) == 10_000_000


def test_a_cap_in_dollars_is_to_be_converted(tmp_path: Path) -> None:
    given = {"kind": "cross_border", "amount_cny": "90000000.00", "size_class": "small", "tags": ["high_tech"]}
    found = explained(tmp_path, given)[1]
    assert "金额 9000 万元须折算核对：以等值 1000 万 USD 为限" in found["foreign_debt"]["reason"]
    assert found["foreign_rmb"]["values"] == {}
    assert explained(tmp_path, given | {"amount_cny": "10000000.00"})[1]["foreign_debt"]["values"] == {}
