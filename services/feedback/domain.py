"""Decisions about a case: is a reply legal, what follows when an offer ends, whom an issue goes to next. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from services.feedback.case import Case, CaseOffer, Task
from yuqiao.contracts.from_bank import (
    ContactReport,
    CreditDecision,
    Disbursement,
    DocumentsComplete,
    IssueReport,
    OfferAccept,
    OfferDecline,
    Reply,
    TaskReport,
    VisitReport,
)
from yuqiao.contracts.values import TO_ALL, Reason
from yuqiao.policy.decline_reasons import DeclineReason, known, reason
from yuqiao.policy.outcome import Outcome
from yuqiao.policy.promises import Checked, check
from yuqiao.policy.reply_codes import unknown_codes
from yuqiao.policy.states import term
from yuqiao.policy.without_application import asked_of_banks
from yuqiao.policy.written import HIGHEST_RATE

MAX_BANKS = 6
"""A need that does not go to all is offered on until this many banks have seen it."""
PLACES_ON_REOFFER = 2

KNOWS_ENTERPRISE = frozenset({"disclosed", "contacted", "documents_complete", "approved"})
"""The stages of a live offer in which its bank knows the enterprise."""

LEGAL: Mapping[type[Reply], frozenset[str]] = {
    OfferAccept: frozenset({"offered"}),
    ContactReport: frozenset({"disclosed"}),
    VisitReport: KNOWS_ENTERPRISE,
    DocumentsComplete: frozenset({"contacted"}),
    CreditDecision: frozenset({"contacted", "documents_complete"}),
    Disbursement: frozenset({"approved"}),
    OfferDecline: frozenset(
        {"offered", "accepted", "withheld", "disclosed", "contacted", "documents_complete", "approved"}
    ),
}
"""In which stages of its offer a reply may come."""

BEFORE_DISCLOSURE = frozenset({"accepted", "withheld"})
AFTER_DISCLOSURE = (ContactReport, VisitReport, DocumentsComplete, CreditDecision, Disbursement)

LEVELS = ("handler", "office", "taskforce_office", "taskforce")
"""The ladder of the issue list: 承办 → 区金融办 → 专班办公室 → 专班会议."""


class ToDo(NamedTuple):
    """A task before it stands in a plan: its code, what is to be done, by whom; with `offer` a bank is asked for a measure."""

    code: str
    text: str
    owner: str
    offer: str | None = None
    measure: int | None = None


def asks(case: Case, measures: Iterable[int], offer: CaseOffer) -> Iterator[ToDo]:
    """What a bank that knows the enterprise is asked for although nobody applied (免申即享), each bank once."""
    for number, text in asked_of_banks(measures).items():
        if not case.asked(number, offer.bank):
            yield ToDo(f"measure.{number}", text, offer.bank, offer.offer, number)


def promises(task: Task, report: TaskReport, on: date) -> list[Checked]:
    """What the figures of a report say of the promises that its task is about; empty without figures."""
    if not report.done or task.measure is None or report.rate_after is None:
        return []
    outcome = Outcome(measure=task.measure, on=on, rate_before=report.rate_before, rate_after=report.rate_after)
    return [one for one in check(outcome) if one.holds is not None]


def broken(checked: Iterable[Checked]) -> tuple[Reason, ...]:
    """The promises that do not hold, as reasons with their figures."""
    return tuple(Reason(code=one.promise, values=one.values, text=one.text) for one in checked if one.holds is False)


def overtakes(offer: CaseOffer, reply: Reply) -> bool:
    """Whether the reply may have overtaken our own news of the disclosure, so that it must wait for it."""
    return isinstance(reply, AFTER_DISCLOSURE) and offer.stage in BEFORE_DISCLOSURE


def faults(case: Case, offer: CaseOffer, reply: Reply, bank: str) -> tuple[Reason, ...]:
    """What is wrong with a reply from `bank`; empty when it can be applied."""
    if bank not in (offer.bank, "") or reply.bank != offer.bank:
        return (_fault("not_your_offer", "offer", reply.offer, "不是本行的推送"),)
    if isinstance(reply, TaskReport):
        return _task_faults(case, offer, reply)
    if offer.offer in case.lenders:
        if isinstance(reply, IssueReport):
            return _content_faults(offer, reply)
        right = "这是对存量客户的核实，没有推送需求，只能提交 reply.task 或 reply.issue"
        return (_fault("not_offered", "ce_type", reply.wire_type, right),)
    return _stage_faults(case, offer, reply) or _content_faults(offer, reply)


def _task_faults(case: Case, offer: CaseOffer, reply: TaskReport) -> tuple[Reason, ...]:
    asked = case.tasks.get(reply.task)
    if asked is None or asked.offer != offer.offer:
        return (_fault("unknown_task", "task", reply.task, "这笔推送没有这项任务，请使用 task.asked 事件中的 task"),)
    if not reply.done and not reply.note:
        return (_fault("note_missing", "note", "", "未落实须填写说明"),)
    rates = [("rate_before", reply.rate_before), ("rate_after", reply.rate_after)]
    right = f"须为不超过 {HIGHEST_RATE} 的小数，如 0.0385 表示 3.85%"
    return tuple(_fault("out_of_range", name, str(rate), right) for name, rate in rates if (rate or 0) > HIGHEST_RATE)


def _stage_faults(case: Case, offer: CaseOffer, reply: Reply) -> tuple[Reason, ...]:
    if case.outcome:
        return (_fault("case_resolved", "offer", reply.offer, f"该需求已办结（{term('case_outcome', case.outcome)}）"),)
    if isinstance(reply, IssueReport):
        return ()
    if not offer.live:
        return (_fault("offer_ended", "offer", reply.offer, f"该推送已结束（{term('offer_stage', offer.stage)}）"),)
    legal = LEGAL[type(reply)]
    if offer.stage not in legal:
        wanted = "、".join(term("offer_stage", s) for s in sorted(legal))
        now = term("offer_stage", offer.stage)
        return (_fault("wrong_stage", "ce_type", reply.wire_type, f"当前阶段为{now}，此回复只能在{wanted}阶段提交"),)
    return ()


def _content_faults(offer: CaseOffer, reply: Reply) -> tuple[Reason, ...]:
    unknown = tuple(_fault("unknown_code", *wrong) for wrong in unknown_codes(reply))
    return unknown + _value_faults(offer, reply)


def _value_faults(offer: CaseOffer, reply: Reply) -> tuple[Reason, ...]:
    if isinstance(reply, OfferDecline):
        return _reason_faults(reply.reason, reply.note)
    if isinstance(reply, CreditDecision):
        if not reply.approved:
            return _reason_faults(reply.reason or "", reply.note)
        missing = [f for f in ("amount_cny", "annual_rate") if getattr(reply, f) is None]
        return tuple(_fault("field_missing", f, "", "同意授信时必填") for f in missing)
    if isinstance(reply, Disbursement) and offer.approved_cny is not None and reply.amount_cny > offer.approved_cny:
        right = f"不得超过授信金额 {offer.approved_cny} 元"
        return (_fault("above_approved", "amount_cny", str(reply.amount_cny), right),)
    return ()


def _reason_faults(code: str, note: str | None) -> tuple[Reason, ...]:
    found = reason(code)
    if found is None or found.system_only:
        usable = "、".join(c for c in known() if not (r := reason(c)) or not r.system_only)
        return (_fault("unknown_reason", "reason", code, f"可用的原因码：{usable}"),)
    if found.note_required and not note:
        return (_fault("note_missing", "note", "", f"原因码 {code} 须填写说明"),)
    return ()


def _fault(code: str, field: str, value: str, right: str) -> Reason:
    shown = value[:40]
    said = f"{field} 的值 {shown} 有误" if shown else f"{field} 缺失"
    return Reason(code=code, values={"field": field, "value": shown}, text=f"{said}：{right}")


def outcome_after_end(case: Case, ended: str, why: DeclineReason | None) -> str | None:
    """What the end of one offer means for the case: an outcome, `reoffer`, or None while other offers live."""
    if case.live_offers(without=ended):
        return None
    if any(o.approved_cny is not None for o in case.offers.values()):
        return "credited"
    if why is not None and why.outcome:
        return why.outcome
    return "reoffer" if places_left(case) else "no_bank"


def places_left(case: Case) -> int:
    """To how many banks more the need is offered on; to which, matching says. One that goes to all goes to all."""
    if case.mode in TO_ALL:
        return PLACES_ON_REOFFER
    return max(0, min(PLACES_ON_REOFFER, MAX_BANKS - len(case.tried)))


def next_level(level: str) -> str | None:
    """The next rung of the ladder; None above the task force's meeting."""
    rung = LEVELS.index(level) + 1
    return LEVELS[rung] if rung < len(LEVELS) else None
