"""What a handler is given besides events: when and why (`Moment`), commands, deadlines, a bank's unreadable record."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from hashlib import sha1
from typing import Any, ClassVar, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from pydantic import AwareDatetime, Field, SerializeAsAny

from yuqiao.contracts.base import Event, Value
from yuqiao.contracts.streams import BankChannel
from yuqiao.contracts.values import Reason

BEIJING = timezone(timedelta(hours=8), "CST")
NAMESPACE = uuid5(NAMESPACE_URL, "yuqiao")


_NAMED = sha1(NAMESPACE.bytes, usedforsecurity=False)


def derived_id(*parts: object) -> str:
    """A UUID that follows from its parts: the same parts always give the same id.

    It is `uuid5(NAMESPACE, "a/b/c")`, in a third of its time: every event has one.
    """
    named = _NAMED.copy()
    named.update("/".join(map(str, parts)).encode())
    digits = named.hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


class Cause(NamedTuple):
    """The message a handler answers. `place` is topic/partition/offset of a record, `digest` of its body."""

    id: str
    type: str
    place: str = ""
    digest: str = ""
    bank: str | None = None
    appended_ms: int = 0

    @property
    def record(self) -> str:
        """The record itself: its place is another's, too, once a topic was made anew or lost its end."""
        return f"{self.place}@{self.appended_ms}"


class Moment(NamedTuple):
    """When (business time, Beijing) and why a handler runs."""

    service: str
    now: datetime
    cause: Cause

    @property
    def day(self) -> date:
        """The local day."""
        return self.now.astimezone(BEIJING).date()

    def id(self, *parts: object) -> str:
        """An id for something that this message brings into being."""
        return derived_id(self.service, self.cause.id, *parts)


class Command(Value):
    """Something a person or partner asks for over HTTP. `id` is claimed once; `key` is locked."""

    key_field: ClassVar[str] = ""
    id: str

    @property
    def key(self) -> str:
        """What the command is about."""
        return str(getattr(self, self.key_field))


class Deadline(Value):
    """A due row turned into a message: `key` is locked, and the handler checks that it still stands.

    With `after_topic` it is handled only when that topic has been read to its end: who answered in time never loses to a
    slow consumer of ours.
    """

    key: str
    due_at: AwareDatetime
    after_topic: str | None = None


class BadRecord(Value):
    """A record on a bank's topic that cannot be read as what that topic carries: refused, kept, receipted.

    `readable`: those fields of its body that are right by themselves, as they stand in its JSON.
    """

    bank: str
    channel: BankChannel
    key: str
    record_id: str | None = None
    record_type: str | None = None
    reasons: tuple[Reason, ...]
    readable: dict[str, Any] = Field(default_factory=dict)


class HeldTooLong(Value):
    """A message whose subject did not come in time; its handler refuses it or lets it go."""

    message: SerializeAsAny[Event]
    subject: str


class Note(Event):
    """A fact that a service keeps for itself: in its event log, on no topic."""


class Refused(Exception):
    """A command that is refused: a stable code, a Chinese sentence, and the fields concerned."""

    def __init__(self, code: str, text: str, status: int = 409, reasons: tuple[Reason, ...] = ()) -> None:
        """`status` is the HTTP status; `reasons` name field, value and what would be right."""
        super().__init__(text)
        self.code, self.text, self.status, self.reasons = code, text, status, reasons


@dataclass(frozen=True, slots=True)
class Hold:
    """Yielded alone by a handler whose message speaks of a subject that is not known here yet."""

    subject: str


Message = Event | Command | Deadline | BadRecord | HeldTooLong
Out = Event | Hold
Json = dict[str, Any]
