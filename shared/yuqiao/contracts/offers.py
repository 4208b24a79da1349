"""`yuqiao.offers.v1`, keyed by enterprise, written by notification: what was said to which bank."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from yuqiao.contracts import streams
from yuqiao.contracts.base import StreamEvent
from yuqiao.contracts.values import BankId, Code, Id, ProductId


class OfferEvent(StreamEvent):
    """An event about one offer: one need before one bank."""

    stream = streams.OFFERS
    key_field: ClassVar[str] = "enterprise"
    enterprise: Id
    need: Id
    offer: Id
    bank: BankId


class OfferPushed(OfferEvent):
    """The anonymous need stands on the bank's topic (committed with it). The bank should answer by `respond_by`."""

    wire_type = "offer.pushed"
    product: ProductId
    respond_by: AwareDatetime
    provisional: bool = False


class IdentityDisclosed(OfferEvent):
    """The sealed identity stands on the bank's topic. The bank has to call by `contact_by`."""

    wire_type = "identity.disclosed"
    contact_by: AwareDatetime | None = None
    provisional: bool | None = None


class LenderDisclosed(OfferEvent):
    """The sealed borrower stands on its lender's topic: these measures are to be asked of it. `offer` as in `lender.sealed`."""

    wire_type = "lender.disclosed"
    measures: tuple[int, ...]


class LenderUndeliverable(OfferEvent):
    """The lender could not be told: intake asks it again by a later entry. `offer` and `entry` as in `lender.sealed`."""

    wire_type = "lender.undeliverable"
    entry: int | None = None
    reason: Literal["bank_disabled", "bank_unknown"] | Code


class OfferClosed(OfferEvent):
    """The bank was told that the offer is void."""

    wire_type = "offer.closed"
    reason: Code


class OfferUndeliverable(OfferEvent):
    """The offer could not be made."""

    wire_type = "offer.undeliverable"
    reason: Literal["bank_disabled", "bank_unknown", "need_void"] | Code
