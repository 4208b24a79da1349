"""Decisions about a case: is a reply legal, what follows when an offer ends, whom an issue goes to next. Pure."""

import re
import unicodedata
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
from yuqiao.policy.decline_reasons import DeclineReason
from yuqiao.policy.outcome import Outcome
from yuqiao.policy.promises import Checked, check
from yuqiao.policy.reply_content import SHOWN, Wrong, wrong_content
from yuqiao.policy.states import term
from yuqiao.policy.without_application import asked_of_banks

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

RESOLVED_BY_ITSELF = frozenset({"confirmed", "promise_kept"})
"""The enterprise took its dispute back, or a later report kept the promise: no operator can say so."""

_SOMEBODY = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)|[0-9A-HJ-NP-RT-UW-Y]{18}", re.ASCII)
"""A mobile number, a unified social credit code, a resident's number: without the _GAPS that people write in them."""
_GAPS = re.compile(r"(?<=[0-9A-Z])[\s\-‐-―·.\u200b-\u200f]+(?=[0-9A-Z])")


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


def faults(case: Case, offer: CaseOffer, reply: Reply, bank: str, on: date) -> tuple[Reason, ...]:
    """What is wrong with a reply from `bank` that comes `on` a day; empty when it can be applied."""
    wrong = _faults(case, offer, reply, bank, on)
    return tuple(Reason(code=w.code, values={"field": w.field, "value": w.value[:SHOWN]}, text=w.text) for w in wrong)


def _faults(case: Case, offer: CaseOffer, reply: Reply, bank: str, on: date) -> list[Wrong]:
    if bank not in (offer.bank, "") or reply.bank != offer.bank:
        return [Wrong("not_your_offer", "offer", reply.offer, "不是本行的推送")]
    if isinstance(reply, TaskReport):
        return _task_faults(case, offer, reply, on)
    if offer.offer in case.lenders:
        if isinstance(reply, IssueReport):
            return list(wrong_content(reply, on))
        right = "这是对存量客户的核实，没有推送需求，只能提交 reply.task 或 reply.issue"
        return [Wrong("not_offered", "ce_type", reply.wire_type, right)]
    return _stage_faults(case, offer, reply) or list(wrong_content(reply, on, offer.approved_cny))


def _task_faults(case: Case, offer: CaseOffer, reply: TaskReport, on: date) -> list[Wrong]:
    asked = case.tasks.get(reply.task)
    if asked is None or asked.offer != offer.offer:
        return [Wrong("unknown_task", "task", reply.task, "这笔推送没有这项任务，请使用 task.asked 事件中的 task")]
    return list(wrong_content(reply, on))


def _stage_faults(case: Case, offer: CaseOffer, reply: Reply) -> list[Wrong]:
    if case.outcome:
        return [Wrong("case_resolved", "offer", reply.offer, f"该需求已办结（{term('case_outcome', case.outcome)}）")]
    if isinstance(reply, IssueReport):
        return []
    if not offer.live:
        return [Wrong("offer_ended", "offer", reply.offer, f"该推送已结束（{term('offer_stage', offer.stage)}）")]
    legal = LEGAL[type(reply)]
    if offer.stage not in legal:
        wanted = "、".join(term("offer_stage", s) for s in sorted(legal))
        now = term("offer_stage", offer.stage)
        return [Wrong("wrong_stage", "ce_type", reply.wire_type, f"当前阶段为{now}，此回复只能在{wanted}阶段提交")]
    return []


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


def wrong_answer(resolution: str, answer: str) -> Iterator[Reason]:
    """What is wrong with an operator's answer: it is sent in the clear, and says nothing that only the course of a case can."""
    if resolution in RESOLVED_BY_ITSELF:
        text = f"resolution 的值 {resolution} 由系统认定，请用其他代码，如 answered"
        yield Reason(code="not_allowed", values={"field": "query.resolution"}, text=text)
    if _SOMEBODY.search(_GAPS.sub("", unicodedata.normalize("NFKC", answer).upper())):
        text = "answer 含有手机号码、统一社会信用代码或身份证号码，答复以明文发送，请勿写入"
        yield Reason(code="names_somebody", values={"field": "body.answer"}, text=text)
