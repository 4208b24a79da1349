"""Records that cannot be unfolded are read past: those around them come, in their place comes one without a body."""

from collections.abc import Callable
from typing import Any

import cramjam
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords

from yuqiao.runtime import unfolding
from yuqiao.runtime.records import UNREADABLE, Record, decode
from yuqiao.runtime.unfolding import ReadingOn

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
BANK = "yuqiao.bank.bank01.replies.v1"


class RawName(str):
    """A header's name that is no UTF-8, as a client in C or Go may write it."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:  # type: ignore[override]
        return b"\xff\xfe"


def packed(first: int, *values: bytes, codec: int = 0, headers: Any = ()) -> bytes:
    builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, 0, 2**30)
    for number, value in enumerate(values):
        assert builder.append(number, 1, b"k", value, list(headers))
    raw = bytearray(builder.build())
    raw[:8] = first.to_bytes(8, "big")  # as the broker does: the offset of the first
    return bytes(raw)


def opened(*batches: bytes) -> ReadingOn:
    unfolding.install()
    return ReadingOn(TopicPartition(BANK, 0), MemoryRecords(b"".join(batches)), None, 0, None, None, True, 0)


def read(*batches: bytes) -> list[tuple[int, bytes | None]]:
    found = list(opened(*batches))
    assert all(r.headers == () or [h[0] for h in r.headers] == [UNREADABLE] for r in found)
    return [(r.offset, r.value) for r in found]


@pytest.mark.parametrize("codec", [0, GZIP, SNAPPY, LZ4, ZSTD])
def test_every_codec_is_read(codec: int) -> None:
    assert read(packed(0, b"a" * 1000, b"b", codec=codec)) == [(0, b"a" * 1000), (1, b"b")]


def test_a_name_that_is_no_text_costs_its_batch_and_no_other() -> None:
    bad = packed(1, b"x", b"y", headers=[(RawName("a"), b"1")])
    assert read(packed(0, b"a"), bad, packed(3, b"b")) == [(0, b"a"), (1, None), (2, None), (3, b"b")]


def test_what_is_lost_has_the_time_at_which_its_batch_was_appended() -> None:
    bad = packed(0, b"x", b"y", headers=[(RawName("a"), b"1")])
    assert [record.timestamp for record in opened(bad)] == [1, 1]


def test_a_batch_that_came_damaged_is_left_to_be_fetched_again() -> None:
    damaged = bytearray(packed(1, b"x"))
    damaged[-3] ^= 1
    for batches, whole in (([packed(0, b"a"), damaged, packed(2, b"b")], 1), ([damaged], 0)):
        reading = opened(*map(bytes, batches))
        assert [next(reading).value for _ in range(whole)] == [b"a"][:whole]
        at = reading.next_fetch_offset
        with pytest.raises(CorruptRecordException):
            next(reading)
        assert list(reading) == []
        assert reading.next_fetch_offset == at


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
def test_a_bomb_is_not_unfolded(codec: int) -> None:
    bomb = packed(0, bytes(40_000_000), codec=codec)
    assert len(bomb) < 1_048_576
    assert read(bomb, packed(1, b"b", codec=codec)) == [(0, None), (1, b"b")]


@pytest.mark.parametrize("decode_", [unfolding.gzip_decode, unfolding.zstd_decode, unfolding.lz4_decode])
def test_what_is_not_packed_at_all_is_an_error(decode_: Callable[[Any], bytes]) -> None:
    for payload in (b"", b"x", bytes(100)):
        with pytest.raises((ValueError, OSError, unfolding.zlib.error, cramjam.DecompressionError)):
            decode_(payload)


def test_what_was_lost_is_refused_by_its_place() -> None:
    decoded = decode(Record(BANK, 0, 7, None, None, ((UNREADABLE, b"UnicodeDecodeError"),)))
    assert decoded.cause.place == f"{BANK}/0/7"
    assert [(r.code, r.values["field"]) for r in decoded.message.reasons] == [("unreadable", "record")]  # type: ignore[union-attr]
    assert decode(Record("yuqiao.needs.v1", 0, 7, None, None, ((UNREADABLE, b"x"),))).poison
