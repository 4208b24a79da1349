"""CloudEvents 1.0 in Kafka binary mode: attributes as `ce_` headers, the body as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

SPEC_VERSION = b"1.0"
CONTENT_TYPE = b"application/json"

Headers = Sequence[tuple[str, bytes]]


class Envelope(NamedTuple):
    """The attributes of one event. `sequence` counts 1, 2, 3 … per (topic, key); 0 when a bank wrote none."""

    id: str
    type: str
    source: str
    time: datetime
    subject: str
    sequence: int
    traceparent: str | None = None

    def headers(self) -> list[tuple[str, bytes]]:
        """The Kafka record headers."""
        pairs = [
            ("ce_specversion", SPEC_VERSION),
            ("ce_id", self.id.encode()),
            ("ce_type", self.type.encode()),
            ("ce_source", self.source.encode()),
            ("ce_time", self.time.isoformat().encode()),
            ("ce_subject", self.subject.encode()),
            ("ce_sequence", b"%d" % self.sequence),
            ("content-type", CONTENT_TYPE),
        ]
        if self.traceparent:
            pairs.append(("traceparent", self.traceparent.encode()))
        return pairs


class BadEnvelope(ValueError):
    """A header that is missing, doubled or unreadable: `header` names it, the message says what would be right."""

    def __init__(self, header: str, message: str) -> None:
        """`header` is the header's name, `message` a Chinese sentence."""
        super().__init__(message)
        self.header = header


_LIMIT = 512
_READ = frozenset({"ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_sequence", "traceparent"})


def read_headers(headers: Headers) -> dict[str, str]:
    """The headers of an envelope by lower-case name; raises BadEnvelope for one that is doubled, oversized or unprintable."""
    found: dict[str, str] = {}
    for raw_name, value in headers:
        name = raw_name if raw_name in _READ else raw_name.lower()
        if name not in _READ:
            continue
        if name in found:
            raise BadEnvelope(name, f"消息头 {name} 重复，须只出现一次")
        if value is None or len(value) > _LIMIT:
            raise BadEnvelope(name, f"消息头 {name} 为空或超过 {_LIMIT} 字节")
        try:
            found[name] = value.decode()
        except UnicodeDecodeError:
            raise BadEnvelope(name, f"消息头 {name} 不是 UTF-8 文本") from None
        if not found[name].isprintable():
            raise BadEnvelope(name, f"消息头 {name} 含有控制字符或不可见字符")
    return found


def read_envelope(headers: Headers, default_time: datetime) -> Envelope:
    """The envelope of a record; `ce_id` and `ce_type` are required, the rest has defaults. Raises BadEnvelope."""
    found = read_headers(headers)
    for name in ("ce_id", "ce_type"):
        if not found.get(name):
            raise BadEnvelope(name, f"缺少消息头 {name}")
    return Envelope(
        id=found["ce_id"],
        type=found["ce_type"],
        source=found.get("ce_source", ""),
        time=_time(found.get("ce_time"), default_time),
        subject=found.get("ce_subject", ""),
        sequence=_sequence(found.get("ce_sequence", "0")),
        traceparent=found.get("traceparent"),
    )


def _time(text: str | None, default: datetime) -> datetime:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadEnvelope("ce_time", f"消息头 ce_time 的值 {text[:40]!r} 不是 RFC 3339 时间") from None
    if moment.tzinfo is None:
        raise BadEnvelope("ce_time", f"消息头 ce_time 的值 {text[:40]!r} 缺少时区")
    return moment


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadEnvelope("ce_sequence", f"消息头 ce_sequence 的值 {text[:40]!r} 不是整数")
    return int(text)
