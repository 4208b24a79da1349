"""Promises checked against an outcome: which of them hold, which are broken, with the figures."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from yuqiao.policy.explain import TERMS
from yuqiao.policy.measures import Part, measure
from yuqiao.policy.outcome import Outcome


class Checked(BaseModel):
    """One promise: held, broken (False) or not to be judged (None, with the `reason`), in words and figures."""

    measure: int
    part: str
    promise: str
    holds: bool | None
    reason_code: Literal["not_reported", "not_yet", "expired"] | None = None
    reason: str | None = None
    text: str
    values: dict[str, str] = Field(default_factory=dict)


def check(outcome: Outcome) -> list[Checked]:
    """Every promise of the parts that the outcome means. Outside its validity a promise is neither held nor broken."""
    return [_dated(one, part, outcome) for part in outcome.parts() for one in _checks(part, outcome)]


def _dated(one: Checked, part: Part, outcome: Outcome) -> Checked:
    """The same in the light of the day: not to be judged outside the validity; without a day it says what it assumes."""
    if outcome.on is None:
        return one.model_copy(update={"text": f"{one.text}（未报发生日 on，视为在执行期内）"})
    outside = measure(outcome.measure).outside(part, outcome.on)
    if outside is None:
        return one
    code, words = outside
    reason = f"{TERMS[code]}：{words}，发生于 {outcome.on}"
    said = {"holds": None, "reason_code": code, "reason": reason, "text": f"{reason}；{one.text}"}
    return one.model_copy(update=said)


def _checks(part: Part, outcome: Outcome) -> Iterator[Checked]:
    yield from _rates(part, outcome)
    yield from _dates(part, outcome)
    yield from _amounts(part, outcome)
    yield from _ways(part, outcome)


def _rates(part: Part, outcome: Outcome) -> Iterator[Checked]:
    promise = part.promise
    if promise.rate_cut_relative is not None:
        before, after = outcome.rate_before, outcome.rate_after
        limit = None if before is None else before * (1 - promise.rate_cut_relative)
        holds = None if limit is None or after is None else after <= limit
        text = f"利率较原水平下浮至少 {promise.rate_cut_relative:.0%}：原 {_pc(before)}，至多 {_pc(limit)}，实际 {_pc(after)}"
        yield _checked(part, outcome, "rate_cut_relative", holds, text, limit, after)
    for name, words, given in (
        ("max_fee_rate", "担保费率不高于", outcome.fee_rate),
        ("occupancy_fee_rate", "资金占用费率不高于", outcome.occupancy_fee_rate),
        ("penalty_rate", "罚息不高于", outcome.penalty_rate),
    ):
        limit = getattr(promise, name)
        if limit is not None:
            holds = None if given is None else given <= limit
            yield _checked(part, outcome, name, holds, f"{words} {_pc(limit)}，实际 {_pc(given)}", limit, given)
    if promise.premium_support is not None:
        given, limit = outcome.premium_support, promise.premium_support
        holds = None if given is None else given >= limit
        text = f"保费支持比例不低于 {_pc(limit)}，实际 {_pc(given)}"
        yield _checked(part, outcome, "premium_support", holds, text, limit, given)


def _dates(part: Part, outcome: Outcome) -> Iterator[Checked]:
    promise = part.promise
    if promise.loan_due_from and promise.loan_due_until:
        due, first, last = outcome.loan_due, promise.loan_due_from, promise.loan_due_until
        holds = None if due is None else first <= due <= last
        text = f"原到期日在 {first} 至 {last} 之间，实际 {due or '未报'}"
        yield _checked(part, outcome, "loan_due", holds, text, f"{first}/{last}", due)
    if promise.latest_due:
        new = outcome.new_due
        holds = None if new is None else new <= promise.latest_due
        soft = "（原则上）" if promise.latest_due_is_soft else ""
        text = f"延期后的还本付息日{soft}不晚于 {promise.latest_due}，实际 {new or '未报'}"
        yield _checked(part, outcome, "latest_due", holds, text, promise.latest_due, new)


def _amounts(part: Part, outcome: Outcome) -> Iterator[Checked]:
    promise = part.promise
    if promise.currency is None:
        return
    amount = outcome.amount
    given = None if amount is None else f"{amount:f} {outcome.currency}"
    if promise.max_amount is None:
        holds = None if amount is None else outcome.currency == promise.currency
        text = f"币种为 {promise.currency}，条文未设金额上限，实际 {given or '未报'}"
        yield _checked(part, outcome, "currency", holds, text, promise.currency, given)
        return
    limit = f"{promise.max_amount:f} {promise.currency}"
    holds = None if amount is None else amount <= promise.max_amount
    yield _checked(part, outcome, "max_amount", holds, f"金额不超过 {limit}，实际 {given or '未报'}", limit, given)


def _ways(part: Part, outcome: Outcome) -> Iterator[Checked]:
    promise = part.promise
    if promise.labels:
        holds = None if outcome.label is None else outcome.label in promise.labels
        text = f"产品标签为 {'、'.join(promise.labels)}，实际 {outcome.label or '未报'}"
        yield _checked(part, outcome, "labels", holds, text, " ".join(promise.labels), outcome.label)
    if promise.methods:
        holds = None if outcome.method is None else outcome.method in promise.methods
        text = f"方式为 {'或'.join(promise.methods)}，实际 {outcome.method or '未报'}"
        yield _checked(part, outcome, "methods", holds, text, " ".join(promise.methods), outcome.method)
    for name, words, given in (
        ("without_application", "免申即享，无须申请", outcome.applied_for),
        ("without_advance", "无须企业垫付", outcome.advanced),
    ):
        if getattr(promise, name):
            said = {None: "未报", True: "否", False: "是"}[given]
            yield _checked(part, outcome, name, None if given is None else not given, f"{words}：{said}", True, given)


def _checked(
    part: Part, outcome: Outcome, promise: str, holds: bool | None, text: str, limit: object, given: object
) -> Checked:
    values = {"promised": str(limit), "given": str(given)} if given is not None else {"promised": str(limit)}
    checked = Checked(measure=outcome.measure, part=part.code, promise=promise, holds=holds, text=text, values=values)
    return checked.model_copy(update={"reason_code": "not_reported", "reason": "未报"}) if holds is None else checked


def _pc(rate: Decimal | None) -> str:
    return "未报" if rate is None else f"{(rate * 100).normalize():f}%"
