"""What a simulated bank writes, as bytes: well-formed replies, and the garbage that real partners send."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid5

from yuqiao.bank.behaviour import Step
from yuqiao.bank.client import envelope_of
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

NAMESPACE = UUID("5c9d7f0e-6f0e-5e0a-9d53-6c1f3a0b1e16")
KINDS: dict[str, type[Reply]] = {
    "accept": OfferAccept,
    "decline": OfferDecline,
    "contact": ContactReport,
    "visit": VisitReport,
    "documents": DocumentsComplete,
    "decision": CreditDecision,
    "disbursement": Disbursement,
    "issue": IssueReport,
    "task": TaskReport,
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A record for the bank's replies topic."""

    key: bytes
    body: bytes
    headers: list[tuple[str, bytes]]


def letter(bank: str, offer: str, step: Step, name: str, now: datetime) -> Letter:
    """The record of a step; `name` is its ce_id."""
    if step.reply.startswith("garbage."):
        return _garbage(bank, offer, step.reply, name, now)
    values = dict(step.values)
    if step.reply == "visit":
        values["visited_on"] = now.date()
    if step.reply == "disbursement":
        values["disbursed_on"] = now.date()
    event = KINDS[step.reply].model_validate({"at": now, "bank": bank, "offer": offer, **values})
    return Letter(offer.encode(), event.to_json(), envelope_of(event, name).headers())


def _garbage(bank: str, offer: str, kind: str, name: str, now: datetime) -> Letter:
    accept = OfferAccept(at=now, bank=bank, offer=offer)
    headers = envelope_of(accept, name).headers()
    if kind == "garbage.json":
        return Letter(offer.encode(), b'{"offer": "' + offer.encode(), headers)
    if kind == "garbage.type":
        return Letter(offer.encode(), accept.to_json(), [(k, v) for k, v in headers if k != "ce_type"])
    if kind == "garbage.offer":
        unknown = str(uuid5(NAMESPACE, f"unknown/{offer}"))
        stray = OfferAccept(at=now, bank=bank, offer=unknown)
        return Letter(unknown.encode(), stray.to_json(), envelope_of(stray, name).headers())
    wrong: Reply = OfferDecline(at=now, bank=bank, offer=offer, reason="B3")  # 超时 is for the system to say
    if kind == "garbage.stage":
        one, rate = Decimal("1.00"), Decimal("0.05")
        day = now.date()
        wrong = Disbursement(at=now, bank=bank, offer=offer, amount_cny=one, annual_rate=rate, disbursed_on=day)
    return Letter(offer.encode(), wrong.to_json(), envelope_of(wrong, name).headers())
