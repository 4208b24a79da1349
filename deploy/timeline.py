"""What one event of a case says to people: terms where its codes have them. Pure code over data files."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from yuqiao.policy import decline_reasons
from yuqiao.policy.calendar import until
from yuqiao.policy.states import issue_list, term
from yuqiao.policy.time_limits import TimeLimits, default_path

Fields = Mapping[str, Any]
TERMS = {
    "outcome": "case_outcome",
    "channel": "channel",
    "mode": "routing_mode",
    "resolution": "issue_resolution",
}
"""Fields of events whose codes stand in one list each."""


def said(event: Fields, case: Fields) -> str:
    """One line. `case` as feedback's GET /cases/{need} answers, `event` of its timeline."""
    return "；".join(_parts(event, case))


def limit_term(code: str) -> str:
    """The term of a time limit, or the code itself when our file does not know it."""
    limits = _limits()
    return limits[code].term if code in limits.codes() else code


def issue_term(issue: Fields) -> str:
    """Who raised an issue, about what."""
    by = issue["raised_by"]
    return f"{term('party', by)}提出：{term(issue_list(by), issue['category'])}"


@lru_cache(maxsize=1)
def _limits() -> TimeLimits:
    return TimeLimits.load(default_path())


def _parts(event: Fields, case: Fields) -> Iterator[str]:
    if stage := event.get("stage"):
        reached = term("offer_stage" if event.get("offer") else "case_stage", stage)
        yield f"止于{reached}" if event.get("reason") else reached
    yield from _about(event, case)
    if level := event.get("level"):
        yield f"层级：{term('issue_level', level)}"
    yield from (term(kind, event[name]) for name, kind in TERMS.items() if event.get(name))
    yield from _figures(event)
    if code := event.get("reason"):
        why = decline_reasons.reason(code)
        yield f"{code} {why.term}" if why else code
    if limit := event.get("limit"):
        yield f"{limit_term(limit)}已过"
    yield from (reason["text"] for reason in event.get("reasons") or ())
    if words := event.get("words") or event.get("answer"):
        yield f"“{words}”"
    yield from (task["text"] for task in event.get("tasks", ()))
    if wait := event.get("wait"):
        yield f"等候{term('party', wait['on'])}（{limit_term(wait['limit'])}）至 {until(wait['due_at'])}"


def _about(event: Fields, case: Fields) -> Iterator[str]:
    """The issue, task or reply that an event speaks of; what kind of need a case is opened for."""
    if "issue" in event:
        told = {row["event"]["issue"]: row["event"] for row in case["timeline"] if "raised_by" in row["event"]}
        if issue := told.get(event["issue"]):
            yield issue_term(issue)
    if task := case["tasks"].get(event.get("task")):
        yield task["text"]
    if reply := event.get("reply_type"):
        yield f"{reply}（重复）" if event.get("repeated") else reply
    if "channel" in event:
        yield term("need_kind", event["kind"])


def _figures(event: Fields) -> Iterator[str]:
    if amount := event.get("amount_cny"):
        yield f"{amount} 元"
    if rate := event.get("annual_rate"):
        yield f"年利率 {(Decimal(rate) * 100).normalize():f}%"
    if places := event.get("places"):
        yield f"再推送至多 {places} 家银行"
