"""Reading on after records that cannot be unfolded: aiokafka gives up every fetch for one of them, and all topics with it.

Any client may compress as it likes, to a bomb too, and name its headers as it likes. What cannot be unfolded becomes a record
without a body, so that a bank's is refused by its place and a shared stream's is parked.
"""

import zlib
from importlib import import_module
from typing import Any

import cramjam
from aiokafka import ConsumerRecord
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException

from yuqiao.runtime.records import UNREADABLE

MOST_UNFOLDED = 16 * 1024 * 1024
"""Bytes of a batch of records. Packed it has at most 1 MiB, and JSON packs to a tenth at best."""


class TooLarge(ValueError):
    """A batch that unfolds to more than MOST_UNFOLDED bytes."""


def gzip_decode(payload: Any) -> bytes:
    """Unfold gzip, bounded. Raises TooLarge, zlib.error."""
    unfolding = zlib.decompressobj(wbits=31)
    unfolded = unfolding.decompress(payload, MOST_UNFOLDED)
    if not unfolding.eof:
        raise TooLarge
    return unfolded


def zstd_decode(payload: Any) -> bytes:
    """Unfold zstd, bounded. Raises cramjam.DecompressionError."""
    room = bytearray(MOST_UNFOLDED)
    return bytes(memoryview(room)[: cramjam.zstd.decompress_into(payload, room)])


def lz4_decode(payload: Any) -> bytes:
    """Unfold lz4, bounded. Raises cramjam.DecompressionError. Snappy needs no bound: it packs to a twentieth at best."""
    room = bytearray(MOST_UNFOLDED)
    return bytes(memoryview(room)[: cramjam.lz4.decompress_into(payload, room)])


class Remembering:
    """Batches of records, of which the last one given is known."""

    def __init__(self, records: Any) -> None:
        """Around aiokafka's own."""
        self._records = records
        self.last: Any = None

    def has_next(self) -> bool:
        """Whether there is another."""
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        """The next."""
        self.last = self._records.next_batch()
        return self.last


class ReadingOn(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """What was fetched of a partition: each record, or one without a body for each that cannot be had."""

    next_fetch_offset: int
    _records_iterator: Any

    def __init__(self, tp: Any, records: Any, *rest: Any) -> None:
        """As aiokafka makes it."""
        self._batches = Remembering(records)
        self._lost: tuple[int, str] | None = None
        super().__init__(tp, self._batches, *rest)

    def __next__(self) -> ConsumerRecord[Any, Any]:
        """The next record. Raises StopIteration; CorruptRecordException, for what came damaged and is fetched again."""
        while self._lost is None:
            try:
                record: ConsumerRecord[Any, Any] = next(self._records_iterator)
            except StopIteration:
                self._records_iterator = None
                raise
            except CorruptRecordException:
                raise  # that ends the iterator: asked once more there is nothing, and the rest is fetched again
            except Exception as error:  # whatever a packing or a header can raise; the rest of its batch is lost
                self._lost = self._batches.last.next_offset, type(error).__name__
            else:
                return record
        until, why = self._lost
        offset, self.next_fetch_offset = self.next_fetch_offset, self.next_fetch_offset + 1
        if self.next_fetch_offset >= until:
            self._lost, self._records_iterator = None, self._unpack_records()
        place = self._tp.topic, self._tp.partition, offset
        return ConsumerRecord(
            *place, self._batches.last.max_timestamp, 0, None, None, None, -1, -1, ((UNREADABLE, why.encode()),)
        )


def install() -> None:
    """Have every consumer of this process read on."""
    fetcher.PartitionRecords = ReadingOn
    for name in ("aiokafka.record._crecords.default_records", "aiokafka.record.default_records"):
        for decode in (gzip_decode, zstd_decode, lz4_decode):
            setattr(import_module(name), decode.__name__, decode)
