"""A service as a declarative value."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from yuqiao.contracts.base import Event
from yuqiao.contracts.streams import BankChannel, Stream
from yuqiao.contracts.streams import Service as ServiceName
from yuqiao.runtime.book import Book
from yuqiao.runtime.messages import Deadline, Message, Moment, Out

if TYPE_CHECKING:
    from asyncpg import Connection
    from fastapi import APIRouter

    from yuqiao.runtime.batch import Arrival
    from yuqiao.runtime.gateway import Gateway
    from yuqiao.runtime.settings import Settings

B = TypeVar("B", bound=Book)
Handler = Callable[[Any, Any, Moment], Iterator[Out]]


class Store(Protocol[B]):
    """Loads and saves a book. Each method issues a number of statements that does not depend on the batch's size."""

    async def keys(self, conn: "Connection", messages: Sequence[Message]) -> list[tuple[str, ...]]:
        """The keys to lock for each message; the first is the key under which it is parked."""

    async def load(self, conn: "Connection", keys: Sequence[str], arrivals: "Sequence[Arrival]") -> B:
        """The book of these keys, which are locked, for these messages. Rows that keys share are locked here, in order."""

    async def save(self, conn: "Connection", book: B) -> None:
        """Write what changed."""

    async def due(self, conn: "Connection", now: datetime, limit: int, unread: Collection[str] = ()) -> list[Deadline]:
        """At most `limit` deadlines that are due, earliest first, none of a parked key.

        None that is to be handled after one of the topics `unread`.
        """

    async def load_all(self, conn: "Connection") -> B:
        """Everything: what folding the event log must give."""


@dataclass(frozen=True)
class Service(Generic[B]):
    """What a service is for, what it hears, what it says. `notes` are events that it keeps for itself.

    `hurried`: the streams, and banks' channels, for whose events a bank waits. All others are read together, in turns.
    """

    name: ServiceName
    purpose: str
    book: type[B]
    store: "Callable[[Settings], Store[B]]"
    on: Mapping[type, Handler]
    emits: tuple[type[Event], ...]
    notes: tuple[type[Event], ...] = ()
    routes: "Callable[[Gateway], APIRouter] | None" = None
    hurried: tuple[Stream | BankChannel, ...] = ()

    def handler(self, message: Message) -> Handler | None:
        """The handler of a message, or None when this service does not listen to it."""
        return self.on.get(type(message))

    @cached_property
    def heard(self) -> frozenset[str]:
        """The wire types that it listens to."""
        return frozenset(kind.wire_type for kind in self.on if issubclass(kind, Event))

    def may_emit(self, event: Event) -> bool:
        """Whether the event is declared."""
        return type(event) in self.emits or type(event) in self.notes
