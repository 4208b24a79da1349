"""Large, medium, small or micro: 工信部联企业〔2011〕300号 as data (data/size-classes.yaml)."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from pydantic import TypeAdapter

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
    """One of the 16 rows of the standard."""

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


@dataclass(frozen=True, slots=True)
class SizeClass:
    """A class, its Chinese term, and what it rests on or what is missing."""

    code: Class
    term: str
    basis: str


def classify(
    industry_code: str | None, staff: int | None, revenue_cny: Decimal | None, assets_cny: Decimal | None
) -> SizeClass:
    """The size class of an enterprise; revenue and assets in yuan, not negative.

    Never guesses: without a known industry, or without a metric its row looks at, the class is `undetermined` 不可判定.
    """
    row = standard_for(industry_code)
    if row is None:
        return _result("undetermined", f"行业代码 {industry_code or '（空）'} 不足以确定划型行业")
    have = {
        "staff": None if staff is None else Decimal(staff),
        "revenue": None if revenue_cny is None else revenue_cny / 10000,
        "assets": None if assets_cny is None else assets_cny / 10000,
    }
    missing = [name for name in row.small.metrics() if have[name] is None]
    if missing:
        return _result("undetermined", f"{row.term}：缺少{'、'.join(_METRICS[name] for name in missing)}")
    for code in _DESCENDING:
        bounds: Bounds = getattr(row, code)
        if all(_reaches(have[name], getattr(bounds, name)) for name in bounds.metrics()):
            return _result(code, f"{row.term}：达到{term('size_class', code)}全部下限")
    return _result("micro", f"{row.term}：未达到小型全部下限")


def standard_for(industry_code: str | None) -> Standard | None:
    """The row for an industry code, or None when the code is unknown or too coarse (K70 may be three rows)."""
    industry = parse_industry(industry_code) if industry_code else None
    if industry is None:
        return None
    digits = industry.code[1:]
    if digits in _SPLIT_DIVISIONS:
        return None
    return next(row for row in standards() if row.matches(digits))


@lru_cache(maxsize=1)
def standards() -> tuple[Standard, ...]:
    """The 16 rows; the last takes what no other row does."""
    return read_yaml("size-classes.yaml", TypeAdapter(tuple[Standard, ...]))


def _reaches(value: Decimal | None, bound: Decimal) -> bool:
    return value is not None and value >= bound


def _result(code: Class, basis: str) -> SizeClass:
    return SizeClass(code, term("size_class", code), f"工信部联企业〔2011〕300号 {basis}")
