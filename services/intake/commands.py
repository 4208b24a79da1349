"""What people and partners ask intake for, and what is due. Ids come from the edge: a request that is repeated has the same."""

from datetime import date
from typing import Literal

from services.intake.filing import ConsentStated, Private, Statement
from yuqiao.contracts.base import Value
from yuqiao.contracts.values import BankId, Code, Id, Routing
from yuqiao.runtime.messages import Command, Deadline


class RowRef(Value):
    """Which row of which version of a list a need comes from; `digest` is of the whole row, so that a change shows."""

    list_id: Id
    version: int
    row: int
    row_key: str
    digest: str


class EnterpriseCommand(Command):
    """Something about one enterprise."""

    key_field = "enterprise"
    enterprise: Id


class RegisterNeed(EnterpriseCommand):
    """A need is stated: by a row of a list, or live. `request` is the digest of the body that a client sent."""

    channel: Code
    client: Code
    statement: Statement
    private: Private
    routing: Routing
    batched: bool
    consent: ConsentStated | None = None
    row: RowRef | None = None
    request: str | None = None


class RemoveRow(EnterpriseCommand):
    """A new version of a list no longer has a row."""

    list_id: Id
    version: int
    row_key: str
    need: Id


class WithdrawNeed(EnterpriseCommand):
    """The enterprise takes a need back."""

    need: Id


class GrantConsent(EnterpriseCommand):
    """The enterprise lets a bank (`*`: any) know who it is, until and including a day."""

    bank: BankId | Literal["*"]
    expires_on: date


class RevokeConsent(EnterpriseCommand):
    """The enterprise takes its consent back, for a bank or for all (`*`)."""

    bank: BankId | Literal["*"]


class BankEntered(Deadline):
    """What waits here for a bank, a disclosure or a question, has not been tried with the `entry` that is there."""

    offer: Id
    entry: int


class ReportCommand(EnterpriseCommand):
    """The enterprise's word on something a bank reported."""

    need: Id
    offer: Id
    statement: Literal["contacted", "visited", "approved", "disbursed"]


class ConfirmReport(ReportCommand):
    """It is so."""


class DisputeReport(ReportCommand):
    """It is not so."""


class OpenVersion(Command):
    """A file begins a new version of a list. Two files at once cannot both be the next version."""

    key_field = "list_id"
    list_id: Id
    version: int
    name: str
    client: Code
    file_digest: str


class FileReport(Command):
    """The end of an import: what became of each row. `body` is the annotated list as JSON; it holds personal data."""

    key_field = "list_id"
    list_id: Id
    version: int
    accepted: int
    refused: int
    body: str


class RegisterClient(Command):
    """A partner gets a key; only its argon2 hash is kept."""

    key_field = "client"
    client: Code
    scopes: tuple[Literal["lists:write", "needs:write"], ...]
    secret_hash: str
