"""Notification in memory: what is heard goes through its handlers, what they say changes the book."""

from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.notification.book import NotificationBook
from services.notification.domain import Bank
from services.notification.service import service
from yuqiao.contracts.base import Event
from yuqiao.contracts.cases import ReplyApplied
from yuqiao.contracts.from_bank import OfferAccept
from yuqiao.contracts.matches import NeedMatched
from yuqiao.contracts.values import AnonymousNeed, Band, Offer
from yuqiao.policy.time_limits import TimeLimits, default_path
from yuqiao.runtime.messages import BEIJING, Cause, Command, Hold, Moment, derived_id

NOW = datetime(2022, 12, 28, 10, tzinfo=BEIJING)
ENTERPRISE = derived_id("enterprise")
NEED = derived_id("need")
SNAPSHOT = AnonymousNeed(kind="new_loan", amount_cny=Band(at_least=Decimal(500000), below=Decimal(1000000)))

E = TypeVar("E", bound=Event)


def public_key(curve: ec.EllipticCurve | None = None) -> str:
    key = ec.generate_private_key(curve or ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def bank(name: str, **change: object) -> Bank:
    entry = {"bank": name, "name": f"测试{name}", "kind": "city", "local_legal_entity": True, "daily_quota": 5}
    return Bank.model_validate(entry | {"key_id": f"{name}-1", "public_key": "…"} | change)


def offer_id(bank: str, need: str = NEED) -> str:
    return derived_id("offer", need, bank)


def matched(*banks: str, mode: str = "platform", need: str = NEED) -> NeedMatched:
    offers = tuple(Offer(offer=offer_id(b, need), bank=b, product=f"{b}-p", score=Decimal("0.5")) for b in banks)
    return NeedMatched(
        at=NOW, enterprise=ENTERPRISE, need=need, round=1, mode=mode, offers=offers, measures=(), snapshot=SNAPSHOT
    )


def accepted(bank: str, *, repeated: bool = False) -> ReplyApplied:
    return ReplyApplied(
        at=NOW,
        enterprise=ENTERPRISE,
        need=NEED,
        offer=offer_id(bank),
        bank=bank,
        reply=f"accept-{bank}",
        reply_type=OfferAccept.wire_type,
        place=f"yuqiao.bank.{bank}.replies.v1/0/0",
        repeated=repeated,
    )


class Door:
    """The banks b1, b2, b3 are registered."""

    def __init__(self) -> None:
        self.book = NotificationBook(limits=TimeLimits.load(default_path()))
        for name in ("b1", "b2", "b3"):
            self.book.banks.put(name, bank(name))
        self.log: list[Event] = []

    def hear(self, message: Event | Command) -> list[Event]:
        handler = service.on[type(message)]
        said = list(handler(self.book, message, Moment("notification", NOW, Cause("cause", "type"))))
        assert not any(isinstance(e, Hold) for e in said), "notification holds nothing"
        events = [e for e in said if isinstance(e, Event)]
        for event in events:
            assert service.may_emit(event)
            self.book.apply(event)
        self.log += events
        return events

    def said(self, kind: type[E]) -> list[E]:
        return [e for e in self.log if isinstance(e, kind)]


def of(kind: type[E], events: list[Event]) -> list[E]:
    return [e for e in events if isinstance(e, kind)]
