"""What each bank hears of a need, and when it hears no more."""

from datetime import datetime
from typing import Any

import pytest

from services.notification.book import NeedVoided
from services.notification.commands import DisableBank, RegisterBank
from tests.unit.notification.door import ENTERPRISE, NEED, NOW, Door, accepted, bank, matched, of, offer_id
from yuqiao.contracts.base import Event
from yuqiao.contracts.cases import (
    CaseResolved,
    IssueResolved,
    OfferDeclined,
    OfferExpired,
    PlanAdopted,
    PlanTask,
    ReplyApplied,
    ReplyRefused,
)
from yuqiao.contracts.matches import ProductListed, ProductRefused
from yuqiao.contracts.needs import ConsentRevoked, IdentitySealed, IdentityWithheld, LenderSealed, NeedWithdrawn
from yuqiao.contracts.offers import IdentityDisclosed, LenderUndeliverable, OfferClosed, OfferPushed, OfferUndeliverable
from yuqiao.contracts.to_bank import (
    BorrowerDisclosed,
    IssueAnswered,
    NeedClosed,
    NeedDisclosed,
    NeedOffered,
    NeedWithheld,
    Receipt,
    TaskAsked,
)
from yuqiao.contracts.values import Reason
from yuqiao.runtime.messages import BEIJING


def sealed(bank: str) -> IdentitySealed:
    return IdentitySealed(
        at=NOW, enterprise=ENTERPRISE, need=NEED, offer=offer_id(bank), bank=bank, key_id="k", sealed="jwe"
    )


def resolved(outcome: str = "financed") -> CaseResolved:
    return CaseResolved(at=NOW, enterprise=ENTERPRISE, need=NEED, outcome=outcome)


def closed(events: list[Event]) -> list[tuple[str, str]]:
    """(bank, reason) told to banks; each beside the same word on the offers stream."""
    told = [(e.bank, e.reason) for e in of(NeedClosed, events)]
    assert told == [(e.bank, e.reason) for e in of(OfferClosed, events)]
    return told


def test_each_chosen_bank_gets_one_event_on_its_own_topic_and_one_day_to_answer() -> None:
    said = Door().hear(matched("b1", "b2"))
    assert [e.topic for e in of(NeedOffered, said)] == ["yuqiao.bank.b1.needs.v1", "yuqiao.bank.b2.needs.v1"]
    assert {e.respond_by for e in of(NeedOffered, said)} == {datetime(2022, 12, 30, tzinfo=BEIJING)}
    assert [e.offer for e in of(OfferPushed, said)] == [offer_id("b1"), offer_id("b2")]
    assert ENTERPRISE not in "".join(e.model_dump_json() for e in of(NeedOffered, said))


def test_a_bank_sees_a_need_at_most_once() -> None:
    door = Door()
    door.hear(matched("b1"))
    assert [e.bank for e in of(NeedOffered, door.hear(matched("b1", "b2")))] == ["b2"]


def adopted(*offers: str | None) -> PlanAdopted:
    """A plan with a task for each: a bank's, by its offer, or (None) the office's own."""
    tasks = [
        PlanTask(task=NEED, code="c", text="核实", owner="o", due_at=NOW, offer=o, measure=o and 2) for o in offers
    ]
    return PlanAdopted(at=NOW, enterprise=ENTERPRISE, need=NEED, revision=1, measures=(2,), tasks=tuple(tasks))


def test_what_a_plan_asks_of_a_bank_is_said_to_that_bank_alone() -> None:
    door = Door()
    door.hear(matched("b1", "b2"))
    (asked,) = door.hear(adopted(None, offer_id("b2")))
    assert isinstance(asked, TaskAsked)
    assert (asked.topic, asked.key) == ("yuqiao.bank.b2.needs.v1", offer_id("b2"))
    assert (asked.task, asked.measure, asked.text, asked.report_by) == (NEED, 2, "核实", NOW)
    assert ENTERPRISE not in asked.model_dump_json()


def test_a_bank_whose_offer_is_closed_or_unknown_is_asked_nothing() -> None:
    door = Door()
    door.hear(matched("b1"))
    door.hear(resolved())
    assert door.hear(adopted(offer_id("b1"), offer_id("b9"))) == []


def test_an_unknown_or_disabled_bank_gets_nothing_and_the_others_do() -> None:
    door = Door()
    door.hear(DisableBank(id="1", bank="b2", reason="operator"))
    said = door.hear(matched("b1", "b2", "b9"))
    assert [e.bank for e in of(NeedOffered, said)] == ["b1"]
    failed = [(e.bank, e.reason) for e in of(OfferUndeliverable, said)]
    assert failed == [("b2", "bank_disabled"), ("b9", "bank_unknown")]


