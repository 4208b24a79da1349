"""Each measure before a need, on a day: does it apply, and if not, which condition fails or cannot be judged."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from yuqiao.policy.measures import Conditions, Facts, Measure, Part, measures
from yuqiao.policy.states import term

Verdict = Literal["applies", "fails", "unknown", "expired", "not_yet", "process", "person"]
TERMS: dict[Verdict, str] = {
    "applies": "适用",
    "fails": "不适用",
    "unknown": "无法判断",
    "expired": "已过期",
    "not_yet": "尚未生效",
    "process": "工作机制，不针对单笔需求",
    "person": "面向自然人，只作汇总统计",
}


_PLAIN = {
    "covid": "受疫情影响",
    "first_loan": "为首次贷款",
    "unless_first_loan": "在该行有原有贷款（首次贷款者没有原有贷款）",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One part of a measure. `failing` and `missing` name conditions in Chinese; `until` is inclusive, None without an end.

    `values`: the amount and the cap, where the amount is above it (or may be, in another currency): the part applies up to it.
    """

    measure: Measure
    part: Part | None
    verdict: Verdict
    reason: str
    failing: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    until: date | None = None
    values: dict[str, str] = field(default_factory=dict)


def explain(facts: Facts, on: date, amount_cny: Decimal | None = None) -> list[Explained]:
    """All 17 measures in order, a clause once for each of its parts. Nothing unknown counts as met, or as failed.

    No amount makes a measure apply or not; with `amount_cny` it is said where a cap is below it.
    """
    return [_capped(one, amount_cny) for measure in measures() for one in _explained(measure, facts, on)]


def _capped(one: Explained, amount_cny: Decimal | None) -> Explained:
    promise = one.part and one.part.promise
    if one.verdict not in ("applies", "unknown") or not promise or promise.max_amount is None:
        return one
    # a yuan is less than a dollar: what is below the cap in figures is below it in dollars too
    if amount_cny is None or amount_cny <= promise.max_amount:
        return one
    asked, cap = f"金额 {_wan(amount_cny)}元", _wan(promise.max_amount)
    above = f"{asked}超过上限：最高不超过 {cap}元"
    if promise.currency != "CNY":
        above = f"{asked}须折算核对：以等值 {cap} {promise.currency} 为限"
    values = {"amount": f"{amount_cny:f} CNY", "max_amount": f"{promise.max_amount:f} {promise.currency}"}
    return replace(one, reason=f"{one.reason}；{above}", values=values)


def _wan(amount: Decimal) -> str:
    return f"{(amount / 10000).normalize():f} 万"


def _explained(measure: Measure, facts: Facts, on: date) -> list[Explained]:
    if measure.scope == "process":
        return [Explained(measure, None, "process", TERMS["process"])]
    if measure.scope == "person":
        return [Explained(measure, None, "person", TERMS["person"])]
    return [_judged(measure, part, facts, on) for part in measure.parts]


def _judged(measure: Measure, part: Part, facts: Facts, on: date) -> Explained:
    until = measure.until(part)
    if outside := measure.outside(part, on):
        return Explained(measure, part, *outside, until=until)
    tried = [_split(one, facts) for one in part.when]
    met = next(
        (one for one, (failing, missing) in zip(part.when, tried, strict=True) if not failing and not missing), None
    )
    if met is not None:
        return Explained(measure, part, "applies", part.reason(met, facts), until=until)
    failing, missing = min(tried, key=lambda pair: (len(pair[0]), len(pair[1])))
    verdict: Verdict = "fails" if failing else "unknown"
    said = [f"须{one}" for one in failing] + [f"须说明：{one}" for one in missing]
    return Explained(measure, part, verdict, "；".join(said), failing, missing, until)


def _split(conditions: Conditions, facts: Facts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What fails for certain, and what nobody has said."""
    unknown = {
        "sizes": facts.size_class in (None, "undetermined"),
        "covid": facts.covid_affected is None,
        "first_loan": facts.first_loan is None,
    }
    names = list(conditions.failing(facts))
    failing = tuple(_asked(conditions, name) for name in names if not unknown.get(name))
    return failing, tuple(_asked(conditions, name) for name in names if unknown.get(name))


def _asked(conditions: Conditions, name: str) -> str:
    """A condition in words: what it asks for."""
    match name:
        case "kinds":
            return "融资类型为" + "或".join(term("need_kind", code) for code in conditions.kinds)
        case "entities":
            return "主体类型为" + "或".join(term("entity_kind", code) for code in conditions.entities)
        case "sizes":
            return "企业划型为" + "或".join(term("size_class", code) for code in conditions.sizes)
        case "tags_any":
            return "属于重点领域" + "或".join(term("tag", code) for code in conditions.tags_any)
        case _:
            return _PLAIN[name]
