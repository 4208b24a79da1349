"""The rows of intake's shelves, other than needs and consents (`domain`)."""

from datetime import datetime
from decimal import Decimal

from services.intake.filing import Private
from yuqiao.contracts.base import Value
from yuqiao.contracts.values import Code, Id


class Bank(Value):
    """A bank's name and public key; one that is not `enabled` is asked nothing new. `entry` is 1 for its first entry, 2 …"""

    bank: str
    name: str
    key_id: str
    public_key: str
    enabled: bool = True
    entry: int = 1


class Pending(Value):
    """A disclosure that was withheld and may still come; or a question to a lender, whose `bank` is then `naming.awaited`.

    `seen`: the bank's entry that it was tried with last, 0 for none; None where it does not wait for one.
    """

    offer: Id
    enterprise: Id
    need: Id
    bank: str
    reason: Code
    seen: int | None = None


class Word(Value):
    """What the enterprise said last of one thing that a bank reported: that it is so (`agreed`), or not.

    A dispute the office answers, maybe in words: `answered_at`, `resolution`, `answer`.
    """

    statement: Code
    agreed: bool
    at: datetime
    answered_at: datetime | None = None
    resolution: Code | None = None
    answer: str | None = None


class OfferProgress(Value):
    """One bank's work on a need, or a question to a lender. `reached` are all stages so far, in order.

    `words` are the enterprise's on what the bank reported, one a statement.
    """

    offer: Id
    bank: str
    stage: Code
    reached: tuple[Code, ...]
    reason: Code | None = None
    amount_cny: Decimal | None = None
    words: tuple[Word, ...] = ()

    def word(self, statement: str) -> Word | None:
        """The enterprise's last word on this; None: it has said nothing yet."""
        return next((word for word in self.words if word.statement == statement), None)


class Progress(Value):
    """What an enterprise is shown of a need's case. A `provisional` due day may turn out later, and no event says so.

    `measures`, not shown, are those that matches said apply (None: not known): a bank that knows the enterprise is asked for
    them by feedback.
    """

    need: Id
    enterprise: Id
    stage: Code
    outcome: Code | None = None
    wait_on: Code | None = None
    due_at: datetime | None = None
    provisional: bool | None = None
    at: datetime
    offers: tuple[OfferProgress, ...] = ()
    measures: tuple[int, ...] | None = None

    def part(self, offer: str) -> OfferProgress | None:
        """One bank's work on it; None where the enterprise is shown none under this offer."""
        return next((one for one in self.offers if one.offer == offer), None)


class NeedList(Value):
    """A list's latest version."""

    id: Id
    name: str
    client: Code
    version: int
    file_digest: str


class ListRow(Value):
    """A row of a list as it was last accepted."""

    list_id: Id
    row_key: str
    enterprise: Id
    need: Id
    digest: str
    version: int


class Answer(Value):
    """What a client's request was answered, see `NeedAnswered`."""

    request: Id
    enterprise: Id
    digest: str
    need: Id
    merged: bool
    unknown_lenders: tuple[int, ...] = ()
    at: datetime


class NeedPrivate(Private):
    """Who stands behind a need: the latest that was stated."""

    enterprise: Id
