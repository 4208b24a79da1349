"""Promises checked against an outcome: which of them hold, which are broken, with the figures."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from yuqiao.policy.explain import TERMS
from yuqiao.policy.measures import Part, Unlisted, measure
from yuqiao.policy.outcome import JUDGED_BY, Outcome

NotJudged = Literal["not_reported", "not_yet", "expired", "not_eligible", "open_list", "to_justify"]
NOT_JUDGED: dict[NotJudged, str] = {
    "not_reported": "未报",
    "not_yet": TERMS["not_yet"],
    "expired": TERMS["expired"],
    "not_eligible": "不属条文所指",
    "open_list": "条文未列尽，须核实",
    "to_justify": "须说明理由",
}


class Checked(BaseModel):
    """One promise: held, broken (False) or not to be judged (None, with the `reason`), in words and figures.

    Only what the clause leaves no room for is broken: where it says 等 or 原则上, what differs is verified or justified.
    """

    measure: int
    part: str
    promise: str
    holds: bool | None
    reason_code: NotJudged | None = None
    reason: str | None = None
    text: str
    values: dict[str, str] = Field(default_factory=dict)


def check(outcome: Outcome) -> list[Checked]:
    """Every promise of the parts that are meant: neither held nor broken outside the validity, or for a loan not meant."""
    return [_placed(one, part, outcome) for part in outcome.parts() for one in _checks(part, outcome)]


def looked_at(outcome: Outcome) -> tuple[str, ...]:
    """The fields that a promise looks at: of the named part, or of the whole measure where none is named."""
    promises = {one.promise for part in outcome.named() for one in _checks(part, outcome)}
    fields = {field for promise in promises for field in JUDGED_BY[promise]}
    return tuple(field for field in Outcome.model_fields if field in fields)


def _placed(one: Checked, part: Part, outcome: Outcome) -> Checked:
    """The same in the light of day and loan; without a day it says what it assumes."""
    found = _out_of_place(part, outcome)
    if found:
        code, reason = found
        said = {"holds": None, "reason_code": code, "reason": reason, "text": f"{reason}；{one.text}"}
        return one.model_copy(update=said)
    if outcome.on is None:
        return one.model_copy(update={"text": f"{one.text}（未报发生日 on，视为在执行期内）"})
    return one


def _out_of_place(part: Part, outcome: Outcome) -> tuple[NotJudged, str] | None:
    outside = measure(outcome.measure).outside(part, outcome.on) if outcome.on else None
    if outside:
        return outside[0], f"{TERMS[outside[0]]}：{outside[1]}，发生于 {outcome.on}"
    due, first, last = outcome.loan_due, part.promise.loan_due_from, part.promise.loan_due_until
    if due and first and last and not first <= due <= last:
        return "not_eligible", f"{NOT_JUDGED['not_eligible']}：原到期日须在 {first} 至 {last} 之间，实际 {due}"
    return None


def _checks(part: Part, outcome: Outcome) -> Iterator[Checked]:
    yield from _rates(part, outcome)
    yield from _dates(part, outcome)
    yield from _amounts(part, outcome)
    yield from _ways(part, outcome)


def _rates(part: Part, outcome: Outcome) -> Iterator[Checked]:
    promise = part.promise
    if promise.rate_cut_relative is not None:
        before, after = outcome.reported("rate_cut_relative")
        limit = None if before is None else before * (1 - promise.rate_cut_relative)
        holds = None if limit is None or after is None else after <= limit
        most = "" if limit is None else f"，至多 {_pc(limit)}"
        text = f"利率较原水平下浮至少 {promise.rate_cut_relative:.0%}：原 {_pc(before)}{most}，实际 {_pc(after)}"
        yield _checked(part, outcome, "rate_cut_relative", holds, text, limit, after)
    for name, words in (
        ("max_fee_rate", "担保费率不高于"),
        ("occupancy_fee_rate", "资金占用费率不高于"),
        ("penalty_rate", "罚息不高于"),
    ):
        limit = getattr(promise, name)
        if limit is not None:
            (given,) = outcome.reported(name)
            holds = None if given is None else given <= limit
            yield _checked(part, outcome, name, holds, f"{words} {_pc(limit)}，实际 {_pc(given)}", limit, given)
    if promise.premium_support is not None:
        (given,), limit = outcome.reported("premium_support"), promise.premium_support
        holds = None if given is None else given >= limit
        text = f"保费支持比例不低于 {_pc(limit)}，实际 {_pc(given)}"
        yield _checked(part, outcome, "premium_support", holds, text, limit, given)


def _dates(part: Part, outcome: Outcome) -> Iterator[Checked]:
    promise = part.promise
    if promise.loan_due_from and promise.loan_due_until:
        (due,), first, last = outcome.reported("loan_due"), promise.loan_due_from, promise.loan_due_until
        holds = None if due is None else first <= due <= last
        text = f"原到期日在 {first} 至 {last} 之间，实际 {due or '未报'}"
        yield _checked(part, outcome, "loan_due", holds, text, f"{first}/{last}", due)
    if promise.latest_due:
        yield _latest_due(part, promise.latest_due, outcome)


def _latest_due(part: Part, latest: date, outcome: Outcome) -> Checked:
    new, why = outcome.reported("latest_due")
    soft = part.promise.latest_due_is_soft
    text = f"延期后的还本付息日{'原则上' if soft else ''}不晚于 {latest}，实际 {new or '未报'}"
    if new is None or new <= latest or not soft:
        return _checked(part, outcome, "latest_due", None if new is None else new <= latest, text, latest, new)
    if why is None:
        text = f"{text}：晚于此日须说明理由（exception_reason）"
        return _checked(part, outcome, "latest_due", "to_justify", text, latest, new)
    found = _checked(part, outcome, "latest_due", True, f"{text}，例外理由：{why}", latest, new)
    return found.model_copy(update={"values": found.values | {"exception_reason": why}})


def _amounts(part: Part, outcome: Outcome) -> Iterator[Checked]:
    promise = part.promise
    if promise.currency is None:
        return
    amount, currency = outcome.reported("max_amount" if promise.max_amount is not None else "currency")
    given = None if amount is None else f"{amount:f} {currency}"
    if promise.max_amount is None:
        holds = None if amount is None else True
        text = f"币种为 {promise.currency}，条文未设金额上限，实际 {given or '未报'}"
        yield _checked(part, outcome, "currency", holds, text, promise.currency, given)
        return
    limit = f"{promise.max_amount:f} {promise.currency}"
    holds = None if amount is None else amount <= promise.max_amount
    yield _checked(part, outcome, "max_amount", holds, f"金额不超过 {limit}，实际 {given or '未报'}", limit, given)


def _ways(part: Part, outcome: Outcome) -> Iterator[Checked]:
    promise = part.promise
    if promise.labels:
        yield _listed(part, outcome, "labels", "产品标签为", promise.labels, promise.unlisted_label)
    if promise.methods:
        yield _listed(part, outcome, "methods", "方式为", promise.methods, promise.unlisted_method)
    for name, words in (("without_application", "免申即享，无须申请"), ("without_advance", "无须企业垫付")):
        if getattr(promise, name):
            (given,) = outcome.reported(name)
            said = {None: "未报", True: "否", False: "是"}[given]
            yield _checked(part, outcome, name, None if given is None else not given, f"{words}：{said}", True, given)


def _listed(
    part: Part, outcome: Outcome, promise: str, words: str, listed: tuple[str, ...], unlisted: Unlisted
) -> Checked:
    """One of a list; another one is what the list makes of it."""
    (given,) = outcome.reported(promise)
    text = f"{words}{'、'.join(listed)}{'等' if unlisted == 'open_list' else ''}，实际 {given or '未报'}"
    holds: bool | NotJudged | None = None if given is None else given in listed
    if holds is False and unlisted != "broken":
        holds, text = unlisted, f"{text}：{NOT_JUDGED[unlisted]}"
    return _checked(part, outcome, promise, holds, text, " ".join(listed), given)


def _checked(
    part: Part, outcome: Outcome, promise: str, holds: bool | NotJudged | None, text: str, limit: object, given: object
) -> Checked:
    """With the figures that there are. `holds` names why where it is neither True nor False; None: not reported."""
    values = {name: str(value) for name, value in (("promised", limit), ("given", given)) if value is not None}
    checked = Checked(measure=outcome.measure, part=part.code, promise=promise, holds=None, text=text, values=values)
    if isinstance(holds, bool):
        return checked.model_copy(update={"holds": holds})
    code = holds or "not_reported"
    return checked.model_copy(update={"reason_code": code, "reason": NOT_JUDGED[code]})


def _pc(rate: Decimal | None) -> str:
    return "未报" if rate is None else f"{(rate * 100).normalize():f}%"
