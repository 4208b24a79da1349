"""feedback without a server: events in, events out, the book in between."""

from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from services.feedback.book import FeedbackBook
from services.feedback.case import Case, CaseOffer
from services.feedback.messages import LimitDue
from services.feedback.service import service
from yuqiao.contracts import cases, matches, needs, offers
from yuqiao.contracts.base import Event
from yuqiao.contracts.from_bank import Reply
from yuqiao.contracts.values import AnonymousNeed, Band, MeasureApplied, NeedFacts, Origin, Routing
from yuqiao.policy.time_limits import TimeLimits, default_path
from yuqiao.runtime.messages import BEIJING, Cause, Hold, Message, Moment, Out, derived_id

START = datetime(2022, 12, 28, 10, tzinfo=BEIJING)
FIRM, NEED = derived_id("firm"), derived_id("need")


def offer_id(bank: str) -> str:
    return derived_id("offer", NEED, bank)


class Desk:
    """One enterprise's case. Everything that was applied is kept, so that folding it can be compared."""

    def __init__(self) -> None:
        self.book = empty()
        self.now = START
        self.log: list[Event] = []
        self.count = 0

    def tell(self, message: Message, cause_id: str | None = None, bank: str | None = None) -> list[Out]:
        self.count += 1
        body = message.model_dump_json().encode()
        cause = Cause(cause_id or f"c{self.count}", "", f"t/0/{self.count}", sha256(body).hexdigest(), bank)
        handler = service.handler(message)
        assert handler
        out = list(handler(self.book, message, Moment("feedback", self.now, cause)))
        for event in out:
            if isinstance(event, Event):
                assert service.may_emit(event)
                self.book.apply(event)
                self.log.append(event)
        return out

    def reply(self, kind: type[Reply], bank: str = "bank01", *, id: str | None = None, **fields: Any) -> list[Out]:
        body = {"at": self.now, "bank": bank, "offer": offer_id(bank), **fields}
        return self.tell(kind.model_validate(body), id, bank)

    def register(self, **routing: Any) -> None:
        facts = NeedFacts.model_validate({"kind": "new_loan", "amount_cny": "1000000.00", "stated_on": START.date()})
        common: dict[str, Any] = {"at": self.now, "enterprise": FIRM, "need": NEED}
        self.tell(
            needs.NeedRegistered(
                **common, origin=Origin(channel="scan"), routing=Routing(**routing), batched=False, facts=facts
            )
        )

    def match(self, *measures: int) -> list[Out]:
        applied = tuple(MeasureApplied(measure=n, clause="", title=f"措施{n}", reason="") for n in measures)
        snapshot = AnonymousNeed(kind="new_loan", amount_cny=Band(at_least=Decimal(1000000)))
        common: dict[str, Any] = {"at": self.now, "enterprise": FIRM, "need": NEED, "round": 1, "mode": "platform"}
        return self.tell(matches.NeedMatched(**common, offers=(), measures=applied, snapshot=snapshot))

    def push(self, bank: str) -> list[Out]:
        due = self.book.limits.due("accept", self.now, self.book.calendar)
        common: dict[str, Any] = {
            "at": self.now,
            "enterprise": FIRM,
            "need": NEED,
            "offer": offer_id(bank),
            "bank": bank,
        }
        return self.tell(offers.OfferPushed(**common, product="p", respond_by=due.at))

    def disclose(self, bank: str = "bank01") -> list[Out]:
        common: dict[str, Any] = {
            "at": self.now,
            "enterprise": FIRM,
            "need": NEED,
            "offer": offer_id(bank),
            "bank": bank,
        }
        return self.tell(offers.IdentityDisclosed(**common))

    def let_expire(self, bank: str | None = "bank01") -> list[Out]:
        wait = self.offer(bank).wait if bank else self.case.wait
        assert wait
        self.now = wait.due_at + timedelta(hours=9)
        offer = offer_id(bank) if bank else None
        return self.tell(LimitDue(key=FIRM, due_at=wait.due_at, need=NEED, offer=offer, limit=wait.limit))

    @property
    def case(self) -> Case:
        return self.book.cases[NEED]

    def offer(self, bank: str | None = "bank01") -> CaseOffer:
        return self.case.offers[offer_id(bank or "")]


def empty() -> FeedbackBook:
    return FeedbackBook(limits=TimeLimits.load(default_path()), encrypt=lambda text, place: f"sealed:{place}")


def opened(*banks: str) -> Desk:
    desk = Desk()
    desk.register()
    for bank in banks or ("bank01",):
        desk.push(bank)
    return desk


def refusal(out: list[Out]) -> str:
    found = [e for e in out if isinstance(e, cases.ReplyRefused)]
    return found[0].reasons[0].code if found else ""


def names(out: list[Out]) -> list[str]:
    return [type(e).__name__ for e in out if not isinstance(e, Hold)]
