"""`yuqiao.matches.v1`, keyed by enterprise (by bank for products), written by matching."""

from datetime import date
from typing import ClassVar, Literal

from yuqiao.contracts import streams
from yuqiao.contracts.base import StreamEvent
from yuqiao.contracts.values import (
    AnonymousNeed,
    BankId,
    Code,
    Id,
    MeasureApplied,
    Offer,
    ProductId,
    Reason,
    RoutingMode,
)


class MatchEvent(StreamEvent):
    """A decision about one need. `round` counts the need's attempts from 1."""

    stream = streams.MATCHES
    key_field: ClassVar[str] = "enterprise"
    enterprise: Id
    need: Id
    round: int


class NeedMatched(MatchEvent):
    """Which banks see the need, and why."""

    wire_type = "need.matched"
    mode: RoutingMode
    offers: tuple[Offer, ...]
    measures: tuple[MeasureApplied, ...]
    snapshot: AnonymousNeed


class NeedWaiting(MatchEvent):
    """The need waits: for the next round, or for room under the quotas. It is tried again on `retry_on`.

    A code `rest_no_room`: it goes to all banks that suit (or that it names), was offered to some, and waits for the others.
    `reasons`: the same in words, for those who wait for room.
    """

    wire_type = "need.waiting"
    reason: Literal["next_round", "no_room"] | Code
    retry_on: date
    reasons: tuple[Reason, ...] | None = None


class NeedUnmatched(MatchEvent):
    """No bank is left for the need: what stood in the way, and the smallest changes that would match."""

    wire_type = "need.unmatched"
    reasons: tuple[Reason, ...]
    nearest: tuple[Reason, ...]


class ProductEvent(StreamEvent):
    """The answer to one record on a bank's products topic. `publication` is the record's ce_id, `place` its offset."""

    stream = streams.MATCHES
    key_field: ClassVar[str] = "bank"
    bank: BankId
    product: ProductId | None = None
    publication: str | None = None
    place: str


class ProductListed(ProductEvent):
    """A product was taken into the catalogue, changed there, or taken out."""

    wire_type = "product.listed"
    action: Literal["published", "unchanged", "withdrawn"] | Code


class ProductRefused(ProductEvent):
    """A product was not taken: each condition that is wrong, and what would be right."""

    wire_type = "product.refused"
    reasons: tuple[Reason, ...]
