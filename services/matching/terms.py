"""A product's conditions, made ready once for many needs, and each of them tried on a need: met, failed or unknown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.values import NeedFacts
from yuqiao.policy.states import term


class Check(NamedTuple):
    """One condition on one need. `holds` None: the need does not say. `change`: what would have to be different."""

    code: str
    term: str
    holds: bool | None
    change: str


@dataclass(frozen=True, slots=True)
class Terms:
    """A product ready to be tried. Empty sets mean no restriction."""

    key: str
    bank: str
    product: str
    kinds: frozenset[str]
    amounts: tuple[Decimal, Decimal]
    months: tuple[int, int]
    rate: Decimal
    guarantee_modes: frozenset[str]
    industries: tuple[str, ...]
    size_classes: frozenset[str]
    regions: frozenset[str]
    tags: frozenset[str]
    first_loan_friendly: bool
    daily_quota: int
    valid: tuple[date, date]
    changes: Mapping[str, str]


def terms_of(key: str, product: ProductPublished) -> Terms:
    """Make a product ready."""
    return Terms(
        key=key,
        bank=product.bank,
        product=product.product,
        kinds=frozenset(product.kinds),
        amounts=(product.min_amount_cny, product.max_amount_cny),
        months=(product.min_term_months, product.max_term_months),
        rate=product.annual_rate,
        guarantee_modes=frozenset(product.guarantee_modes),
        industries=product.industries,
        size_classes=frozenset(product.size_classes),
        regions=frozenset(product.regions),
        tags=frozenset(product.tags),
        first_loan_friendly=product.first_loan_friendly,
        daily_quota=product.daily_quota,
        valid=(product.valid_from, product.valid_until),
        changes=_changes(product),
    )


def _changes(product: ProductPublished) -> dict[str, str]:
    """What each condition asks for, in words, made once."""
    return {
        "amount": f"金额在 {product.min_amount_cny} 至 {product.max_amount_cny} 元之间",
        "validity": f"在 {product.valid_from} 至 {product.valid_until} 之间申请",
        "kind": f"融资类型为{_names('need_kind', product.kinds)}",
        "term": f"期限在 {product.min_term_months} 至 {product.max_term_months} 个月之间",
        "rate": f"可接受年利率不低于 {product.annual_rate:%}",
        "guarantee": f"可提供{_names('guarantee_mode', product.guarantee_modes)}",
        "industry": f"行业属于 {'、'.join(product.industries)}",
        "size_class": f"划型为{_names('size_class', product.size_classes)}",
        "region": f"位于{_names('region', product.regions)}",
        "tags": f"属于{_names('tag', product.tags)}",
    }


def checks(terms: Terms, need: NeedFacts, day: date) -> list[Check]:
    """Every condition that the product has, on this need, on this day. An unknown value is unknown, not false."""
    months = need.term_months
    found = [
        _check(terms, "amount", "金额", terms.amounts[0] <= need.amount_cny <= terms.amounts[1]),
        _check(terms, "validity", "产品有效期", terms.valid[0] <= day <= terms.valid[1]),
    ]
    if terms.kinds:
        found.append(_check(terms, "kind", "融资类型", need.kind in terms.kinds))
    found.append(
        _check(terms, "term", "期限", None if months is None else terms.months[0] <= months <= terms.months[1])
    )
    if need.max_annual_rate is not None:
        found.append(_check(terms, "rate", "利率", terms.rate <= need.max_annual_rate))
    return found + _sets(terms, need)


def _sets(terms: Terms, need: NeedFacts) -> list[Check]:
    found = []
    if terms.guarantee_modes:
        modes = set(need.guarantee_modes)
        found.append(_check(terms, "guarantee", "担保方式", bool(modes & terms.guarantee_modes) if modes else None))
    if terms.industries:
        holds = None if need.industry is None else need.industry.startswith(terms.industries)
        found.append(_check(terms, "industry", "行业", holds))
    if terms.size_classes:
        holds = None if need.size_class == "undetermined" else need.size_class in terms.size_classes
        found.append(_check(terms, "size_class", "划型", holds))
    if terms.regions:
        found.append(_check(terms, "region", "区域", None if need.region is None else need.region in terms.regions))
    if terms.tags:
        found.append(_check(terms, "tags", "重点领域", bool(terms.tags & set(need.tags))))
    return found


def _check(terms: Terms, code: str, name: str, holds: bool | None) -> Check:
    return Check(code, name, holds, terms.changes[code])


def _names(kind: str, codes: Iterable[str]) -> str:
    return "、".join(term(kind, code) for code in sorted(codes))
