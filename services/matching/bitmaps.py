"""Sets of products as bitmaps, one bit a slot, changed in place; a bitmap is an int, so that sets meet by `&` and `|`."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
MARKS = 256
"""So many prefixes of a sorted column are kept ready; between two of them slots are added one by one."""


class Bits:
    """A set of slots that changes in place; `value` is it as an int."""

    __slots__ = ("_data", "_value")

    def __init__(self, data: bytes = b"") -> None:
        """From the little-endian bytes of a bitmap."""
        self._data, self._value = bytearray(data), int.from_bytes(data, "little")

    @property
    def value(self) -> int:
        """The bitmap."""
        if self._value < 0:
            self._value = int.from_bytes(self._data, "little")
        return self._value

    def add(self, slot: int) -> None:
        """Take a slot in."""
        missing = (slot >> 3) + 1 - len(self._data)
        if missing > 0:
            self._data.extend(bytes(missing))
        self._data[slot >> 3] |= 1 << (slot & 7)
        self._value = -1

    def discard(self, slot: int) -> None:
        """Leave a slot out."""
        if slot >> 3 < len(self._data):
            self._data[slot >> 3] &= ~(1 << (slot & 7))
            self._value = -1


def without(bitmap: int, other: int) -> int:
    """The slots of the first that are not in the second; several times faster than `& ~`."""
    return bitmap ^ (bitmap & other)


def slots_of(bitmap: int) -> Iterator[int]:
    """The slots in a bitmap, lowest first."""
    while bitmap:
        lowest = bitmap & -bitmap
        yield lowest.bit_length() - 1
        bitmap ^= lowest


class Posting:
    """Which products name a code, and which name none at all and so do not restrict."""

    def __init__(self) -> None:
        """Nobody yet."""
        self.free = Bits()
        self._named: dict[str, Bits] = {}

    def add(self, slot: int, codes: Iterable[str]) -> None:
        """A product that names these codes."""
        for bits in self._places(codes):
            bits.add(slot)

    def discard(self, slot: int, codes: Iterable[str]) -> None:
        """The same product goes."""
        for bits in self._places(codes):
            bits.discard(slot)

    def _places(self, codes: Iterable[str]) -> list[Bits]:
        return [self._named.setdefault(code, Bits()) for code in codes] or [self.free]

    def meeting(self, codes: Iterable[str]) -> int:
        """The products that name one of these codes, or none."""
        return self.free.value | self.naming(codes)

    def naming(self, codes: Iterable[str]) -> int:
        """The products that name one of these codes."""
        found = 0
        for code in codes:
            bits = self._named.get(code)
            if bits is not None:
                found |= bits.value
        return found

    def meeting_one(self, code: str) -> int:
        """The products that name this code, or none."""
        return self.meeting((code,))


class Column(Generic[T]):
    """Products by a bound; gives those whose bound is at most, or below, a value."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._slots: dict[T, set[int]] = {}
        self._values: list[Any] = []
        self._marks: list[Any] = []
        self._upto: list[Bits] = []
        self._ready_for = -1

    def add(self, slot: int, value: T) -> None:
        """A product with this bound."""
        if value not in self._slots:
            self._slots[value] = set()
            insort(self._values, value)
        self._slots[value].add(slot)
        for bits in self._upto[bisect_left(self._marks, value) :]:
            bits.add(slot)

    def discard(self, slot: int, value: T) -> None:
        """The same product goes."""
        self._slots[value].discard(slot)
        for bits in self._upto[bisect_left(self._marks, value) :]:
            bits.discard(slot)

    def at_most(self, value: T) -> int:
        """The products whose bound is `value` or less."""
        return self._until(value, bisect_right)

    def below(self, value: T) -> int:
        """The products whose bound is less than `value`."""
        return self._until(value, bisect_left)

    def _until(self, value: T, bisect: Callable[..., int]) -> int:
        if len(self._values) > 2 * self._ready_for:
            self._mark()
        mark = bisect(self._marks, value)
        found = self._upto[mark - 1].value if mark else 0
        if len(self._marks) == len(self._values):
            return found
        begin = bisect_right(self._values, self._marks[mark - 1]) if mark else 0
        rest = Bits()
        for between in self._values[begin : bisect(self._values, value)]:
            for slot in self._slots[between]:
                rest.add(slot)
        return found | rest.value

    def _mark(self) -> None:
        """Keep prefixes ready, evenly among the values there are."""
        self._ready_for = len(self._values)
        self._marks, self._upto = [], []
        step, sofar = max(1, -(-len(self._values) // MARKS)), Bits()
        for number, value in enumerate(self._values, 1):
            for slot in self._slots[value]:
                sofar.add(slot)
            if number % step == 0:
                self._marks.append(value)
                self._upto.append(Bits(sofar.value.to_bytes((sofar.value.bit_length() + 7) // 8, "little")))