@pytest.mark.parametrize(
    "end", [NeedWithdrawn(at=NOW, enterprise=ENTERPRISE, need=NEED, reason="withdrawn"), resolved("removed")]
)
def test_a_need_that_was_void_before_it_was_matched_is_offered_to_nobody(end: Event) -> None:
    door = Door()
    assert [type(e) for e in door.hear(end)] == [NeedVoided]
    assert [e.reason for e in of(OfferUndeliverable, door.hear(matched("b1")))] == ["need_void"]
    assert not door.said(NeedOffered)


def test_the_sealed_identity_goes_to_the_bank_it_was_sealed_for() -> None:
    door = Door()
    door.hear(matched("b1", "b2"))
    said = door.hear(sealed("b1"))
    assert [(e.bank, e.sealed, e.contact_by) for e in of(NeedDisclosed, said)] == [
        ("b1", "jwe", datetime(2023, 1, 4, tzinfo=BEIJING))  # 3 working days; 2022-12-31 to 2023-01-02 is a holiday
    ]
    assert [e.offer for e in of(IdentityDisclosed, said)] == [offer_id("b1")]
    assert door.hear(sealed("b2").model_copy(update={"offer": offer_id("b1")})) == []


def question(lender: str) -> LenderSealed:
    return LenderSealed(**sealed(lender).model_dump(exclude={"contact_by"}), measures=(2,), entry=3)


def test_a_lender_that_is_switched_off_or_unknown_is_told_nothing_and_another_is_though_the_need_is_void() -> None:
    door = Door()
    door.hear(DisableBank(id="x", bank="b2", reason="r"))
    door.hear(NeedWithdrawn(at=NOW, enterprise=ENTERPRISE, need=NEED, reason="withdrawn"))
    for name in ("b1", "b2", "b9"):
        door.hear(question(name))
    assert [e.bank for e in door.said(BorrowerDisclosed)] == ["b1"]
    failed = [(e.bank, e.offer, e.entry, e.reason) for e in door.said(LenderUndeliverable)]
    assert failed == [("b2", offer_id("b2"), 3, "bank_disabled"), ("b9", offer_id("b9"), 3, "bank_unknown")]


def test_a_lender_that_could_not_be_told_is_told_when_it_is_asked_again_and_once() -> None:
    door = Door()
    door.hear(DisableBank(id="x", bank="b2", reason="r"))
    door.hear(question("b2"))
    door.hear(RegisterBank(id="y", bank="b2", entry=bank("b2")))
    door.hear(question("b2"))
    assert door.hear(question("b2")) == []
    assert [e.bank for e in door.said(BorrowerDisclosed)] == ["b2"]


def test_a_closed_offer_discloses_nothing() -> None:
    door = Door()
    door.hear(matched("b1"))
    door.hear(NeedWithdrawn(at=NOW, enterprise=ENTERPRISE, need=NEED, reason="withdrawn"))
    assert door.hear(sealed("b1")) == []


def test_every_end_is_told_once() -> None:
    door = Door()
    door.hear(matched("b1", "b2", "b3"))
    base: dict[str, Any] = {"at": NOW, "enterprise": ENTERPRISE, "need": NEED, "stage": "offered"}
    declined = OfferDeclined(**base, offer=offer_id("b1"), bank="b1", reason="E4", repairable=False)
    expired = OfferExpired(**base, offer=offer_id("b2"), bank="b2", limit="accept", due_at=NOW, reason="B3")
    assert closed(door.hear(declined)) == [("b1", "declined")]
    assert closed(door.hear(expired)) == [("b2", "expired")]
    assert door.hear(declined) == []
    assert closed(door.hear(resolved())) == [("b3", "financed")]
    assert door.hear(resolved()) == []


@pytest.mark.parametrize("reason", ["consent_missing", "bank_key_missing", "identity_erased"])
def test_a_bank_that_accepted_is_told_why_it_has_to_wait(reason: str) -> None:
    door = Door()
    door.hear(matched("b1"))
    place = {"at": NOW, "enterprise": ENTERPRISE, "need": NEED, "offer": offer_id("b1"), "bank": "b1"}
    assert door.hear(IdentityWithheld(**place, reason="need_withdrawn")) == [], "its end says so"
    assert door.hear(IdentityWithheld(**place | {"bank": "b2"}, reason=reason)) == []
    (told,) = door.hear(IdentityWithheld(**place, reason=reason))
    assert isinstance(told, NeedWithheld)
    assert (told.topic, told.key, told.reason) == ("yuqiao.bank.b1.needs.v1", offer_id("b1"), reason)
    assert of(NeedDisclosed, door.hear(sealed("b1"))), "when it is no more"
    door.hear(resolved())
    assert door.hear(IdentityWithheld(**place, reason=reason)) == []


