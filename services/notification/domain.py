"""What is said to a bank, and when nothing may be said any more. Pure."""

from typing import Literal

from yuqiao.contracts.base import Value
from yuqiao.contracts.cases import ReplyApplied, ReplyRefused
from yuqiao.contracts.matches import ProductListed, ProductRefused
from yuqiao.contracts.values import Reason

Result = Literal["applied", "duplicate", "refused"]


class Bank(Value):
    """One entry of the bank register 银行名录."""

    bank: str
    name: str
    kind: str
    local_legal_entity: bool
    daily_quota: int
    key_id: str
    public_key: str
    enabled: bool = True


class Offer(Value):
    """One need before one bank, as this door sees it."""

    offer: str
    need: str
    enterprise: str
    bank: str
    disclosed: bool = False
    closed: str | None = None
    exclusive: bool = False


class Void(Value):
    """A need of which no bank shall hear any more, and why."""

    need: str
    enterprise: str
    reason: str


EXCLUSIVE_MODES = frozenset({"single", "race"})
"""Routing modes in which the first acceptance closes the other offers."""


def undeliverable(bank: Bank | None, void: Void | None) -> str | None:
    """Why an offer cannot be made; None when it can."""
    if void is not None:
        return "need_void"
    if bank is None:
        return "bank_unknown"
    return None if bank.enabled else "bank_disabled"


def same_entry(entry: Bank, other: Bank | None) -> bool:
    """Whether registering `entry` would change nothing."""
    return entry == other


def verdict_on_reply(answer: ReplyApplied | ReplyRefused) -> tuple[Result, tuple[Reason, ...]]:
    """A receipt's result for a reply."""
    if isinstance(answer, ReplyRefused):
        return "refused", answer.reasons
    return ("duplicate" if answer.repeated else "applied"), ()


def verdict_on_product(answer: ProductListed | ProductRefused) -> tuple[Result, tuple[Reason, ...]]:
    """A receipt's result for a product."""
    if isinstance(answer, ProductRefused):
        return "refused", answer.reasons
    return ("duplicate" if answer.action == "unchanged" else "applied"), ()
