"""What `yuqiao policy` answers about measures, as JSON and in words."""

from datetime import date
from typing import Any

from yuqiao.contracts.values import Reason
from yuqiao.policy.explain import TERMS, Explained
from yuqiao.policy.measures import Measure, Part
from yuqiao.policy.measures import measure as measure_of
from yuqiao.policy.outcome import PLACED_BY, Outcome
from yuqiao.policy.promises import NOT_JUDGED, Checked, looked_at


def in_force(measure: Measure, day: date) -> bool:
    """Whether any of it is."""
    return any(measure.outside(part, day) is None for part in measure.parts or (None,))


def measure_told(measure: Measure, day: date | None) -> dict[str, Any]:
    """As JSON; with a day each part says whether it is in force, and if not, why."""
    parts = [_part(measure, part, day) for part in measure.parts]
    return measure.model_dump(mode="json") | _lead(measure) | {"parts": parts}


def _part(measure: Measure, part: Part, day: date | None) -> dict[str, Any]:
    until = measure.until(part)
    ends = {"until": str(until) if until else None, "until_basis": measure.until_basis_of(part)}
    shown = part.model_dump(mode="json") | ends
    if day is not None:
        outside = measure.outside(part, day)
        shown |= {"in_force": outside is None, "reason": f"{TERMS[outside[0]]}：{outside[1]}" if outside else None}
    return shown


def _lead(measure: Measure) -> dict[str, Any]:
    """Who leads. `lead_configured`: the clause names nobody, and this is who stands in by this system's setting."""
    return {"lead": list(measure.led_by), "lead_configured": not measure.lead}


def ends(measure: Measure, day: date | None) -> str:
    """The last day in words: one for the clause, or one for each part where they differ."""
    found = [(part.term, _end(measure, part, day)) for part in measure.parts] or [("", _end(measure, None, day))]
    if len({end for _, end in found}) == 1:
        return found[0][1]
    return "\n".join(f"{term}：{end}" for term, end in found)


def _end(measure: Measure, part: Part | None, day: date | None) -> str:
    outside = measure.outside(part, day) if day else None
    derived = "（由条文推得）" if measure.until_basis_of(part) == "derived" else ""
    return f"{measure.until(part) or '未写明'}{derived}{f'（{TERMS[outside[0]]}）' if outside else ''}"


def explained(one: Explained) -> dict[str, Any]:
    """As JSON."""
    measure = one.measure
    promise = one.part.promise.model_dump(mode="json", exclude_defaults=True) if one.part else {}
    return {
        "measure": measure.number,
        "clause": measure.clause,
        "title": measure.title,
        "part": one.part.code if one.part else None,
        "verdict": one.verdict,
        "verdict_term": TERMS[one.verdict],
        "reason": one.reason,
        "failing": list(one.failing),
        "missing": list(one.missing),
        "values": one.values,
        "to_verify": list(one.part.to_verify) if one.part else [],
        "until": str(one.until) if one.until else None,
        "until_basis": measure.until_basis_of(one.part),
        **_lead(measure),
        "responsible": list(measure.responsible),
        "promises": promise,
    }


def verdict(one: Checked) -> str:
    """In a word."""
    if one.reason_code not in (None, "not_reported"):
        return NOT_JUDGED[one.reason_code]
    return {True: "兑现", False: "未兑现", None: "无法核对"}[one.holds]


def not_looked_at(outcome: Outcome) -> list[Reason]:
    """One for each value of an outcome that no promise meant looks at, with the fields that are looked at."""
    looked = looked_at(outcome)
    clause = f"措施{measure_of(outcome.measure).clause}{f'的{outcome.named()[0].term}' if outcome.part else ''}"
    right = f"{clause}没有与之相关的承诺；核对的字段：{'、'.join(looked)}"
    return [
        Reason(
            code="not_looked_at",
            values={"field": field, "value": str(value)},
            text=f"{field} 的值 {value} 未予核对：{right}",
        )
        for field, value in outcome.model_dump(mode="json", exclude_none=True).items()
        if field not in (*PLACED_BY, *looked)
    ]
