"""What one batch decides, in memory: applied, held or parked. No I/O; handlers change nothing, events change the book."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from yuqiao.contracts.base import Event
from yuqiao.runtime.batch import Arrival
from yuqiao.runtime.book import Book
from yuqiao.runtime.gateway import Outcome
from yuqiao.runtime.messages import Command, HeldTooLong, Hold, Moment, Out, Refused
from yuqiao.runtime.service import Handler, Service
from yuqiao.runtime.writing import Emitted, Parked, ReplayFailed

B = TypeVar("B", bound=Book)
log = structlog.get_logger()


class Undeclared(Exception):
    """A handler yielded what its service does not declare, or mixed Hold with events."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a message cannot be decided."""

    reason: str
    detail: str = ""


class Decisions(Generic[B]):
    """The state of one run of one batch. `parked_keys`: keys with open parked messages → whether all are being replayed."""

    def __init__(self, service: Service[B], book: B, now: datetime, parked_keys: dict[str, bool]) -> None:
        """Nothing decided yet."""
        self.service, self.book, self.now, self.parked_keys = service, book, now, parked_keys
        self.out: list[Emitted] = []
        self.held: list[tuple[Arrival, str]] = []
        self.parked: list[Parked] = []
        self.released: list[tuple[int, str]] = []
        self.replayed: list[int] = []
        self.failed: list[ReplayFailed] = []
        self.applied = self.skipped = 0

    def decide(self, arrival: Arrival, trouble: Trouble | None = None) -> None:
        """Run one message through its handler. What its handler raises parks it and nothing else."""
        if self._must_queue(arrival):
            return
        handler = self.service.handler(arrival.message) if arrival.message is not None else None
        if arrival.poison:
            trouble = Trouble("unreadable", arrival.poison)
        if trouble:
            self._park(arrival, trouble)
        elif handler is None:
            arrival.outcome = Outcome(())
            self.skipped += 1
            self._settle(arrival, "skipped")
        else:
            self._handle(arrival, handler)

    def _must_queue(self, arrival: Arrival) -> bool:
        """Behind a parked message of its key, or behind a replay that failed in this batch."""
        if arrival.parked_id is not None:
            return any(arrival.key == failed.key for failed in self.failed)
        if arrival.key not in self.parked_keys:
            return False
        if isinstance(arrival.message, Command):
            arrival.outcome = Refused("parked", "该主体有待处理的异常事件，请联系区金融办", 409)
        else:
            asked = "replay" if self.parked_keys[arrival.key] else None
            self._settle(arrival, "parked")
            self.parked.append(Parked(arrival, "behind", "", True, asked))
        return True

    def _handle(self, arrival: Arrival, handler: Handler) -> None:
        moment = Moment(self.service.name, self.now, arrival.cause)
        try:
            out = self._checked(list(handler(self.book, arrival.message, moment)))
        except Refused as refused:
            arrival.outcome = refused
        except Exception as error:  # kept with its reason; its key stops and nothing has changed yet
            log.exception("parked", type=arrival.cause.type, place=arrival.cause.place)
            self._park(arrival, Trouble(type(error).__name__, str(error)[:2000]))
        else:
            self._take(arrival, out)

    def _checked(self, out: list[Out]) -> list[Out]:
        if len(out) > 1 and any(isinstance(o, Hold) for o in out):
            raise Undeclared("Hold is yielded alone")
        if out and isinstance(out[0], Hold) and out[0].subject in self.book.introduced:
            raise Undeclared(f"{out[0].subject} is known: nobody can wait for it")
        for event in out:
            if isinstance(event, Event) and not self.service.may_emit(event):
                raise Undeclared(f"{self.service.name} does not declare {type(event).__name__}")
        return out

    def _take(self, arrival: Arrival, out: list[Out]) -> None:
        if out and isinstance(out[0], Hold):
            if arrival.held_id is None:
                self.held.append((arrival, out[0].subject))
            return
        events = [e for e in out if isinstance(e, Event)]
        for ordinal, event in enumerate(events):
            self.book.apply(event)
            self.out.append(Emitted(event, arrival, ordinal))
        if isinstance(arrival.message, Command):
            self.book.keep(arrival.message, events)
        arrival.outcome = Outcome(tuple(events))
        self.applied += 1
        self._settle(arrival, "expired" if isinstance(arrival.message, HeldTooLong) else "applied")

    def _park(self, arrival: Arrival, trouble: Trouble) -> None:
        if isinstance(arrival.message, Command):
            arrival.outcome = Refused("internal", "处理出错，已记录，请稍后重试或联系区金融办", 500)
        elif arrival.parked_id is not None:
            self.failed.append(ReplayFailed(arrival.parked_id, arrival.key, trouble.reason, trouble.detail))
        else:
            self._settle(arrival, "parked")
            self.parked_keys[arrival.key] = False
            self.parked.append(Parked(arrival, trouble.reason, trouble.detail, False, None))

    def _settle(self, arrival: Arrival, outcome: str) -> None:
        """The held or parked row behind this message has had its turn."""
        if arrival.held_id is not None:
            self.released.append((arrival.held_id, outcome))
        if arrival.parked_id is not None:
            self.replayed.append(arrival.parked_id)

    def release(self, held: list[tuple[Arrival, str]], is_known: Callable[[str], bool]) -> None:
        """Run what waited for subjects that this batch made known: kept rows first, then this batch's own."""
        own = [(a, s) for a, s in self.held if is_known(s)]
        self.held = [(a, s) for a, s in self.held if not is_known(s)]
        for arrival, subject in held + own:
            arrival.keys = (self.book.introduced[subject],)
            self.decide(arrival)
