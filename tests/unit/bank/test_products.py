"""A file of products is read more strictly than the wire: whatever would be passed over or overwritten is said."""

from datetime import datetime
from pathlib import Path

import pytest
import yaml

from deploy.bench.load import product
from tests.tidy.checks import ROOT
from yuqiao.bank.products import BadProducts, products_of
from yuqiao.policy.calendar import BEIJING

NOW = datetime(2023, 1, 5, 9, tzinfo=BEIJING)
SAMPLE = ROOT / "deploy" / "sample" / "products.yaml"


def text_of(*products: object) -> str:
    return yaml.safe_dump(list(products), allow_unicode=True)


def file_of(folder: Path, text: str) -> Path:
    path = folder / "products.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def said_of(folder: Path, text: str) -> str:
    with pytest.raises(BadProducts) as caught:
        products_of("b1", file_of(folder, text), NOW)
    return str(caught.value)


def test_the_samples_and_a_banks_own_list_are_read(tmp_path: Path) -> None:
    banks = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    assert {b: [p.product for p in products_of(b, SAMPLE, NOW)] for b in banks} == {
        bank: [p["product"] for p in listed] for bank, listed in banks.items()
    }
    (own,) = products_of("b1", file_of(tmp_path, text_of(product("b1") | {"bank": "b1"})), NOW)
    assert (own.bank, own.at) == ("b1", NOW)
    assert products_of("b1", SAMPLE, NOW) == []


@pytest.mark.parametrize("day", ["2022-13-01", "2022-02-30"])
def test_a_day_that_does_not_exist_is_its_fields_fault(tmp_path: Path, day: str) -> None:
    said = said_of(tmp_path, text_of(product("b1")).replace("'2022-01-01'", day))
    assert (said.count("\n"), "第 1 个产品：valid_from" in said, day in said, "2023-06-30" in said) == (
        0,
        True,
        True,
        True,
    )


def test_a_typed_day_that_does_not_exist_is_said(tmp_path: Path) -> None:
    assert "products.yaml" in said_of(tmp_path, "- valid_from: !!timestamp 2022-13-01")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"total_qouta": 5}, ["total_qouta", "相近的有：total_quota"]),
        ({"industry": ["C"]}, ["industry", "industries"]),
        ({"x": 1}, ["x 的值 1", "可用的有：", "annual_rate", "valid_until"]),
        ({7: 1}, ["7 的值 1"]),
        ({"bank": "b2"}, ["bank 的值 b2", "须为 b1"]),
        ({"bank": None}, ["bank 的值 None", "须为 b1"]),
        ({"at": "2023-01-05T11:00:00+08:00"}, ["at 的值", "请去掉"]),
    ],
)
def test_what_would_be_dropped_or_overwritten_is_refused(
    tmp_path: Path, change: dict[object, object], said: list[str]
) -> None:
    found = said_of(tmp_path, text_of(product("b1") | {"product": "fine"}, product("b1") | change))
    assert [word for word in ["第 2 个产品", *said] if word not in found] == []
    assert "第 1 个产品" not in found


def test_what_stands_twice_is_refused(tmp_path: Path) -> None:
    twice = said_of(tmp_path, text_of(product("b1"), product("b1") | {"daily_quota": 1}))
    assert twice == "第 2 个产品：product 的值 b1-bench 有误：前面已有这个产品，一个产品只写一次"
    assert "b1 写了不止一次" in said_of(tmp_path, "b1: []\nb1: []")
    assert "name 写了不止一次" in said_of(tmp_path, "- {name: a, product: x, name: b}")


def test_all_faults_are_said_together(tmp_path: Path) -> None:
    wrong = said_of(
        tmp_path, text_of(product("b1") | {"annual_rate": "3.85", "bank": "b2"}, "words", product("b1") | {"x": 1})
    )
    assert [line.partition("：")[0] for line in wrong.splitlines()] == [f"第 {n} 个产品" for n in (1, 1, 2, 3)]


SHAPELESS = ["", "words", "5", "product: b1-x\nname: x", "b1:\n  product: b1-x", "b1: words", "b1:"]


@pytest.mark.parametrize("text", SHAPELESS)
def test_a_wrong_shape_is_not_an_absent_bank(tmp_path: Path, text: str) -> None:
    assert "须为产品列表，每个产品以 - 开头；或 b1: 后接产品列表" in said_of(tmp_path, text)


def test_banks_may_share_what_their_products_have_in_common(tmp_path: Path) -> None:
    common = "".join(f"  {k}: {v!r}\n" for k, v in (product("b1") | {"product": "common"}).items())
    text = f"shared: &shared\n{common}b1:\n- <<: *shared\n  product: one\n- <<: *shared\n  product: two\n"
    assert [p.product for p in products_of("b1", file_of(tmp_path, text), NOW)] == ["one", "two"]
