"""Large, medium, small or micro: data/size-classes.yaml, one table for each standard (now 工信部联企业〔2011〕300号 alone)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from pydantic import Field, TypeAdapter, model_validator

from yuqiao.policy.datafile import Row, read_yaml
from yuqiao.policy.industries import parse_industry
from yuqiao.policy.states import term

Class = Literal["large", "medium", "small", "micro", "undetermined"]
_DESCENDING: tuple[Literal["large", "medium", "small"], ...] = ("large", "medium", "small")
_METRICS = {"staff": "从业人员", "revenue": "营业收入", "assets": "资产总额"}
_SPLIT_DIVISIONS = frozenset({"70"})
"""Divisions whose groups (three digits) fall under different rows."""


class Bounds(Row):
    """Lower bounds, inclusive; staff in persons, revenue and assets in 万元. None: not looked at."""

    staff: Decimal | None = None
    revenue: Decimal | None = None
    assets: Decimal | None = None

    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics that have a bound."""
        return tuple(name for name in _METRICS if getattr(self, name) is not None)


class Standard(Row):
    """One row of a standard: an industry of its own making, and its bounds."""

    code: str
    term: str
    industries: tuple[str, ...]
    large: Bounds
    medium: Bounds
    small: Bounds

    def matches(self, digits: str) -> bool:
        """Whether the row is for this industry (`digits` of GB/T 4754 without the letter)."""
        for one in self.industries:
            first, _, last = one.partition("-")
            if (first <= digits[:2] <= last) if last else digits.startswith(first):
                return True
        return not self.industries


class Table(Row):
    """One standard as issued: its number, its title, the day from which it holds, its rows."""

    standard: str = Field(min_length=1)
    title: str
    valid_from: date
    rows: tuple[Standard, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _the_last_row_takes_the_rest(self) -> "Table":
        if [row.code for row in self.rows if not row.industries] != [self.rows[-1].code]:
            raise ValueError(f"{self.standard}：有且只有最后一行不列 industries（其他未列明行业）")
        return self


@dataclass(frozen=True, slots=True)
class SizeClass:
    """A class, its Chinese term, and what it rests on or what is missing."""

    code: Class
    term: str
    basis: str


def classify(
    industry_code: str | None,
    staff: int | None,
    revenue_cny: Decimal | None,
    assets_cny: Decimal | None,
    on: date | None = None,
) -> SizeClass:
    """The size class of an enterprise by the table in force `on` a day, or the newest; revenue and assets in yuan, at least 0.

    Never guesses: before the first standard, without a known industry, or without a metric its row looks at, the class
    is `undetermined` 不可判定.
    """
    table = table_on(on)
    if on is not None and on < table.valid_from:
        return _result("undetermined", table, f"自 {table.valid_from} 起施行，不适用于 {on}")
    row = standard_for(industry_code, on)
    if row is None:
        return _result("undetermined", table, f"行业代码 {industry_code or '（空）'} 不足以确定划型行业")
    have = {
        "staff": None if staff is None else Decimal(staff),
        "revenue": None if revenue_cny is None else revenue_cny / 10000,
        "assets": None if assets_cny is None else assets_cny / 10000,
    }
    missing = [name for name in row.small.metrics() if have[name] is None]
    if missing:
        return _result("undetermined", table, f"{row.term}：缺少{'、'.join(_METRICS[name] for name in missing)}")
    for code in _DESCENDING:
        bounds: Bounds = getattr(row, code)
        if all(_reaches(have[name], getattr(bounds, name)) for name in bounds.metrics()):
            return _result(code, table, f"{row.term}：达到{term('size_class', code)}全部下限")
    return _result("micro", table, f"{row.term}：未达到小型全部下限")


def table_on(day: date | None) -> Table:
    """The table in force on a day; the newest without a day, the first for a day before it."""
    in_force = [table for table in tables() if day is None or table.valid_from <= day]
    return in_force[-1] if in_force else tables()[0]


@lru_cache(maxsize=1)
def tables() -> tuple[Table, ...]:
    """All tables, in the order of their days. Raises ValueError when they are not."""
    found = read_yaml("size-classes.yaml", TypeAdapter(tuple[Table, ...]))
    if [table.valid_from for table in found] != sorted({table.valid_from for table in found}):
        raise ValueError("划型标准须按 valid_from 先后排列，且不重复")
    return found


def standard_for(industry_code: str | None, on: date | None = None) -> Standard | None:
    """The row for an industry code, or None when the code is unknown or too coarse (K70 may be three rows)."""
    industry = parse_industry(industry_code) if industry_code else None
    if industry is None:
        return None
    digits = industry.code[1:]
    if digits in _SPLIT_DIVISIONS:
        return None
    return next(row for row in table_on(on).rows if row.matches(digits))


def _reaches(value: Decimal | None, bound: Decimal) -> bool:
    return value is not None and value >= bound


def _result(code: Class, table: Table, basis: str) -> SizeClass:
    return SizeClass(code, term("size_class", code), f"{table.standard} {basis}")
