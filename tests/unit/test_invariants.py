"""Each invariant has been seen to find something: evidence that is bad in one way."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from deploy.verify.evidence import Evidence, Logged, Record
from deploy.verify.invariants import CHECKS, end_of_working_day, judge
from services.feedback.notes import WaitRecounted
from services.matching.notes import BankNoted, ProductTaken
from services.notification.book import NotificationBook
from services.notification.domain import Bank
from tests.unit.matching.samples import product
from yuqiao.contracts import cases, matches, needs, to_bank
from yuqiao.contracts.base import Event
from yuqiao.contracts.streams import bank_topic
from yuqiao.contracts.values import AnonymousNeed, Band, NeedFacts, Offer, Origin, Routing
from yuqiao.policy.calendar import BEIJING
from yuqiao.policy.time_limits import TimeLimits, default_path
from yuqiao.runtime.messages import derived_id

AT = datetime(2022, 12, 28, 9, tzinfo=BEIJING)
FIRM, NEED, OFFER = derived_id("firm"), derived_id("need"), derived_id("offer")
FACTS = NeedFacts.model_validate({"kind": "new_loan", "amount_cny": "1.00", "stated_on": date(2022, 12, 28)})
SNAPSHOT = AnonymousNeed(kind="new_loan", amount_cny=Band.model_validate({"at_least": "0.00"}))
COMMON: dict[str, Any] = {"at": AT, "enterprise": FIRM, "need": NEED}


def registered() -> Event:
    return needs.NeedRegistered(**COMMON, origin=Origin(channel="scan"), routing=Routing(), batched=False, facts=FACTS)


def offered() -> Event:
    return to_bank.NeedOffered(
        at=AT, bank="bank01", offer=OFFER, product="p", need=SNAPSHOT, measures=(), reasons=(), respond_by=AT
    )


def matched(offers: int = 1) -> Event:
    made = tuple(
        Offer.model_validate({"offer": derived_id(n) if n else OFFER, "bank": "bank01", "product": "p", "score": "1"})
        for n in range(offers)
    )
    return matches.NeedMatched(**COMMON, round=1, mode="platform", offers=made, measures=(), snapshot=SNAPSHOT)


def listed(**quotas: int) -> tuple[Event, ...]:
    return (
        BankNoted(at=AT, bank="bank01", daily_quota=9, enabled=True),
        ProductTaken(at=AT, bank="bank01", product=product(**quotas)),
    )


def withheld() -> Event:
    return to_bank.NeedWithheld(at=AT, bank="bank01", offer=OFFER, reason="consent_missing")


def disclosed() -> Event:
    return to_bank.NeedDisclosed(at=AT, bank="bank01", offer=OFFER, key_id="k", sealed="x", contact_by=AT)


def closed() -> Event:
    return to_bank.NeedClosed(at=AT, bank="bank01", offer=OFFER, reason="financed")


def asked() -> Event:
    return to_bank.TaskAsked(at=AT, bank="bank01", offer=OFFER, task=OFFER, code="c", text="t", report_by=AT)


def answered() -> Event:
    return to_bank.IssueAnswered(at=AT, bank="bank01", offer=OFFER, issue=OFFER, category="tax", resolution="answered")


def settled(bank: str) -> Event:
    place = {"issue": OFFER, "offer": OFFER, "bank": bank, "category": "tax"}
    return cases.IssueResolved(**COMMON, **place, raised_by="bank", resolution="answered")


def receipt() -> Event:
    return to_bank.Receipt(at=AT, bank="bank01", subject=OFFER, place="replies/0/1", result="applied")


def resolved() -> Event:
    return cases.CaseResolved(**COMMON, outcome="no_bank")


def sealed() -> Event:
    return needs.IdentitySealed(**COMMON, offer=OFFER, bank="bank01", key_id="k", sealed="x")


def lender_sealed() -> Event:
    return needs.LenderSealed(**COMMON, offer=OFFER, bank="bank01", measures=(2,), key_id="k", sealed="x")


def borrower() -> Event:
    return to_bank.BorrowerDisclosed(at=AT, bank="bank01", offer=OFFER, key_id="k", sealed="x")


def advanced(*, provisional: bool = False) -> Event:
    wait = cases.Wait(limit="accept", on="bank", due_at=AT, provisional=provisional)
    return cases.CaseAdvanced(**COMMON, offer=OFFER, bank="bank01", stage="offered", wait=wait)


def expired(at: datetime, due_at: datetime) -> Event:
    fields = {**COMMON, "at": at, "offer": OFFER, "bank": "bank01", "stage": "offered", "limit": "accept"}
    return cases.OfferExpired(**fields, due_at=due_at, reason="B3")


def evidence(*events: Event, service: str = "feedback", publish: bool = True) -> Evidence:
    found = Evidence()
    for number, event in enumerate(events, 1):
        sequence = sum(e.key == event.key and e.topic == event.topic for e in events[:number])
        row = Logged(
            service,
            number,
            f"id{number}",
            event.wire_type,
            event.topic,
            event.key,
            sequence,
            event.at,
            "c",
            event.to_json().decode(),
        )
        found.logs.append(row)
        if event.topic and publish:
            found.records.append(
                Record(event.topic, 0, number, event.key, row.id, row.type, str(sequence), str(number))
            )
    return found


def findings(name: str, given: Evidence) -> tuple[str, ...]:
    return next(v.findings for v in judge(given) if v.name.startswith(name + " "))


def with_record(given: Evidence, **fields: Any) -> Evidence:
    first = given.records[0]
    values = {name: getattr(first, name) for name in first.__slots__} | fields
    given.records.append(Record(**values))
    return given


def gap() -> Evidence:
    given = evidence(offered())
    given.logs[0] = Logged(*[getattr(given.logs[0], n) if n != "sequence" else 2 for n in Logged.__slots__])
    return given


def other_state() -> Evidence:
    saved, folded = (NotificationBook(limits=TimeLimits.load(default_path())) for _ in range(2))
    fields = {"bank": "bank01", "name": "测试", "kind": "city", "local_legal_entity": True, "daily_quota": 1}
    saved.banks.put("bank01", Bank.model_validate({**fields, "key_id": "k", "public_key": "p"}))
    return Evidence(states={"notification": (saved, folded)})


def twice_logged() -> Evidence:
    found = evidence(registered())
    found.logs.append(found.logs[0])
    return found


NEXT = AT.replace(hour=0) + timedelta(days=2)
BAD: list[tuple[str, Callable[[], Evidence]]] = [
    ("I1", lambda: evidence(registered())),
    ("I1", lambda: evidence(offered(), publish=False)),
    ("I1", lambda: evidence(settled("bank01"))),
    ("I2", lambda: with_record(evidence(offered()), digest="other", offset=9)),
    ("I2", twice_logged),
    *(("I2", lambda e=e: evidence(e(), e())) for e in (offered, disclosed, borrower, closed, asked)),
    *(("I2", lambda e=e: evidence(e(), e())) for e in (withheld, answered, receipt, resolved)),
    ("I3", lambda: with_record(evidence(offered()), id="unknown", offset=9)),
    ("I3", lambda: evidence(offered())),
    ("I3", lambda: evidence(answered())),
    ("I3", lambda: evidence(settled("bank02"), answered())),
    ("I3", lambda: evidence(sealed())),
    ("I3", lambda: evidence(lender_sealed())),
    (
        "I3",
        lambda: evidence(
            needs.ConsentGranted(at=AT, enterprise=FIRM, bank="*", expires_on=date(2023, 12, 31)),
            needs.ConsentRevoked(at=AT, enterprise=FIRM, bank="bank01"),
            sealed(),
        ),
    ),
    ("I4", gap),
    ("I4", other_state),
    ("I5", lambda: with_record(evidence(offered()), id="id9", sequence="3", offset=9)),
    ("I6", lambda: evidence(advanced(), expired(NEXT - timedelta(hours=1), NEXT))),
    ("I6", lambda: evidence(advanced(), expired(NEXT, NEXT), expired(NEXT, NEXT))),
    ("I6", lambda: evidence(advanced(), expired(NEXT + timedelta(days=1), NEXT + timedelta(days=1)))),
    ("I7", lambda: Evidence(intrusions=[("bank01 reads bank02's needs", False)])),
    ("I8", lambda: evidence(matched(2))),
    ("I8", lambda: evidence(*listed(daily_quota=1), matched(2))),
    ("I8", lambda: evidence(*listed(daily_quota=9, total_quota=1), matched(2))),
    ("I9", lambda: Evidence(queues={"feedback parked": 1})),
    ("I9", lambda: Evidence(queues={"intake held": 2})),
    ("I9", lambda: Evidence(ends={(bank_topic("bank01", "replies"), 0): 1})),
    ("I9", lambda: Evidence(ends={("yuqiao.needs.v1", 0): 5}, positions={("matching", "yuqiao.needs.v1", 0): 5})),
    ("I10", lambda: Evidence(counts={"intake": {"need.registered": 2}})),
    ("I10", lambda: Evidence(counts={"intake": {"need.registered": 2}}, metrics={"intake": {"need.registered": 1}})),
]


@pytest.mark.parametrize(("name", "make"), BAD, ids=[f"{name}-{n}" for n, (name, _) in enumerate(BAD)])
def test_bad_evidence_is_found(name: str, make: Callable[[], Evidence]) -> None:
    assert findings(name, make())


def test_every_invariant_is_seen_failing() -> None:
    assert {name.split(" ")[0] for name in CHECKS} == {name for name, _ in BAD}


def test_good_evidence_is_not() -> None:
    assert findings("I8", evidence(*listed(daily_quota=2, total_quota=2), matched(2))) == ()
    given = evidence(advanced(), expired(NEXT, NEXT))
    assert findings("I6", given) == findings("I5", given) == findings("I4", given) == ()


def test_working_days_are_counted_by_another_library() -> None:
    assert [end_of_working_day(date(2022, 12, 28), n) for n in (1, 3, 5, 10)] == [
        datetime(2022, 12, 30, tzinfo=BEIJING),
        datetime(2023, 1, 4, tzinfo=BEIJING),
        datetime(2023, 1, 6, tzinfo=BEIJING),
        datetime(2023, 1, 13, tzinfo=BEIJING),
    ]
    assert end_of_working_day(date(2199, 12, 28), 1) is None


def test_a_day_that_was_announced_provisionally_is_not_called_wrong_afterwards() -> None:
    late = NEXT + timedelta(days=1)
    assert findings("I6", evidence(advanced(), expired(late, late)))
    assert findings("I6", evidence(advanced(provisional=True), expired(late, late))) == ()


def test_a_day_that_was_counted_again_has_to_be_right() -> None:
    wait = cases.Wait(limit="accept", on="bank", due_at=NEXT)
    again = WaitRecounted(**COMMON, kind="offer", ref=OFFER, wait=wait)
    assert findings("I6", evidence(advanced(provisional=True), again, expired(NEXT, NEXT))) == ()
    late = NEXT + timedelta(days=1)
    assert findings("I6", evidence(advanced(provisional=True), again, expired(late, late)))
