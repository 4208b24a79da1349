"""What goes into one transaction, and what comes out of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from yuqiao.contracts.base import Event
from yuqiao.contracts.envelope import Envelope
from yuqiao.runtime.gateway import Outcome
from yuqiao.runtime.messages import Cause, Command, Deadline, HeldTooLong, Message
from yuqiao.runtime.records import Decoded, Record, decode, record_from_row

Partition = tuple[str, int]


@dataclass(slots=True, eq=False)
class Arrival:
    """One message on its way through a batch. `claim` is (name, digest); None where a row of ours stands behind it."""

    cause: Cause
    message: Message | None = None
    record: Record | None = None
    poison: str | None = None
    claim: tuple[bytes, bytes] | None = None
    held_id: int | None = None
    parked_id: int | None = None
    keys: tuple[str, ...] = ()
    outcome: Outcome | BaseException | None = None

    @property
    def key(self) -> str:
        """The key under which it is parked."""
        return self.keys[0]


def short_name(*parts: str) -> bytes:
    """16 bytes that stand for these parts where they are only ever compared."""
    return sha256(" ".join(parts).encode()).digest()[:16]


def claim_of(stream: str, id: str, digest: str) -> tuple[bytes, bytes]:
    """What the inbox keeps: a hash of (stream, id) and the beginning of the body's SHA-256, 16 bytes each."""
    return short_name(stream, id), bytes.fromhex(digest[:32])


def arrival_of_record(record: Record) -> Arrival:
    """A bank's record is claimed as such (a reply sent again is a question for the domain), others by their id."""
    decoded: Decoded = decode(record)
    itself = decoded.cause.bank is not None or decoded.poison is not None
    claim = claim_of(record.topic, decoded.cause.record if itself else decoded.cause.id, decoded.cause.digest)
    return Arrival(decoded.cause, decoded.message, record, decoded.poison, claim)


def arrival_of_command(command: Command) -> Arrival:
    """A command is claimed by its id."""
    digest = sha256(command.model_dump_json().encode()).hexdigest()
    cause = Cause(command.id, type(command).__name__, digest=digest)
    return Arrival(cause, command, claim=claim_of("command", command.id, digest))


def arrival_of_deadline(deadline: Deadline) -> Arrival:
    """A deadline is re-checked under its key's lock, so it needs no claim."""
    name = type(deadline).__name__
    return Arrival(Cause(f"{name}/{deadline.model_dump_json()}", name), deadline)


def arrival_of_held(record: Record, held_id: int, expired: bool, subject: str) -> Arrival:
    """A held record again: as itself when its subject came, as HeldTooLong when it did not."""
    decoded = decode(record)
    message = decoded.message
    if expired and isinstance(message, Event):
        message = HeldTooLong(message=message, subject=subject)
    return Arrival(decoded.cause, message, record, decoded.poison, held_id=held_id)


def arrival_of_parked(row: Any, kinds: Iterable[type]) -> Arrival:
    """A parked record or deadline that an operator replays. `kinds`: what the service listens to."""
    if row["kind"] == "deadline":
        return _parked_deadline(row, kinds)
    record = record_from_row(row)
    decoded = decode(record)
    return Arrival(decoded.cause, decoded.message, record, decoded.poison, parked_id=row["id"])


def _parked_deadline(row: Any, kinds: Iterable[type]) -> Arrival:
    """The row's body is the deadline's own name (`arrival_of_deadline`)."""
    name, _, text = row["body"].decode().partition("/")
    kind = next((k for k in kinds if k.__name__ == name and issubclass(k, Deadline)), None)
    if kind is None:
        return Arrival(Cause(row["key"], name), poison=f"nobody decides {name} any more", parked_id=row["id"])
    arrival = arrival_of_deadline(kind.model_validate_json(text))
    arrival.parked_id = row["id"]
    return arrival


@dataclass(slots=True)
class Batch:
    """`moves` are the positions that this batch advances: partition → (expected, next)."""

    arrivals: list[Arrival] = field(default_factory=list)
    moves: Mapping[Partition, tuple[int, int]] = field(default_factory=dict)


class LogRow(NamedTuple):
    """A committed event ready to be published."""

    seq: int
    topic: str
    key: str
    body: bytes
    envelope: Envelope


@dataclass(slots=True)
class Committed:
    """What a batch left behind. `others_unsent`: rows of another process are waiting, so read instead of trusting memory."""

    now: datetime
    rows: list[LogRow] = field(default_factory=list)
    others_unsent: bool = False
    applied: int = 0
    skipped: int = 0
    held: int = 0
    parked: int = 0
    changed: bool = False
