"""`yuqiao.needs.v1`, keyed by enterprise, written by intake: needs, consent, sealed identity, the enterprise's word."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from yuqiao.contracts import streams
from yuqiao.contracts.base import StreamEvent
from yuqiao.contracts.values import BankId, Code, Id, NeedFacts, Origin, Routing


class NeedEvent(StreamEvent):
    """An event about one enterprise."""

    stream = streams.NEEDS
    key_field: ClassVar[str] = "enterprise"
    enterprise: Id


class NeedRegistered(NeedEvent):
    """A need was accepted. `batched` needs (from a list) wait for the next round; a live one is matched at once."""

    wire_type = "need.registered"
    need: Id
    origin: Origin
    routing: Routing
    batched: bool
    facts: NeedFacts


class NeedRevised(NeedEvent):
    """A need changed or was stated again through another channel; `revision` counts from 2."""

    wire_type = "need.revised"
    need: Id
    revision: int
    origin: Origin
    facts: NeedFacts


class NeedWithdrawn(NeedEvent):
    """The enterprise (or a new version of its list) took the need back."""

    wire_type = "need.withdrawn"
    need: Id
    reason: Literal["withdrawn", "removed"] | Code


class ConsentGranted(NeedEvent):
    """The enterprise lets a bank know who it is, until and including `expires_on`.

    `*`: any bank that its need is offered to, and its lenders.
    """

    wire_type = "consent.granted"
    bank: BankId | Literal["*"]
    expires_on: date


class ConsentRevoked(NeedEvent):
    """The enterprise took its consent back for a bank, or for all (`*`)."""

    wire_type = "consent.revoked"
    bank: BankId | Literal["*"]


class IdentitySealed(NeedEvent):
    """The disclosure: the identity as compact JWE for that bank's key. Consent was live in the same commit.

    The bank has to call by `contact_by`: three working days from the disclosure.
    """

    wire_type = "identity.sealed"
    need: Id
    offer: Id
    bank: BankId
    key_id: str
    sealed: str
    contact_by: AwareDatetime | None = None
    provisional: bool | None = None


class LenderSealed(NeedEvent):
    """免申即享: the enterprise's lender may know whom it is asked about; a `Borrower` as compact JWE for that bank's key.

    `measures` apply to the need and are owed without application. Consent was live in the same commit. `offer` is none of
    matching: it names the question to the lender, in whose place its answer stands. `entry` is the bank's entry for which it
    is sealed: 1 for the first that intake has heard of, 2 …
    """

    wire_type = "lender.sealed"
    need: Id
    offer: Id
    bank: BankId
    measures: tuple[int, ...]
    key_id: str
    sealed: str
    entry: int | None = None


class IdentityWithheld(NeedEvent):
    """A bank accepted, but there is no live consent (or no key): nothing is disclosed."""

    wire_type = "identity.withheld"
    need: Id
    offer: Id
    bank: BankId
    reason: Literal["consent_missing", "bank_key_missing", "need_withdrawn"] | Code


class EnterprisesWord(NeedEvent):
    """What the enterprise says of what a bank reported."""

    need: Id
    offer: Id
    bank: BankId
    statement: Literal["contacted", "visited", "approved", "disbursed"] | Code


class EnterpriseConfirmed(EnterprisesWord):
    """The enterprise confirms what a bank reported."""

    wire_type = "enterprise.confirmed"


class EnterpriseDisputed(EnterprisesWord):
    """The enterprise disputes what a bank reported."""

    wire_type = "enterprise.disputed"
