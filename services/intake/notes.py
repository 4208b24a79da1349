"""What intake notes for itself: in its event log, on no topic, and without personal data."""

from typing import Literal

from pydantic import AwareDatetime

from yuqiao.contracts.values import BankId, Code, Id, Money
from yuqiao.runtime.messages import Note


class BankNoted(Note):
    """A bank's entry in the register, as far as intake needs it."""

    wire_type = "intake.bank_noted"
    key_field = "bank"
    bank: BankId
    name: str
    key_id: str
    public_key: str
    enabled: bool = True


class LenderAwaited(Note):
    """A question to a lender waits until a bank can be asked; `bank` stands for the lender's name (`naming.awaited`).

    It has been tried with that bank's `entry`, and what was shown of it is not so.
    """

    wire_type = "intake.lender_awaited"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    offer: Id
    bank: Id
    entry: int = 0


class EntrySeen(Note):
    """What waits for a bank is tried with its entry number so and so."""

    wire_type = "intake.entry_seen"
    key_field = "enterprise"
    enterprise: Id
    offer: Id
    entry: int


class ListOpened(Note):
    """A version of a list began to be imported."""

    wire_type = "intake.list_opened"
    key_field = "list_id"
    list_id: Id
    version: int
    name: str
    client: Code
    file_digest: str


class ListFiled(Note):
    """An import came to its end."""

    wire_type = "intake.list_filed"
    key_field = "list_id"
    list_id: Id
    version: int
    accepted: int
    refused: int


class RowTaken(Note):
    """A row of a list stands behind a need."""

    wire_type = "intake.row_taken"
    key_field = "enterprise"
    enterprise: Id
    list_id: Id
    version: int
    row: int
    row_key: str
    digest: str
    need: Id


class RowDropped(Note):
    """A list no longer names a need."""

    wire_type = "intake.row_dropped"
    key_field = "enterprise"
    enterprise: Id
    list_id: Id
    version: int
    row_key: str
    need: Id


class NeedAnswered(Note):
    """What a client was answered, so that its repeated request gets the same answer. `request` is the command's id.

    `unknown_lenders`: of the lenders that it named, counted from 1, those that were not registered then.
    """

    wire_type = "intake.need_answered"
    key_field = "enterprise"
    enterprise: Id
    request: Id
    digest: str
    need: Id
    merged: bool
    unknown_lenders: tuple[int, ...] = ()


class ClientRegistered(Note):
    """A partner has a key."""

    wire_type = "intake.client_registered"
    key_field = "client"
    client: Code
    scopes: tuple[Literal["lists:write", "needs:write"], ...]


class OffersNoted(Note):
    """A need goes to these banks, which should answer by `due_at`; `measures` are those that the match says apply."""

    wire_type = "intake.offers_noted"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    offers: dict[Id, BankId]
    measures: tuple[int, ...] | None = None
    due_at: AwareDatetime
    provisional: bool | None = None


class DisputeAnswered(Note):
    """The office answered what the enterprise disputed, maybe in words."""

    wire_type = "intake.dispute_answered"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    offer: Id
    statement: Code
    resolution: Code
    answer: str | None = None


class ProgressNoted(Note):
    """A step of a case, as the enterprise is shown it."""

    wire_type = "intake.progress_noted"
    key_field = "enterprise"
    enterprise: Id
    need: Id
    stage: Code | None = None
    outcome: Code | None = None
    offer: Id | None = None
    bank: BankId | None = None
    offer_stage: Code | None = None
    reason: Code | None = None
    wait_on: Code | None = None
    due_at: AwareDatetime | None = None
    provisional: bool | None = None
    amount_cny: Money | None = None
