"""Facts that matching keeps for itself."""

from decimal import Decimal

from services.matching.messages import ROUND
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.values import BankId, Id, NeedFacts, Routing
from yuqiao.runtime.messages import Note


class NeedNoted(Note):
    """A need as it was registered or revised."""

    wire_type = "matching.need_noted"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    facts: NeedFacts
    routing: Routing


class ReofferNoted(Note):
    """More banks are wanted for a need, none of `exclude`."""

    wire_type = "matching.reoffer_noted"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    exclude: tuple[BankId, ...]
    places: int


class RestEnded(Note):
    """A need that was offered waited for its other banks, and none of them suits any more."""

    wire_type = "matching.rest_ended"
    key_field = "enterprise"
    enterprise: Id
    need: Id


class NeedDropped(Note):
    """A need looks for banks no more."""

    wire_type = "matching.need_dropped"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    reason: str


class RoundAsked(Note):
    """Room came while a round is hours away: whoever waits for room is tried out of turn."""

    wire_type = "matching.round_asked"
    key_field = "round"
    round: str = ROUND
    number: int


class RoundHeld(Note):
    """The round of this number took place, and with it all that were asked for before."""

    wire_type = "matching.round_held"
    key_field = "round"
    round: str = ROUND
    number: int


class AnswerNoted(Note):
    """A bank's first answer to an offer, or its silence until the limit, `hours` of working days after matching chose it."""

    wire_type = "matching.answer_noted"
    key_field = "bank"
    bank: BankId
    segment: str
    accepted: bool
    hours: Decimal


class BankNoted(Note):
    """A bank as the register has it."""

    wire_type = "matching.bank_noted"
    key_field = "bank"
    bank: BankId
    daily_quota: int
    enabled: bool


class ProductTaken(Note):
    """A product as its bank published it."""

    wire_type = "matching.product_taken"
    key_field = "bank"
    bank: BankId
    product: ProductPublished