def test_a_bank_is_answered_what_it_raised_and_nobody_else_is() -> None:
    door = Door()
    door.hear(matched("b1", "b2"))
    door.hear(resolved())
    base: dict[str, Any] = {"at": NOW, "enterprise": ENTERPRISE, "need": NEED, "issue": NEED, "resolution": "answered"}
    mine = {"category": "tax", "bank": "b1", "offer": offer_id("b1"), "reply": "r1", "answer": "已协调"}
    (told,) = of(IssueAnswered, door.hear(IssueResolved(**base, **mine, raised_by="bank")))
    assert (told.bank, told.offer, told.answers, told.text) == ("b1", offer_id("b1"), "r1", "已协调")
    others = (mine | {"bank": "b2"}, mine | {"offer": offer_id("b3")}, mine | {"category": None}, {})
    for other in others:
        assert door.hear(IssueResolved(**base, **other, raised_by="bank")) == []
    assert door.hear(IssueResolved(**base, **mine, raised_by="office")) == []
    assert door.hear(IssueResolved(**base)) == [], "from before it said whose it was"


@pytest.mark.parametrize("mode", ["single", "race"])
def test_the_first_acceptance_of_a_race_closes_the_others_and_a_second_one_closes_nobody(mode: str) -> None:
    door = Door()
    door.hear(matched("b1", "b2", "b3", mode=mode))
    assert closed(door.hear(accepted("b2"))) == [("b1", "taken_by_other"), ("b3", "taken_by_other")]
    assert closed(door.hear(accepted("b1"))) == []  # both had accepted before either was heard here
    assert [o.bank for o in door.book.open_offers(NEED)] == ["b2"]


def test_an_acceptance_that_is_repeated_closes_nobody() -> None:
    door = Door()
    door.hear(matched("b1", mode="race"))
    door.hear(accepted("b1"))
    door.hear(matched("b2", mode="race"))
    assert closed(door.hear(accepted("b1", repeated=True))) == []


def test_elsewhere_an_acceptance_closes_nobody() -> None:
    door = Door()
    door.hear(matched("b1", "b2"))
    assert closed(door.hear(accepted("b1"))) == []


@pytest.mark.parametrize(("whom", "told"), [("b1", ["b1"]), ("*", ["b1", "b2"]), ("b3", [])])
def test_a_revoked_consent_reaches_the_banks_that_know(whom: str, told: list[str]) -> None:
    door = Door()
    door.hear(matched("b1", "b2", "b3"))
    door.hear(sealed("b1"))
    door.hear(sealed("b2"))
    said = door.hear(ConsentRevoked(at=NOW, enterprise=ENTERPRISE, bank=whom))
    assert closed(said) == [(b, "consent_revoked") for b in told]


REASON = Reason(code="wrong_stage", values={"field": "ce_type"}, text="…")
PLACE = "yuqiao.bank.b1.replies.v1/0/7"


@pytest.mark.parametrize(
    ("answer", "result", "subject", "reasons"),
    [
        (ReplyApplied(at=NOW, bank="b1", offer="o", reply="r", place=PLACE), "applied", "o", ()),
        (ReplyApplied(at=NOW, bank="b1", offer="o", reply="r", place=PLACE, repeated=True), "duplicate", "o", ()),
        (
            ReplyRefused(at=NOW, bank="b1", offer="o", reply="r", place=PLACE, reasons=(REASON,)),
            "refused",
            "o",
            (REASON,),
        ),
        (ReplyRefused(at=NOW, bank="b1", reply="r", place=PLACE, reasons=(REASON,)), "refused", PLACE, (REASON,)),
        (
            ProductListed(at=NOW, bank="b1", product="p", publication="r", place=PLACE, action="published"),
            "applied",
            "p",
            (),
        ),
        (
            ProductListed(at=NOW, bank="b1", product="p", publication="r", place=PLACE, action="unchanged"),
            "duplicate",
            "p",
            (),
        ),
        (
            ProductRefused(at=NOW, bank="b1", product=None, publication="r", place=PLACE, reasons=(REASON,)),
            "refused",
            PLACE,
            (REASON,),
        ),
    ],
)
def test_everything_a_bank_writes_gets_one_receipt(
    answer: Event, result: str, subject: str, reasons: tuple[Reason, ...]
) -> None:
    (receipt,) = Door().hear(answer)
    assert isinstance(receipt, Receipt)
    assert (receipt.topic, receipt.result, receipt.subject) == ("yuqiao.bank.b1.receipts.v1", result, subject)
    assert (receipt.answers, receipt.place, receipt.reasons) == ("r", PLACE, reasons)
