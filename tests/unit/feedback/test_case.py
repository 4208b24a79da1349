"""A case: each legal path, each refusal, each limit; and whatever happens, a case that is open waits for somebody."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.feedback.messages import ResolveIssue
from tests.unit.feedback.desk import FIRM, NEED, Desk, empty, names, offer_id, opened, refusal
from yuqiao.contracts.cases import (
    CaseAdvanced,
    CaseResolved,
    IssueResolved,
    OfferExpired,
    ReofferRequested,
    ReplyApplied,
    ReplyRefused,
)
from yuqiao.contracts.from_bank import (
    ContactReport,
    CreditDecision,
    Disbursement,
    DocumentsComplete,
    IssueReport,
    OfferAccept,
    OfferDecline,
    Reply,
    TaskReport,
    VisitReport,
)
from yuqiao.contracts.matches import NeedWaiting
from yuqiao.contracts.needs import EnterpriseConfirmed, EnterpriseDisputed
from yuqiao.contracts.offers import OfferClosed
from yuqiao.contracts.values import Reason
from yuqiao.runtime.messages import Hold, Refused

APPROVAL = {"approved": True, "amount_cny": "900000.00", "annual_rate": "0.0385"}
PAYMENT = {"amount_cny": "900000.00", "annual_rate": "0.0385", "disbursed_on": "2022-12-28"}


def up_to(stage: str) -> Desk:
    desk = opened("bank01")
    steps = [
        ("accepted", lambda: desk.reply(OfferAccept)),
        ("disclosed", desk.disclose),
        ("contacted", lambda: desk.reply(ContactReport, method="phone")),
        ("documents_complete", lambda: desk.reply(DocumentsComplete)),
        ("approved", lambda: desk.reply(CreditDecision, **APPROVAL)),
        ("disbursed", lambda: desk.reply(Disbursement, **PAYMENT)),
    ]
    for name, step in steps:
        if desk.offer().stage == stage:
            break
        step()
        assert desk.offer().stage == name
    return desk


def test_a_loan_from_the_push_to_the_money() -> None:
    desk = up_to("disbursed")
    assert (desk.case.outcome, str(desk.case.outcome_cny), desk.case.reached) == ("financed", "900000.00", "disbursed")
    assert desk.case.waits() == []


def test_what_the_door_closes_after_the_end_is_closed_and_nothing_else_follows() -> None:
    desk = opened("bank01", "bank02")
    desk.reply(OfferAccept)
    desk.disclose()
    desk.reply(ContactReport, method="phone")
    desk.reply(DocumentsComplete)
    desk.reply(CreditDecision, **APPROVAL)
    desk.reply(Disbursement, **PAYMENT)
    place = {"at": desk.now, "enterprise": FIRM, "need": NEED, "bank": "bank02", "offer": offer_id("bank02")}
    assert names(desk.tell(OfferClosed(**place, reason="financed"))) == ["CaseAdvanced"]
    assert (desk.offer("bank02").stage, desk.offer("bank02").wait, desk.case.outcome) == ("closed", None, "financed")


@pytest.mark.parametrize(
    ("stage", "limit", "on", "due"),
    [
        ("offered", "accept", "bank", date(2022, 12, 30)),
        ("accepted", "disclose", "office", date(2022, 12, 30)),
        ("disclosed", "contact", "bank", date(2023, 1, 4)),
        ("contacted", "documents", "enterprise", date(2023, 2, 1)),
        ("documents_complete", "decision", "bank", date(2023, 1, 13)),
        ("approved", "disburse", "bank", date(2023, 1, 6)),
    ],
)
def test_each_stage_waits_under_its_limit_in_working_days(stage: str, limit: str, on: str, due: date) -> None:
    wait = up_to(stage).offer().wait
    assert wait
    assert (wait.limit, wait.on, wait.due_at.date()) == (limit, on, due)


@pytest.mark.parametrize(
    ("stage", "reply", "fields", "code"),
    [
        ("offered", ContactReport, {"method": "phone"}, "wrong_stage"),
        ("offered", Disbursement, PAYMENT, "wrong_stage"),
        ("disclosed", OfferAccept, {}, "wrong_stage"),
        ("disclosed", CreditDecision, APPROVAL, "wrong_stage"),
        ("disclosed", ContactReport, {"method": "telepathy"}, "unknown_code"),
        ("contacted", CreditDecision, {**APPROVAL, "guarantee_mode": "honour"}, "unknown_code"),
        ("offered", IssueReport, {"category": "weather"}, "unknown_code"),
        ("contacted", CreditDecision, {"approved": True}, "field_missing"),
        ("contacted", CreditDecision, {"approved": False}, "unknown_reason"),
        ("offered", OfferDecline, {"reason": "B3"}, "unknown_reason"),
        ("offered", OfferDecline, {"reason": "Z9"}, "unknown_reason"),
        ("offered", OfferDecline, {"reason": "X"}, "note_missing"),
        ("approved", Disbursement, {**PAYMENT, "amount_cny": "900000.01"}, "above_approved"),
        ("contacted", CreditDecision, {**APPROVAL, "amount_cny": "0.00"}, "out_of_range"),
        ("contacted", CreditDecision, {**APPROVAL, "annual_rate": "0.99"}, "out_of_range"),
        ("approved", Disbursement, {**PAYMENT, "amount_cny": "0.00"}, "out_of_range"),
        ("approved", Disbursement, {**PAYMENT, "annual_rate": "0.99"}, "out_of_range"),
        ("disbursed", ContactReport, {"method": "phone"}, "case_resolved"),
    ],
)
def test_a_reply_that_may_not_come_is_refused_and_changes_nothing(
    stage: str, reply: type[Reply], fields: dict[str, Any], code: str
) -> None:
    desk = up_to(stage)
    before = desk.case
    assert refusal(desk.reply(reply, **fields)) == code
    assert desk.case == before


def test_an_unknown_code_is_told_with_those_that_would_be_right_and_their_terms() -> None:
    (refused,) = up_to("disclosed").reply(ContactReport, method="telepathy")
    assert isinstance(refused, ReplyRefused)
    (why,) = refused.reasons
    assert why.values == {"field": "method", "value": "telepathy"}
    assert "phone 电话、visit 上门、branch 到网点、online 线上" in why.text


def test_everything_that_is_wrong_with_a_decision_is_told() -> None:
    (refused,) = up_to("contacted").reply(CreditDecision, approved=True, guarantee_mode="honour")
    assert isinstance(refused, ReplyRefused)
    assert [r.values["field"] for r in refused.reasons] == ["guarantee_mode", "amount_cny", "annual_rate"]
    assert refused.reasons[1].text == "amount_cny 缺失：同意授信时必填"


def test_another_banks_offer_is_refused_without_a_word_about_the_enterprise() -> None:
    desk = opened("bank01", "bank02")
    (refused,) = desk.tell(OfferAccept(at=desk.now, bank="bank02", offer=offer_id("bank01")), bank="bank02")
    assert refusal([refused]) == "not_your_offer"


def test_the_same_reply_again_has_no_second_effect() -> None:
    desk = opened()
    desk.reply(OfferAccept, id="r1")
    (again,) = desk.reply(OfferAccept, id="r1")
    assert isinstance(again, ReplyApplied)
    assert again.repeated
    assert refusal(desk.reply(OfferAccept, id="r1", note="other")) == "id_reused"
    first = refusal(desk.reply(OfferDecline, id="r2", reason="B3"))
    assert first == refusal(desk.reply(OfferDecline, id="r2", reason="B3")) == "unknown_reason"


def test_an_early_reply_is_held() -> None:
    desk = Desk()
    desk.register()
    assert desk.reply(OfferAccept) == [Hold(offer_id("bank01"))]
    desk.push("bank01")
    assert "OfferAccepted" in names(desk.reply(OfferAccept))
    assert desk.reply(ContactReport, method="phone") == [Hold(f"disclosed:{offer_id('bank01')}")]


def test_a_banks_own_words_are_kept_sealed_and_nowhere_else() -> None:
    desk = opened()
    out = desk.reply(OfferDecline, reason="G1", note="张三的抵押物不足")
    assert all("张三" not in e.model_dump_json() for e in out if not isinstance(e, Hold))
    assert len(desk.book.words) == 1


def test_an_expired_offer_is_offered_on_with_a_reason_of_ours() -> None:
    desk = opened()
    out = desk.let_expire()
    expired = next(e for e in out if isinstance(e, OfferExpired))
    assert (expired.reason, expired.limit) == ("B3", "accept")
    asked = next(e for e in out if isinstance(e, ReofferRequested))
    assert asked.exclude == ("bank01",)
    assert desk.case.wait
    assert desk.case.wait.limit == "match"
    assert refusal(desk.reply(OfferAccept)) == "offer_ended"


def test_while_another_offer_lives_nobody_is_asked() -> None:
    assert "ReofferRequested" not in names(opened("bank01", "bank02").let_expire("bank01"))


def test_after_six_banks_the_case_ends() -> None:
    desk = opened(*[f"bank0{n}" for n in range(1, 7)])
    for n in range(1, 7):
        desk.reply(OfferDecline, f"bank0{n}", reason="F2")
    assert desk.case.outcome == "no_bank"


@pytest.mark.parametrize("routing", [{"mode": "broadcast"}, {"mode": "named", "banks": ("bank01",)}])
def test_a_need_that_goes_to_all_ends_when_matching_has_nobody_left(routing: dict[str, Any]) -> None:
    desk = Desk()
    desk.register(**routing)
    banks = [f"bank0{n}" for n in range(1, 8)]
    for bank in banks:
        desk.push(bank)
    out = [desk.reply(OfferDecline, bank, reason="F2") for bank in banks][-1]
    (asked,) = [e for e in out if isinstance(e, ReofferRequested)]
    assert (asked.places > 0, desk.case.outcome) == (True, None)


def test_no_need_now_is_an_outcome_of_its_own() -> None:
    desk = opened()
    desk.reply(OfferDecline, reason="N1")
    assert desk.case.outcome == "no_need"


def test_a_credit_that_is_not_drawn_is_counted_as_granted() -> None:
    desk = up_to("approved")
    desk.let_expire()
    assert (desk.case.outcome, str(desk.case.outcome_cny)) == ("credited", "900000.00")


def test_a_need_without_room_waits_once_and_the_case_says_why() -> None:
    desk = Desk()
    desk.register()
    why = (Reason(code="no_room", text="符合条件的产品当日额度已用完"),)
    place = {"at": desk.now, "enterprise": FIRM, "need": NEED, "round": 0, "retry_on": desk.now.date()}
    assert desk.tell(NeedWaiting(**place, reason="next_round")) == []
    (told,) = desk.tell(NeedWaiting(**place, reason="no_room", reasons=why))
    assert isinstance(told, CaseAdvanced)
    assert (told.stage, told.wait and told.wait.limit, told.reasons) == ("waiting", "room", why)
    assert desk.tell(NeedWaiting(**place, reason="no_room", reasons=why)) == []


def test_our_own_lateness_is_an_issue_first() -> None:
    desk = up_to("accepted")
    assert names(desk.let_expire())[0] == "IssueRaised"
    assert desk.offer().live
    desk.let_expire()
    assert not desk.offer().live


def test_an_issue_is_raised_and_the_case_goes_on() -> None:
    desk = up_to("disclosed")
    assert "IssueRaised" in names(desk.reply(IssueReport, category="guarantee"))
    assert names(desk.reply(VisitReport, visited_on="2022-12-28")) == ["ReplyApplied"]


NAMES = (
    "13812345678",
    "+8613812345678",
    "138 1234-5678",
    "１３８１２３４５６７８",
    "138\u200b12345678",
    "91500112MA5U0A1B2C",
    "91500112ma5u0a1b2c",
    "9150 0112 MA5U 0A1B 2C",
    "50010119900101123x",
)


def test_an_answer_says_whose_issue_it_was_and_names_nobody() -> None:
    desk = up_to("disclosed")
    desk.reply(IssueReport, id="mine", category="guarantee")
    (issue,) = desk.book.issues
    asks = {"id": "c", "enterprise": FIRM, "issue": issue.issue, "resolution": "answered"}
    for named in NAMES:
        with pytest.raises(Refused) as refused:
            desk.tell(ResolveIssue(**asks, answer=f"请联系{named}，谢谢"))
        assert [r.code for r in refused.value.reasons] == ["names_somebody"], named
    for ours in ("confirmed", "promise_kept"):
        with pytest.raises(Refused) as refused:
            desk.tell(ResolveIssue(**asks | {"resolution": ours}))
        assert [r.values["field"] for r in refused.value.reasons] == ["query.resolution"]
    (told,) = desk.tell(ResolveIssue(**asks, answer="已协调，请致电 023-67000000，编号 20230105001"))
    assert isinstance(told, IssueResolved)
    assert (told.raised_by, told.bank, told.offer, told.category) == ("bank", "bank01", offer_id("bank01"), "guarantee")
    assert (told.reply, told.answer) == ("mine", "已协调，请致电 023-67000000，编号 20230105001")


def test_a_dispute_is_one_issue_until_the_enterprise_takes_it_back() -> None:
    desk = up_to("contacted")
    word = {"at": desk.now, "enterprise": FIRM, "need": NEED, "offer": offer_id("bank01"), "bank": "bank01"}
    disputed, confirmed = (kind(**word, statement="contacted") for kind in (EnterpriseDisputed, EnterpriseConfirmed))
    assert names(desk.tell(disputed)) == ["IssueRaised"]
    assert names(desk.tell(disputed)) == []
    assert names(desk.tell(EnterpriseConfirmed(**word, statement="visited"))) == []
    assert names(desk.tell(confirmed)) == ["IssueResolved"]
    assert [i.resolution for i in desk.book.issues] == ["confirmed"]
    assert names(desk.tell(confirmed)) == []


MOVES = [
    lambda d, b: d.reply(OfferAccept, b),
    lambda d, b: d.reply(OfferDecline, b, reason="F2"),
    lambda d, b: d.reply(ContactReport, b, method="phone"),
    lambda d, b: d.reply(DocumentsComplete, b),
    lambda d, b: d.reply(CreditDecision, b, **APPROVAL),
    lambda d, b: d.reply(CreditDecision, b, approved=False, reason="C1"),
    lambda d, b: d.reply(Disbursement, b, **PAYMENT),
    lambda d, b: d.disclose(b),
    lambda d, b: d.push(b),
    lambda d, b: d.match(2),
    lambda d, b: [d.reply(TaskReport, b, task=t.task, done=len(t.task) % 2 == 0) for t in d.case.tasks.values()],
    lambda d, b: d.let_expire(b) if offer_id(b) in d.case.offers and d.offer(b).wait else None,
    lambda d, b: d.let_expire(None) if d.case.wait else None,
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.sampled_from(["bank01", "bank02", "bank03"])), max_size=25))
def test_an_open_case_always_waits_for_somebody_and_its_log_rebuilds_it(moves: list[tuple[Any, str]]) -> None:
    desk = Desk()
    desk.register()
    for move, bank in moves:
        move(desk, bank)
        assert desk.case.outcome or [w for kind, _, w, _ in desk.case.waits() if kind != "task"]
    assert sum(isinstance(e, CaseResolved) for e in desk.log) <= 1
    folded = empty()
    for event in desk.log:
        folded.apply(event)
    assert dict(folded.cases.items()) == dict(desk.book.cases.items())
    assert NEED in folded.cases
