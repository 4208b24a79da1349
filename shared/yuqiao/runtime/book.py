"""A service's state in memory for one batch: shelves of rows, changed by events alone."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Generic, Self, TypeVar

from yuqiao.contracts.base import Event
from yuqiao.runtime.messages import Command

T = TypeVar("T")
E = TypeVar("E", bound=Event)
B = TypeVar("B", bound="Book")


class Shelf(Generic[T]):
    """Rows of one kind by id. Knows what changed since it was filled, so that a store saves that and nothing else."""

    def __init__(self, rows: dict[str, T] | None = None) -> None:
        """`rows` as loaded."""
        self._rows: dict[str, T] = dict(rows or {})
        self._before: dict[str, T | None] = {}
        self.dropped: dict[str, None] = {}

    def get(self, id: str) -> T | None:
        """The row, or None."""
        return self._rows.get(id)

    def __getitem__(self, id: str) -> T:
        return self._rows[id]

    def __contains__(self, id: str) -> bool:
        return id in self._rows

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def items(self) -> Iterator[tuple[str, T]]:
        """Ids and rows."""
        return iter(self._rows.items())

    def put(self, id: str, row: T) -> None:
        """Insert or replace a row."""
        self._before.setdefault(id, self._rows.get(id))
        self._rows[id] = row
        self.dropped.pop(id, None)

    def drop(self, id: str) -> None:
        """Remove a row, whether it was loaded or not; a store removes it where it stands."""
        self._rows.pop(id, None)
        self._before.pop(id, None)
        self.dropped[id] = None

    def changes(self) -> list[tuple[str, T]]:
        """The rows to save, in the order of their first change."""
        return [(row_id, self._rows[row_id]) for row_id in self._before]

    def before(self) -> list[T]:
        """The changed rows as they were loaded, without those that are new."""
        return [row for row in self._before.values() if row is not None]


class Book:
    """Base of every service's book. `introduced` maps subjects that became known to the key they belong to."""

    _appliers: ClassVar[dict[type[Event], Callable[[Any, Any], None]]] = {}

    def __init__(self) -> None:
        """An empty book."""
        self.introduced: dict[str, str] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Each book has rules of its own."""
        super().__init_subclass__(**kwargs)
        cls._appliers = {}

    @classmethod
    def when(cls, *events: type[E]) -> Callable[[Callable[[Any, E], None]], Callable[[Any, E], None]]:
        """Declare how an event of this service changes its book: `@MyBook.when(SomethingHappened)`."""

        def declare(rule: Callable[[Any, E], None]) -> Callable[[Any, E], None]:
            for event in events:
                if event in cls._appliers:
                    raise TypeError(f"{cls.__name__} has two rules for {event.__name__}")
                cls._appliers[event] = rule
            return rule

        return declare

    @classmethod
    def rules(cls) -> frozenset[type[Event]]:
        """The events that change this book."""
        return frozenset(cls._appliers)

    def apply(self, event: Event) -> Self:
        """Change the book as the event says. An event without a rule changes nothing here."""
        rule = self._appliers.get(type(event))
        if rule:
            rule(self, event)
        return self

    def introduce(self, subject: str, key: str) -> None:
        """Say that `subject` (a need, an offer, a bank …) is known from now on and belongs to `key`."""
        self.introduced[subject] = key

    def keep(self, command: Command, out: list[Event]) -> None:
        """Take from an accepted command what must never be published. Nothing, unless a book says otherwise."""
