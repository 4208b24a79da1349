"""From a Kafka record to a message: decoded, named by its cause, or with the reason why it is neither."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import ValidationError

from yuqiao.contracts.base import Event, event_type
from yuqiao.contracts.envelope import BadEnvelope, Envelope, read_envelope
from yuqiao.contracts.from_bank import body_of
from yuqiao.contracts.problems import NotJson, reasons_of
from yuqiao.contracts.streams import parse_bank_topic
from yuqiao.contracts.values import Reason
from yuqiao.runtime.messages import BadRecord, Cause, Message

UNREADABLE = "yuqiao-unreadable"
"""The one header of a record that could not be unfolded."""
NO_TIME = datetime.fromtimestamp(0, UTC)
"""Nobody asks a record for its time: what a bank says of it counts as little as the broker's."""


class Record(NamedTuple):
    """A consumed Kafka record, driver-free. `offset` is its place; the broker put it there at `appended_ms`."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    appended_ms: int = 0

    @property
    def place(self) -> str:
        """topic/partition/offset."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    def headers_text(self) -> str:
        """The headers as JSON with hex values: how held and parked rows keep them."""
        return json.dumps([[name, (value or b"").hex()] for name, value in self.headers])


def headers_from_text(text: str) -> tuple[tuple[str, bytes], ...]:
    """The inverse of `Record.headers_text`."""
    return tuple((name, bytes.fromhex(value)) for name, value in json.loads(text))


class Decoded(NamedTuple):
    """A record understood. `message` None: an unknown type or our tombstone, to be skipped. `poison`: why it is no event."""

    cause: Cause
    message: Message | None
    poison: str | None = None


def is_of_no_concern(record: Record, heard: frozenset[str]) -> bool:
    """Whether a shared stream's record is of a type that is not `heard` here, known or unknown: its body is not looked at."""
    if parse_bank_topic(record.topic) is not None:
        return False
    types = [value for name, value in record.headers if len(name) == len("ce_type") and name.lower() == "ce_type"]
    return len(types) == 1 and (types[0] or b"").decode("utf-8", "replace") not in heard


def decode(record: Record) -> Decoded:
    """Decode a record of a shared stream or of a bank's topic; never raises for what stands in the record."""
    digest = sha256(record.value or b"").hexdigest()
    bank = parse_bank_topic(record.topic)
    name = bank[0] if bank else None
    try:
        envelope = read_envelope(record.headers, NO_TIME)
    except BadEnvelope as bad:
        cause = Cause(_bank_id(record), "", record.place, digest, name, record.appended_ms)
        reason = Reason(code="bad_header", values={"field": bad.header}, text=str(bad))
        if [name for name, _ in record.headers] == [UNREADABLE]:
            text = "这条记录无法解压或读取，请核对压缩方式与消息头编码"
            reason = Reason(code="unreadable", values={"field": "record"}, text=text)
        return _wrong(record, cause, None, (reason,))
    cause = Cause(envelope.id, envelope.type, record.place, digest, name, record.appended_ms)
    if record.value is None and bank is None:
        return Decoded(cause, None)
    if record.value is None:
        text = "消息体为空；下架产品请发送 product.withdrawn"
        return _wrong(record, cause, envelope, (Reason(code="field_missing", values={"field": "body"}, text=text),))
    return _body(record, cause, envelope, record.value)


def _body(record: Record, cause: Cause, envelope: Envelope, value: bytes) -> Decoded:
    kind = event_type(envelope.type)
    bank = parse_bank_topic(record.topic)
    if kind is None and bank is None:
        return Decoded(cause, None)
    if kind is None or (bank and getattr(kind, "channel", None) != bank[1]):
        reason = Reason(
            code="unknown_type",
            values={"field": "ce_type", "value": envelope.type[:40]},
            text=f"消息头 ce_type 的值 {envelope.type[:40]} 不是此主题可用的类型",
        )
        return _wrong(record, cause, envelope, (reason,))
    body: object = None
    try:
        if bank is None:
            return Decoded(cause, kind.from_json(value))
        body = body_of(bank[0], value)
        # JSON mode: strings are the wire form of dates and decimals
        return Decoded(cause, kind.model_validate_json(json.dumps(body)))
    except NotJson as error:
        return _wrong(record, cause, envelope, (error.reason,))
    except ValidationError as error:
        return _wrong(record, cause, envelope, reasons_of(error), _readable(kind, body, error))


def _readable(kind: type[Event], body: object, error: ValidationError) -> dict[str, Any]:
    """The fields of a body that are right by themselves; none when it is the whole that cannot be read."""
    places = [detail["loc"] for detail in error.errors(include_url=False, include_context=False)]
    if not isinstance(body, dict) or not all(places):
        return {}
    wrong = {place[0] for place in places}
    return {name: value for name, value in body.items() if name in kind.model_fields and name not in wrong}


def _wrong(
    record: Record,
    cause: Cause,
    envelope: Envelope | None,
    reasons: tuple[Reason, ...],
    readable: dict[str, Any] | None = None,
) -> Decoded:
    bank = parse_bank_topic(record.topic)
    if bank is None:
        return Decoded(cause, None, poison="; ".join(r.text for r in reasons)[:1000] or "unreadable")
    message = BadRecord(
        bank=bank[0],
        channel=bank[1],
        key=_bank_id(record),
        record_id=envelope.id if envelope else None,
        record_type=envelope.type if envelope else None,
        reasons=reasons,
        readable=readable or {},
    )
    return Decoded(cause, message)


def _bank_id(record: Record) -> str:
    """What to call a bank's record that has no usable id: its key if that is short text, else its place."""
    try:
        key = (record.key or b"").decode()
    except UnicodeDecodeError:
        key = ""
    return key if 0 < len(key) <= 64 and key.isascii() and key.isprintable() else record.place


def record_from_row(row: Any) -> Record:
    """The record kept in a held or parked row."""
    headers = headers_from_text(row["headers"])
    place = row["topic"], row["partition"], row["offset"]
    return Record(*place, row["record_key"], row["body"], headers, row["appended_ms"])
