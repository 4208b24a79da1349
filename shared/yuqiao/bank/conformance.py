"""A check of what a bank wrote: its recorded replies against the contract. What it finds would have been refused."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import ValidationError

from yuqiao.bank.client import PATIENCE, read, watching
from yuqiao.bank.env import BankEnv
from yuqiao.bank.letters import KINDS
from yuqiao.contracts.envelope import BadEnvelope, read_envelope
from yuqiao.contracts.from_bank import (
    CreditDecision,
    IssueReport,
    OfferDecline,
    Reply,
    TaskReport,
    VisitReport,
    body_of,
)
from yuqiao.contracts.problems import NotJson, reasons_of
from yuqiao.contracts.to_bank import BorrowerDisclosed, NeedOffered
from yuqiao.policy.calendar import BEIJING
from yuqiao.policy.reply_content import wrong_content
from yuqiao.policy.states import term

REPLIES = {kind.wire_type: kind for kind in KINDS.values()}
NEXT: dict[tuple[str, str], str] = {
    ("offered", "reply.accept"): "accepted",
    ("accepted", "reply.contact"): "contacted",
    ("contacted", "reply.documents"): "documents_complete",
    ("contacted", "reply.decision"): "approved",
    ("documents_complete", "reply.decision"): "approved",
    ("approved", "reply.disbursement"): "disbursed",
}
"""In which of a bank's own stages a reply may come, and which stage follows. A decline ends any stage but the last."""
VISITED = frozenset({"accepted", "contacted", "documents_complete", "approved"})


class Standing(NamedTuple):
    """Where an offer stands after what the bank wrote of it, and how much the bank granted."""

    stage: str
    approved_cny: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the record at `offset`, by the code of the receipt it would get."""

    offset: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """How many records were checked, and what was found."""

    checked: int
    findings: tuple[Finding, ...]


def check(bank: str, offers: set[str], records: Iterable[Any], asked: Iterable[str] = ()) -> Report:
    """Check a consumer's records of replies, in the order of the topic, against the offers that were made.

    `asked` are the offers of `borrower.disclosed`: no need was offered by them.
    """
    digests: dict[str, str] = {}
    standing = dict.fromkeys(offers, Standing("offered")) | dict.fromkeys(asked, Standing("asked"))
    found = [[Finding(r.offset, *fault) for fault in _faults(bank, r, digests, standing)] for r in records]
    return Report(len(found), tuple(f for of_record in found for f in of_record))


def _faults(
    bank: str, record: Any, digests: dict[str, str], standing: dict[str, Standing]
) -> Iterator[tuple[str, str]]:
    try:
        envelope = read_envelope(record.headers, datetime.fromtimestamp(0, UTC))
        kind = REPLIES.get(envelope.type)
        if kind is None:
            yield "unknown_type", f"ce_type 的值 {envelope.type[:40]} 不是回复，可用的有：{'、'.join(REPLIES)}"
            return
        if record.value is None:
            yield "field_missing", "消息体为空"
            return
        reply = kind.model_validate_json(json.dumps(body_of(bank, record.value)))
    except BadEnvelope as error:
        yield "bad_header", str(error)
        return
    except NotJson as error:
        yield error.reason.code, error.reason.text
        return
    except ValidationError as error:
        yield from ((reason.code, reason.text) for reason in reasons_of(error))
        return
    before, digest = digests.get(envelope.id), sha256(envelope.type.encode() + b" " + (record.value or b"")).hexdigest()
    digests[envelope.id] = before or digest
    if before is None:
        came = datetime.fromtimestamp(record.timestamp / 1000, BEIJING)
        stood = standing.get(reply.offer) if reply.bank == bank else None
        faults, following = _judged(reply, stood, came.date())
        yield from faults
        if stood and following and not faults:
            granted = reply.amount_cny if isinstance(reply, CreditDecision) else stood.approved_cny
            standing[reply.offer] = Standing(following, granted)
    elif before != digest:  # the same record again is no fault
        yield "id_reused", f"ce_id {envelope.id[:40]} 已用于另一内容的回复，请换一个"


def _judged(reply: Reply, stood: Standing | None, on: date) -> tuple[list[tuple[str, str]], str | None]:
    """What is wrong with a reply that comes `on` a day, place before content; and the stage that follows when nothing is."""
    if stood is None:
        return [("unknown_offer", f"没有向本行推送 {reply.offer}")], None
    stage = stood.stage
    about_task = isinstance(reply, IssueReport | TaskReport)
    if stage == "asked" and not about_task:
        text = f"{reply.offer} 是对存量客户的核实，只能提交 reply.task 或 reply.issue"
        return [("not_offered", text)], None
    following = NEXT.get((stage, reply.wire_type))
    if isinstance(reply, OfferDecline):
        following = None if stage in {"disbursed", "ended"} else "ended"
    elif isinstance(reply, CreditDecision) and not reply.approved:
        following = following and "ended"
    elif about_task or (isinstance(reply, VisitReport) and stage in VISITED):
        following = stage
    if following is None:
        now = "已结束" if stage == "ended" else term("offer_stage", stage)
        return [("wrong_stage", f"{reply.wire_type} 不能在 {stage}（{now}）阶段提交")], None
    return [(wrong.code, wrong.text) for wrong in wrong_content(reply, on, stood.approved_cny)], following


async def recorded(env: BankEnv) -> Report:
    """Check all that stands on the bank's replies topic now. Raises KafkaError, TimeoutError."""
    needs = [read(record) for record in await _everything(env, env.needs)]
    offers = {r.event.offer for r in needs if r and isinstance(r.event, NeedOffered)}
    asked = {r.event.offer for r in needs if r and isinstance(r.event, BorrowerDisclosed)}
    return check(env.bank, offers, await _everything(env, env.replies), asked)


async def _everything(env: BankEnv, topic: str) -> list[Any]:
    found = []
    async with watching(env, topic, from_start=True) as consumer:
        ends = await asyncio.wait_for(consumer.end_offsets(consumer.assignment()), PATIENCE)
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await asyncio.wait_for(consumer.getmany(timeout_ms=500), PATIENCE)).values():
                found += records
    return found
