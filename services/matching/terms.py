"""A product's conditions, made ready once for many needs, and each of them tried on a need: met, failed or unknown."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.values import NeedFacts


class Check(NamedTuple):
    """One condition on one need. `holds` None: the need does not say."""

    code: str
    term: str
    holds: bool | None


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
    total_quota: int | None
    valid: tuple[date, date]


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
        total_quota=product.total_quota,
        valid=(product.valid_from, product.valid_until),
    )


def checks(terms: Terms, need: NeedFacts, day: date) -> list[Check]:
    """Every condition that the product has, on this need, on this day. An unknown value is unknown, not false."""
    months = need.term_months
    found = [
        Check("amount", "金额", terms.amounts[0] <= need.amount_cny <= terms.amounts[1]),
        Check("validity", "产品有效期", terms.valid[0] <= day <= terms.valid[1]),
    ]
    if terms.kinds:
        found.append(Check("kind", "融资类型", need.kind in terms.kinds))
    found.append(Check("term", "期限", None if months is None else terms.months[0] <= months <= terms.months[1]))
    if need.max_annual_rate is not None:
        found.append(Check("rate", "利率", terms.rate <= need.max_annual_rate))
    return found + _sets(terms, need)


def _sets(terms: Terms, need: NeedFacts) -> list[Check]:
    found = []
    if terms.guarantee_modes:
        modes = set(need.guarantee_modes)
        found.append(Check("guarantee", "担保方式", bool(modes & terms.guarantee_modes) if modes else None))
    if terms.industries:
        found.append(Check("industry", "行业", _within(need.industry, terms.industries)))
    if terms.size_classes:
        holds = None if need.size_class == "undetermined" else need.size_class in terms.size_classes
        found.append(Check("size_class", "划型", holds))
    if terms.regions:
        found.append(Check("region", "区域", None if need.region is None else need.region in terms.regions))
    if terms.tags:
        found.append(Check("tags", "重点领域", bool(terms.tags & set(need.tags))))
    return found


def _within(said: str | None, asked: tuple[str, ...]) -> bool | None:
    """Whether an industry lies in one of those asked for; a coarse code (C34) does not say whether it is a finer (C348)."""
    if said is None:
        return None
    return said.startswith(asked) or (None if any(code.startswith(said) for code in asked) else False)
