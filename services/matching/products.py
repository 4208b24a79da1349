"""Whether a product can be offered at all: contradictions and unknown codes are refused, naming the condition."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain, islice
from typing import Any

from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.problems import MOST_REASONS, shown
from yuqiao.contracts.values import Reason
from yuqiao.policy.industries import industry
from yuqiao.policy.states import known_codes
from yuqiao.policy.written import HIGHEST_RATE

CODE_FIELDS = {
    "kinds": "need_kind",
    "labels": "product_label",
    "guarantee_modes": "guarantee_mode",
    "size_classes": "size_class",
    "regions": "region",
    "tags": "tag",
    "funding_source": "funding_source",
}
LISTS = [name for name, field in ProductPublished.model_fields.items() if field.default == ()]
MOST_VALUES = 1000
HARMLESS = {
    "at": "1970-01-01T00:00:00Z",
    "product": "-",
    "name": "-",
    "min_amount_cny": "0",
    "max_amount_cny": "100000000000000",
    "min_term_months": 1,
    "max_term_months": 600,
    "annual_rate": "0.01",
    "daily_quota": 0,
    "valid_from": "0001-01-01",
    "valid_until": "9999-12-31",
}
"""What stands for a field that cannot be read: it contradicts no other."""


def faults(product: ProductPublished, topic_bank: str, day: date) -> tuple[Reason, ...]:
    """What is wrong with a product, field by field, at most MOST_REASONS; empty when it can be listed."""
    found = chain(
        _unreadable(product), _contradictions(product, topic_bank, day), _quotas(product), _unknown_codes(product)
    )
    return tuple(islice(found, MOST_REASONS))


def faults_of_readable(fields: Mapping[str, Any], topic_bank: str, day: date) -> tuple[Reason, ...]:
    """What else is wrong with a product of which only these fields can be read, as far as they tell."""
    body = HARMLESS | {"bank": topic_bank} | dict(fields)
    return faults(ProductPublished.model_validate_json(json.dumps(body)), topic_bank, day)


def _unreadable(product: ProductPublished) -> Iterator[Reason]:
    if not (product.name.isprintable() and product.name.strip()):
        yield _fault("name", product.name, "wrong_format", "不得空白，不得含控制字符或不可见字符")
    for field in LISTS:
        if (count := len(getattr(product, field))) > MOST_VALUES:
            yield _fault(field, f"{count} 项", "too_long", f"最多 {MOST_VALUES} 项")


def _contradictions(product: ProductPublished, topic_bank: str, day: date) -> Iterator[Reason]:
    if product.bank != topic_bank:
        yield _fault("bank", product.bank, "wrong_bank", f"须为本主题的银行 {topic_bank}")
    if product.min_amount_cny > product.max_amount_cny:
        yield _fault(
            "min_amount_cny", product.min_amount_cny, "lo_above_hi", f"不得大于 max_amount_cny {product.max_amount_cny}"
        )
    if product.max_amount_cny == 0:
        yield _fault("max_amount_cny", product.max_amount_cny, "out_of_range", "须大于 0")
    if product.min_term_months > product.max_term_months:
        yield _fault(
            "min_term_months",
            product.min_term_months,
            "lo_above_hi",
            f"不得大于 max_term_months {product.max_term_months}",
        )
    if product.valid_from > product.valid_until:
        yield _fault("valid_from", product.valid_from, "lo_above_hi", f"不得晚于 valid_until {product.valid_until}")
    if product.valid_until < day:
        yield _fault("valid_until", product.valid_until, "expired", f"不得早于今日 {day}")
    if product.currency not in (None, "CNY"):
        yield _fault("currency", product.currency, "currency_mix", "金额字段均以人民币元计，须为 CNY")
    if not 0 < product.annual_rate <= HIGHEST_RATE:
        yield _fault(
            "annual_rate",
            product.annual_rate,
            "out_of_range",
            f"须为大于 0、不超过 {HIGHEST_RATE} 的小数，如 0.0385 表示 3.85%",
        )


def _quotas(product: ProductPublished) -> Iterator[Reason]:
    if product.total_quota == 0:
        yield _fault("total_quota", 0, "out_of_range", "须大于 0；暂停请将 daily_quota 设为 0")
    elif product.total_quota is not None and product.total_quota < product.daily_quota:
        yield _fault("total_quota", product.total_quota, "lo_above_hi", f"不得小于 daily_quota {product.daily_quota}")


def _unknown_codes(product: ProductPublished) -> Iterator[Reason]:
    for field, kind in CODE_FIELDS.items():
        said = getattr(product, field)
        codes: Iterable[str] = said if isinstance(said, tuple) else [said] if said is not None else []
        known = known_codes(kind)
        for code in codes:
            if code not in known:
                yield _fault(field, code, "unknown_code", f"可用的有：{'、'.join(known[:40])}")
    for code in product.industries:
        try:
            industry(code[:40])  # none is that long, and what is wrong is repeated
        except ValueError as wrong:
            yield _fault("industries", code, "unknown_code", str(wrong))


def _fault(field: str, value: object, code: str, right: str) -> Reason:
    said = shown(str(value))
    return Reason(code=code, values={"field": field, "value": said}, text=f"{field} 的值 {said} 有误：{right}")
