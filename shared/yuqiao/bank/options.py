"""The options of `yuqiao bank reply` as a reply; what is wrong with them is said by option, before anything is sent."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from yuqiao.bank.letters import KINDS
from yuqiao.contracts.from_bank import Reply
from yuqiao.contracts.problems import reasons_of
from yuqiao.contracts.values import Reason
from yuqiao.policy.reply_content import right_codes, wrong_content

OPTIONS = {
    "reason": "--reason",
    "amount_cny": "--amount",
    "annual_rate": "--rate",
    "visited_on": "--on",
    "disbursed_on": "--on",
    "method": "--method",
    "category": "--category",
    "task": "--task",
    "done": "--done",
    "rate_before": "--rate-before",
    "rate_after": "--rate-after",
    "note": "--note",
}
"""Of each field that an option says."""
_OF_A_YES = ("--amount", "--rate")


class BadReply(ValueError):
    """The options say no reply: a line for each fault, with its option and what would be right."""


def reply_of(bank: str, kind: str, offer: str, given: Mapping[str, Any], now: datetime) -> Reply:
    """The reply. `given`: each option, None where it is left out. Raises BadReply."""
    if kind not in KINDS:
        raise BadReply(f"回复种类 {kind} 有误，可用的有：{'、'.join(KINDS)}")
    model = KINDS[kind]
    said = {option: value for option, value in given.items() if value is not None}
    takes = {field: option for field, option in OPTIONS.items() if field in model.model_fields}
    if unfit := list(_unfit(kind, takes, said)):
        raise BadReply("\n".join(unfit))
    today = now.date().isoformat()
    values = {"visited_on": today, "disbursed_on": today, "method": "phone", "category": "other", "done": True}
    values |= {field: said[option] for field, option in takes.items() if option in said}
    values |= {"at": now, "bank": bank, "offer": offer, "approved": "--reason" not in said}
    try:
        reply = model.model_validate({name: value for name, value in values.items() if name in model.model_fields})
    except ValidationError as error:
        faults = [_in_words(model.wire_type, reason) for reason in reasons_of(error)]
    else:
        faults = [(wrong.field, wrong.text) for wrong in wrong_content(reply, now.date())]
        if not faults:
            return reply
    raise BadReply("\n".join(_by_option(field, text) for field, text in faults))


def _unfit(kind: str, takes: Mapping[str, str], said: Mapping[str, Any]) -> Iterator[str]:
    """Options that this kind of reply would pass over."""
    usable = dict.fromkeys(takes.values())
    for option in said:
        if option not in usable:
            yield f"{option} 不适用于 {kind}；可用的有：{'、'.join(usable)}"
        elif kind == "decision" and option in _OF_A_YES and "--reason" in said:
            yield f"{option} 不适用于不同意的 decision：给出 --reason 即为不同意"


def _in_words(wire_type: str, reason: Reason) -> tuple[str, str]:
    """The field, and what is wrong with it: what takes a code lists the codes, whether it is wrong or missing."""
    field = reason.values["field"]
    right = right_codes(wire_type, field)
    return field, reason.text.removesuffix(reason.values["expected"]) + right if right else reason.text


def _by_option(field: str, text: str) -> str:
    """What is said of a field, beginning with the option that sets it."""
    option = OPTIONS.get(field)
    return text if option is None else f"{option}（{field}）{text.removeprefix(field).lstrip()}"
