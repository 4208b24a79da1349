"""The sample list is valid, reproducible and realistic; the sample products can take it."""

from collections import Counter
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
import yaml
from python_calamine import CalamineWorkbook
from stdnum.cn import uscc

import deploy.sample.make_sample as sample
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.policy.industries import parse_industry
from yuqiao.policy.size_class import classify
from yuqiao.policy.states import code_of, known_codes

HERE = Path(sample.__file__).parent
NEEDS, SEED = 1662, 16
TERMS = {
    "来源渠道": "channel",
    "主体类型": "entity_kind",
    "镇街/园区": "region",
    "融资类型": "need_kind",
    "担保方式": "guarantee_mode",
}


@lru_cache(maxsize=1)
def listed() -> list[dict[str, Any]]:
    return list(sample.rows(NEEDS, SEED))


def wan(row: dict[str, Any], column: str) -> Decimal:
    return Decimal(row[column]) * 10000


def size_of(row: dict[str, Any]) -> str:
    return classify(row["行业代码"], row["从业人员"], wan(row, "营业收入(万元)"), wan(row, "资产总额(万元)")).code


def inner_check_is_right(code: str) -> bool:
    total = sum(int(c, 36) * w for c, w in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return "0123456789X0"[11 - total % 11] == code[16]


def test_every_row_is_valid_and_nobody_real() -> None:
    for row in listed():
        assert tuple(row) == sample.COLUMNS
        code = row["统一社会信用代码"]
        assert uscc.is_valid(code)
        assert inner_check_is_right(code)
        assert row["企业名称"].startswith("测试")
        assert row["电话"].startswith("1990000")
        assert parse_industry(row["行业代码"]) is not None
        assert 5 <= row["金额(万元)"] <= 5000
        for column, kind in TERMS.items():
            assert code_of(kind, row[column]) is not None
        assert all(code_of("tag", tag) for tag in (row["重点领域"] or "").split("、") if tag)
    assert len({row["需求编号"] for row in listed()}) == NEEDS


@pytest.mark.parametrize("code", ["9144030071526726XG", "91350100M000100Y43"])
def test_the_inner_check_knows_real_vectors(code: str) -> None:
    assert inner_check_is_right(code)
    assert not inner_check_is_right(code[:16] + ("1" if code[16] != "1" else "2") + code[17:])


def test_the_list_looks_like_a_real_one() -> None:
    rows = listed()
    assert 170 <= mean(row["金额(万元)"] for row in rows) <= 260
    assert 0.17 <= mean(row["是否首贷"] == "是" for row in rows) <= 0.21
    assert 0.03 <= mean(row["授权书编号"] is None for row in rows) <= 0.055
    assert {row["融资类型"] for row in rows} == {
        "新增",
        "续贷",
        "延期",
        "转贷",
        "票据",
        "债券",
        "担保",
        "跨境",
        "信保",
    }
    assert set(map(size_of, rows)) == {"large", "medium", "small", "micro", "undetermined"}


def test_one_in_a_hundred_is_a_second_and_different_need() -> None:
    owners = Counter(row["统一社会信用代码"] for row in listed())
    twice = {code for code, count in owners.items() if count == 2}
    assert max(owners.values()) == 2
    assert len(twice) == NEEDS // 100
    for code in twice:
        kinds = [row["融资类型"] for row in listed() if row["统一社会信用代码"] == code]
        assert kinds[0] != kinds[1]


def test_the_committed_list_is_what_the_code_writes(tmp_path: Path) -> None:
    again = tmp_path / "list.xlsx"
    sample.write_list(again, NEEDS, SEED)
    committed = HERE / "need-list.xlsx"
    assert again.read_bytes() == committed.read_bytes()
    assert committed.stat().st_size < 400_000
    table = CalamineWorkbook.from_path(committed).get_sheet_by_name(sample.SHEET).to_python()
    assert tuple(table[0]) == sample.COLUMNS
    assert len(table) == NEEDS + 1
    day = table[1][sample.COLUMNS.index("用款日")]
    assert day == listed()[0]["用款日"]
    assert isinstance(day, date)


def test_a_longer_list_begins_with_the_shorter() -> None:
    assert [*sample.rows(NEEDS + 50, SEED)][:NEEDS] == listed()
    assert [*sample.rows(20, SEED + 1)] != listed()[:20]


@lru_cache(maxsize=1)
def catalogue() -> dict[str, list[ProductPublished]]:
    content = yaml.safe_load((HERE / "products.yaml").read_text(encoding="utf-8"))
    moment = "2022-12-28T09:00:00+08:00"
    return {
        bank: [ProductPublished.model_validate({"at": moment, "bank": bank, **one}) for one in products]
        for bank, products in content.items()
    }


def takes(product: ProductPublished, row: dict[str, Any]) -> bool:
    rate, tags = row["期望利率(%)"], {code_of("tag", tag) for tag in (row["重点领域"] or "").split("、")}
    return (
        code_of("need_kind", row["融资类型"]) in product.kinds
        and product.min_amount_cny <= wan(row, "金额(万元)") <= product.max_amount_cny
        and product.min_term_months <= row["期限(月)"] <= product.max_term_months
        and (not product.guarantee_modes or code_of("guarantee_mode", row["担保方式"]) in product.guarantee_modes)
        and (not product.industries or row["行业代码"].startswith(product.industries))
        and (not product.size_classes or size_of(row) in product.size_classes)
        and (not product.tags or bool(tags & set(product.tags)))
        and (rate is None or product.annual_rate <= Decimal(str(rate)) / 100)
    )


def test_products_speak_in_known_codes() -> None:
    assert list(catalogue()) == [f"bank{number:02d}" for number in range(1, 21)]
    products = [one for of_bank in catalogue().values() for one in of_bank]
    assert len({one.product for one in products}) == len(products)
    for one in products:
        assert one.name.startswith("测试")
        assert set(one.kinds) <= set(known_codes("need_kind"))
        assert set(one.labels) <= set(known_codes("product_label"))
        assert set(one.tags) <= set(known_codes("tag"))
        assert set(one.size_classes) <= set(known_codes("size_class"))
        assert set(one.guarantee_modes) <= set(known_codes("guarantee_mode"))
    assert all(1 <= len(of_bank) <= 3 for of_bank in catalogue().values())


def test_eight_banks_can_take_nearly_every_need_within_two_weeks() -> None:
    first = [catalogue()[f"bank{number:02d}"] for number in range(1, 9)]
    assert 400 <= sum(one.daily_quota for products in first for one in products) <= 700
    served = [sum(any(takes(one, row) for one in products) for products in first) for row in listed()]
    assert mean(count >= 3 for count in served) >= 0.97
