"""The 16 rows of the standard, at every bound."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from yuqiao.policy import size_class
from yuqiao.policy.size_class import Standard, Table, classify, table_on, tables

ROWS = table_on(None).rows
INDUSTRIES = "A01 C34 E47 F51 F52 G54 G59 G60 H61 H62 I63 I65 K701 K702 L72 O81"
EXAMPLE = dict(zip([row.code for row in ROWS], INDUSTRIES.split(), strict=True))
LETTERS = {"staff": "X", "revenue": "Y", "assets": "Z"}
STANDARD = """
农林牧渔业 | Y20000 | Y500 | Y50
工业 | X1000 Y40000 | X300 Y2000 | X20 Y300
建筑业 | Y80000 Z80000 | Y6000 Z5000 | Y300 Z300
批发业 | X200 Y40000 | X20 Y5000 | X5 Y1000
零售业 | X300 Y20000 | X50 Y500 | X10 Y100
交通运输业 | X1000 Y30000 | X300 Y3000 | X20 Y200
仓储业 | X200 Y30000 | X100 Y1000 | X20 Y100
邮政业 | X1000 Y30000 | X300 Y2000 | X20 Y100
住宿业 | X300 Y10000 | X100 Y2000 | X10 Y100
餐饮业 | X300 Y10000 | X100 Y2000 | X10 Y100
信息传输业 | X2000 Y100000 | X100 Y1000 | X10 Y100
软件和信息技术服务业 | X300 Y10000 | X100 Y1000 | X10 Y50
房地产开发经营 | Y200000 Z10000 | Y1000 Z5000 | Y100 Z2000
物业管理 | X1000 Y5000 | X300 Y1000 | X100 Y500
租赁和商务服务业 | X300 Z120000 | X100 Z8000 | X10 Z100
其他未列明行业 | X300 | X100 | X10
"""
"""工信部联企业〔2011〕300号: lower bounds of large, medium, small. X persons, Y revenue and Z assets in 万元."""
LADDER = ("large", "medium", "small", "micro")


def code_for(industry: str, metrics: dict[str, Decimal]) -> str:
    """The class of metrics given in persons and 万元."""
    staff, revenue, assets = (metrics.get(name) for name in ("staff", "revenue", "assets"))
    yuan = [None if value is None else value * 10000 for value in (revenue, assets)]
    return classify(industry, None if staff is None else int(staff), yuan[0], yuan[1]).code


def bounds() -> Iterator[tuple[str, str, str]]:
    for row in ROWS:
        for level in LADDER[:3]:
            for metric in getattr(row, level).metrics():
                yield row.code, level, metric


@pytest.mark.parametrize(("row_code", "level", "metric"), list(bounds()))
def test_a_bound_is_inclusive_and_one_miss_drops_a_class(row_code: str, level: str, metric: str) -> None:
    row = next(row for row in ROWS if row.code == row_code)
    own = getattr(row, level)
    exact = {name: getattr(own, name) for name in own.metrics()}
    assert code_for(EXAMPLE[row_code], exact) == level
    step = Decimal(1) if metric == "staff" else Decimal("0.000001")  # 0.01 yuan
    dropped = code_for(EXAMPLE[row_code], exact | {metric: exact[metric] - step})
    assert LADDER.index(dropped) > LADDER.index(level)


def test_the_table_is_the_standard() -> None:
    assert {row.term: tuple(spelt(row, level) for level in LADDER[:3]) for row in ROWS} == published()
    assert [row.term for row in ROWS] == list(published()), "in the order of the standard"


def spelt(row: Standard, level: str) -> str:
    """The bounds of a class as the standard writes them."""
    bounds = getattr(row, level)
    return " ".join(f"{LETTERS[name]}{getattr(bounds, name)}" for name in bounds.metrics())


def published() -> dict[str, tuple[str, ...]]:
    rows = [[cell.strip() for cell in line.split("|")] for line in STANDARD.strip().splitlines()]
    return {row[0]: tuple(row[1:]) for row in rows}


@pytest.mark.parametrize(
    ("industry", "row"),
    [
        ("A05", "农林牧渔业"),
        ("B06", "工业"),
        ("D46", "工业"),
        ("E50", "建筑业"),
        ("G53", "交通运输业"),
        ("G58", "交通运输业"),
        ("I64", "信息传输业"),
        ("K7020", "物业管理"),
        ("K703", "其他未列明"),
        ("J66", "其他未列明"),
        ("M73", "其他未列明"),
    ],
)
def test_an_industry_finds_its_row(industry: str, row: str) -> None:
    assert row in classify(industry, 5, Decimal(1), Decimal(1)).basis


@pytest.mark.parametrize("industry", [None, "", "C99", "A34", "K70"])
def test_an_unknown_or_too_coarse_industry_is_undetermined(industry: str | None) -> None:
    found = classify(industry, 5, Decimal(1), Decimal(1))
    assert (found.code, found.term) == ("undetermined", "不可判定")


def test_a_missing_metric_is_undetermined_and_named() -> None:
    found = classify("C34", None, Decimal("1e8"), None)
    assert found.code == "undetermined"
    assert "从业人员" in found.basis
    assert classify("O81", 12, None, None).code == "small"


def test_the_table_names_its_standard_and_every_result_too() -> None:
    assert [(one.standard, one.valid_from) for one in tables()] == [("工信部联企业〔2011〕300号", date(2011, 6, 18))]
    assert classify("C34", 300, Decimal("2e7"), None).basis.startswith("工信部联企业〔2011〕300号 工业")
    assert classify(None, None, None, None).basis.startswith("工信部联企业〔2011〕300号 ")


def test_a_successor_holds_from_its_day_and_changes_nothing_before(monkeypatch: pytest.MonkeyPatch) -> None:
    old = tables()[0]
    bounds = {"large": {"staff": 500}, "medium": {"staff": 400}, "small": {"staff": 10}}
    rest = {"code": "other", "term": "其他未列明行业", "industries": [], **bounds}
    new = Table.model_validate({"standard": "新标准", "title": "试", "valid_from": "2027-01-01", "rows": [rest]})
    monkeypatch.setattr(size_class, "tables", lambda: (old, new))
    before, after = (classify("C34", 300, Decimal("2e7"), None, day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    assert (before.code, before.basis.split()[0]) == ("medium", old.standard)
    assert (after.code, after.basis.split()[0]) == ("small", "新标准")
    assert classify("C34", 300, Decimal("2e7"), None).basis == after.basis, "without a day: the newest"
    assert table_on(date(2000, 1, 1)) == old


def test_before_the_first_standard_nothing_is_guessed() -> None:
    before, after = (classify("C34", 300, Decimal("2e7"), None, date(2011, 6, day)) for day in (17, 18))
    assert (before.code, after.code) == ("undetermined", "medium")
    assert before.basis == "工信部联企业〔2011〕300号 自 2011-06-18 起施行，不适用于 2011-06-17"


def test_a_table_without_a_last_row_for_the_rest_is_refused() -> None:
    table = tables()[0].model_dump()
    with pytest.raises(ValidationError, match="最后一行"):
        Table.model_validate(table | {"rows": table["rows"][:-1]})
