"""What is wrong with a bank's reply by itself, whatever offer it speaks of: codes, reasons, terms, what is missing, days.

Its contract takes any code, because it only grows; whether a code means something is judged here.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Protocol

from yuqiao.policy.decline_reasons import known, reason
from yuqiao.policy.states import known_codes, listed
from yuqiao.policy.written import HIGHEST_RATE

LISTS: Mapping[str, tuple[str, str]] = {
    "reply.contact": ("method", "contact_method"),
    "reply.decision": ("guarantee_mode", "guarantee_mode"),
    "reply.issue": ("category", "issue_category"),
}
"""By wire type: the field that takes a code of a closed list (data/codes.yaml), and the list."""
DONE_ON: Mapping[str, str] = {"reply.visit": "visited_on", "reply.disbursement": "disbursed_on"}
"""By wire type: the day on which it was done."""


SHOWN = 40
"""So much of a value is repeated."""


class Reply(Protocol):
    """Any reply of the contract."""

    wire_type: ClassVar[str]


class Wrong(NamedTuple):
    """A fault: its code, the field, the value, and what would be right (Chinese)."""

    code: str
    field: str
    value: str
    right: str

    @property
    def text(self) -> str:
        """All of it in a sentence, for people."""
        said = f"{self.field} 的值 {self.value[:SHOWN]} 有误" if self.value else f"{self.field} 缺失"
        return f"{said}：{self.right}"


def right_codes(wire_type: str, field: str) -> str:
    """What would be right in a field of a reply that takes a code of a closed list; of other fields nothing."""
    if field == "reason":
        return f"可用的原因码：{'、'.join(f'{c} {r.term}' for c in known() if (r := reason(c)) and not r.system_only)}"
    takes, kind = LISTS.get(wire_type, ("", ""))
    return f"可用的有：{listed(kind)}" if field == takes else ""


def wrong_content(reply: Reply, on: date, approved_cny: Decimal | None = None) -> Iterator[Wrong]:
    """The faults of a reply that comes `on` a day; its bank granted `approved_cny` before.

    What is left out and may be is not wrong.
    """
    if found := LISTS.get(reply.wire_type):
        field, kind = found
        code = getattr(reply, field)
        if code is not None and code not in known_codes(kind):
            yield Wrong("unknown_code", field, code, right_codes(reply.wire_type, field))
    if (day := DONE_ON.get(reply.wire_type)) and getattr(reply, day) > on:
        yield Wrong("out_of_range", day, getattr(reply, day).isoformat(), f"不得晚于回复当日 {on}")
    decided: Any = reply
    if reply.wire_type == "reply.decline" or (reply.wire_type == "reply.decision" and not decided.approved):
        yield from _wrong_reason(reply.wire_type, decided.reason or "", decided.note)
    elif reply.wire_type == "reply.decision":
        missing = [field for field in ("amount_cny", "annual_rate") if getattr(reply, field) is None]
        yield from (Wrong("field_missing", field, "", "同意授信时必填") for field in missing)
        yield from _wrong_terms(decided)
    elif reply.wire_type == "reply.disbursement":
        yield from _wrong_terms(decided)
        if approved_cny is not None and decided.amount_cny > approved_cny:
            right = f"不得超过授信金额 {approved_cny} 元"
            yield Wrong("above_approved", "amount_cny", str(decided.amount_cny), right)
    elif reply.wire_type == "reply.task":
        yield from _wrong_report(decided)


def _wrong_terms(loan: Any) -> Iterator[Wrong]:
    """Of what is granted or paid out."""
    if loan.amount_cny is not None and not loan.amount_cny:
        yield Wrong("out_of_range", "amount_cny", str(loan.amount_cny), "须大于 0")
    yield from _too_high(loan, "annual_rate")


def _wrong_report(report: Any) -> Iterator[Wrong]:
    """Of a task."""
    if not report.done and not report.note:
        yield Wrong("note_missing", "note", "", "未落实须填写说明")
    yield from _too_high(report, "rate_before", "rate_after")


def _too_high(reply: Any, *fields: str) -> Iterator[Wrong]:
    for field in fields:
        if (rate := getattr(reply, field)) is not None and rate > HIGHEST_RATE:
            yield Wrong("out_of_range", field, str(rate), f"须为不超过 {HIGHEST_RATE} 的小数，如 0.0385 表示 3.85%")


def _wrong_reason(wire_type: str, code: str, note: str | None) -> Iterator[Wrong]:
    found = reason(code)
    if found is None or found.system_only:
        yield Wrong("unknown_reason", "reason", code, right_codes(wire_type, "reason"))
    elif found.note_required and not note:
        yield Wrong("note_missing", "note", "", f"原因码 {code} 须填写说明")
