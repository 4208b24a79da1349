"""What is said to a bank, and when nothing may be said any more. Pure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from yuqiao.contracts.base import Value
from yuqiao.contracts.cases import ReplyApplied, ReplyRefused
from yuqiao.contracts.from_bank import OfferAccept
from yuqiao.contracts.matches import ProductListed, ProductRefused
from yuqiao.contracts.values import KEY_ID, BankId, Code, Reason
from yuqiao.policy.states import known_codes

Result = Literal["applied", "duplicate", "refused"]


def _known_kind(kind: str) -> str:
    known = known_codes("bank_kind")
    if kind not in known:
        raise ValueError(f"银行类别须为 {'、'.join(known)} 之一")
    return kind


def _visible(name: str) -> str:
    if not (name.isprintable() and name.strip()):
        raise ValueError("不得空白，不得含控制字符或不可见字符")
    return name


class Bank(Value):
    """One entry of the bank register 银行名录. `daily_quota`: offers per local day over all its products."""

    bank: BankId
    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_visible)]
    kind: Annotated[Code, AfterValidator(_known_kind)]
    local_legal_entity: bool
    daily_quota: int = Field(ge=0, le=1_000_000)
    key_id: str = Field(pattern=KEY_ID)
    public_key: str = Field(max_length=4000)
    enabled: bool = True


class Offer(Value):
    """One need before one bank, as this door sees it; or, with `lender`, a question to a bank that lent before."""

    offer: str
    need: str
    enterprise: str
    bank: str
    disclosed: bool = False
    closed: str | None = None
    exclusive: bool = False
    lender: bool = False


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


def accepts(answer: ReplyApplied) -> bool:
    """Whether a bank accepted its offer, for the first time."""
    return answer.reply_type == OfferAccept.wire_type and not answer.repeated


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
