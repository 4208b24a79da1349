"""Consent at its bounds, and when two statements are one need."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from services.intake.domain import Consent, Need, brings_news, combined, is_live, is_same_need, odd_said, with_origin
from services.intake.filing import ConsentStated, Statement
from services.intake.naming import lender_named, lenders_in
from services.intake.notes import ProgressNoted
from services.intake.progress import advanced, answered, disclosed
from services.intake.shelves import Bank, OfferProgress, Progress
from yuqiao.contracts.needs import EnterpriseConfirmed, EnterpriseDisputed, IdentitySealed
from yuqiao.contracts.values import NeedFacts, Origin, Routing
from yuqiao.policy import size_class
from yuqiao.runtime.messages import BEIJING, derived_id

TODAY = date(2022, 12, 28)
ONE, LIST, OTHER_LIST = (derived_id(n) for n in ("enterprise", "list", "other list"))
ONLINE = Origin(channel="online", client="operator")


def consent(bank: str, days: int | None, revoked: bool = False) -> Consent:
    until = None if days is None else TODAY + timedelta(days=days)
    return Consent(enterprise=ONE, bank=bank, expires_on=until, revoked=revoked)


@pytest.mark.parametrize(
    ("said", "live"),
    [
        ([], False),
        ([consent("bank01", 0)], True),
        ([consent("bank01", -1)], False),
        ([consent("*", 0)], True),
        ([consent("*", -1)], False),
        ([consent("bank02", 9)], False),
        ([consent("bank01", -1), consent("*", 5)], True),
        ([consent("bank01", 5), consent("*", -1)], True),
        ([consent("bank01", None, revoked=True), consent("*", 5)], False),
        ([consent("bank01", 5, revoked=True), consent("*", 5)], False),
        ([consent("*", 5, revoked=True)], False),
        ([consent("*", 5, revoked=True), consent("bank01", 5)], True),
    ],
)
def test_consent_at_its_bounds(said: list[Consent], live: bool) -> None:
    assert is_live({c.bank: c for c in said}.get, "bank01", TODAY) is live


@pytest.mark.parametrize(
    ("routed", "banks", "days", "codes"),
    [
        ((), None, 0, []),
        (("bank01",), ("bank01", "*"), 0, []),
        (("bank99",), None, 0, [("bank_unknown", "routing.banks")]),
        ((), ("bank01", "bank99"), 0, [("bank_unknown", "consent.banks")]),
        ((), ("*",), -1, [("consent_period", "consent.expires_on")]),
    ],
)
def test_what_cannot_be_meant_in_a_need_that_is_stated_today(
    routed: tuple[str, ...], banks: tuple[str, ...] | None, days: int, codes: list[tuple[str, str]]
) -> None:
    letter = ConsentStated(banks=banks, expires_on=TODAY + timedelta(days=days)) if banks else None
    found = list(odd_said({"bank01"}.__contains__, routed, letter, TODAY))
    assert [(reason.code, reason.values["field"]) for reason in found] == codes


@pytest.mark.parametrize(
    ("known", "days", "news"),
    [
        (None, 0, True),
        (None, -1, False),
        (consent("*", 5), 5, False),
        (consent("*", 5), 6, True),
        (consent("*", 5, revoked=True), 5, False),
        (consent("*", 5, revoked=True), 6, True),
        (consent("*", None, revoked=True), 6, False),
    ],
)
def test_a_letter_brings_news_or_not(known: Consent | None, days: int, news: bool) -> None:
    assert brings_news(known, TODAY + timedelta(days=days), TODAY) is news


def need(**change: object) -> Need:
    facts = NeedFacts(kind="new_loan", amount_cny=Decimal(1000), stated_on=TODAY, tags=("tech",), region="luoqi")
    values = {"id": derived_id("need"), "enterprise": ONE, "facts": facts, "routing": Routing(), "origins": (ONLINE,)}
    return Need.model_validate(values | change)


@pytest.mark.parametrize(
    ("amount", "days", "kind", "same"),
    [
        (900, 0, "new_loan", True),
        (1100, 90, "new_loan", True),
        (1101, 0, "new_loan", False),
        (899, 0, "new_loan", False),
        (1000, 91, "new_loan", False),
        (1000, 0, "renewal", False),
    ],
)
def test_the_same_need_again(amount: int, days: int, kind: str, same: bool) -> None:
    statement = Statement(kind=kind, amount_cny=Decimal(amount))
    origin = Origin(channel="visit", list_id=LIST)
    assert is_same_need(need(), statement, origin, TODAY + timedelta(days=days)) is same


def test_two_rows_of_one_list_and_what_is_closed_are_not_the_same() -> None:
    statement, origin = Statement(kind="new_loan", amount_cny=Decimal(1000)), Origin(channel="visit", list_id=LIST)
    assert not is_same_need(need(origins=(origin,)), statement, origin, TODAY)
    assert is_same_need(need(origins=(origin,)), statement, Origin(channel="visit", list_id=OTHER_LIST), TODAY)
    assert not is_same_need(need(open=False), statement, origin, TODAY)


def test_what_is_known_stays_and_what_is_new_counts() -> None:
    facts = combined(need().facts, Statement(kind="new_loan", amount_cny=Decimal(1050), term_months=12))
    assert (facts.amount_cny, facts.term_months, facts.tags, facts.region) == (Decimal(1050), 12, ("tech",), "luoqi")
    assert facts.stated_on == TODAY


def test_the_size_class_is_that_of_the_day_on_which_the_need_was_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = {"large": {"staff": 500}, "medium": {"staff": 400}, "small": {"staff": 10}}
    rest = {"code": "other", "term": "其他未列明行业", "industries": [], **bounds}
    new = size_class.Table.model_validate(
        {"standard": "新标准", "title": "试", "valid_from": "2023-01-01", "rows": [rest]}
    )
    tables = (*size_class.tables(), new)
    monkeypatch.setattr(size_class, "tables", lambda: tables)
    figures = {"industry": "C34", "staff": 300, "revenue_cny": Decimal("2e7")}
    statement = Statement(kind="new_loan", amount_cny=Decimal(1000), **figures)
    assert [statement.facts(day).size_class for day in (TODAY, date(2023, 1, 1))] == ["medium", "small"]
    assert combined(need().facts, statement).size_class == "medium", "stated again later, it keeps its first day"


def test_a_source_stands_once_among_the_origins() -> None:
    first, second = (Origin(channel="visit", list_id=LIST, list_version=v) for v in (1, 2))
    assert with_origin((first, ONLINE), second) == (ONLINE, second)


NAMES = {
    "bank01": "测试银行（渝北）",
    "bank02": "同名银行",
    "bank03": "同名银行",
    "bank04": "改码银行",
    "bank05": "改码银行",
}
BANKS = [
    Bank(bank=code, name=name, key_id="k", public_key="", enabled=code != "bank04") for code, name in NAMES.items()
]


@pytest.mark.parametrize(
    ("text", "banks"),
    [
        (None, []),
        ("", []),
        ("bank01", ["bank01"]),
        (" BANK01 ", ["bank01"]),
        ("测试银行(渝北)", ["bank01"]),
        ("测试银行", []),
        ("同名银行", []),
        ("无、bank01", ["bank01"]),
        ("改码银行", ["bank05"]),
        ("bank04", ["bank04"]),
        ("bank01/bank02|bank03", ["bank01", "bank02", "bank03"]),
        ("bank01、bank02", ["bank01", "bank02"]),
        ("bank03，测试银行（渝北）；bank02; 某某银行,bank03", ["bank03", "bank01", "bank02"]),
    ],
)
def test_a_lender_is_a_registered_bank_by_code_or_name_and_never_a_guess(text: str | None, banks: list[str]) -> None:
    found = [lender_named(name, BANKS) for name in lenders_in(text)]
    assert [bank.bank for bank in found if bank] == banks


@pytest.mark.parametrize("nobody", ["无", " 暂无 ", "没有", "-", "——", None, ""])
def test_words_for_none_name_nobody_who_would_be_waited_for(nobody: str | None) -> None:
    assert lenders_in(nobody) == ()


def test_an_answer_is_kept_by_offer_and_statement_and_outlasts_what_comes_after() -> None:
    now = datetime(2022, 12, 28, 10, tzinfo=BEIJING)
    first, second = (OfferProgress(offer=derived_id(o), bank="bank01", stage="visited", reached=()) for o in "ab")
    before = Progress(need=derived_id("need"), enterprise=ONE, stage="in_process", at=now, offers=(first, second))
    on = {"enterprise": ONE, "need": before.need, "offer": first.offer, "bank": "bank01"}
    later = now + timedelta(days=1)
    after = answered(before, EnterpriseDisputed(**on, statement="contacted", at=later))
    after = answered(after, EnterpriseConfirmed(**on, statement="visited", at=later))
    after = answered(after, EnterpriseConfirmed(**on, statement="contacted", at=later + timedelta(days=1)))
    assert {w.statement: (w.agreed, (w.at - now).days) for w in after.offers[0].words} == {
        "visited": (True, 1),
        "contacted": (True, 2),
    }
    assert after.but(offers=before.offers) == before
    assert after.offers[1] == second
    moved = advanced(after, ProgressNoted(**on, offer_stage="approved", at=later))
    moved = disclosed(moved, IdentitySealed(**on, key_id="k1", sealed="x", at=later))
    assert moved.offers[0].words == after.offers[0].words


def test_progress_that_was_saved_without_answers_still_loads() -> None:
    offer = {"offer": derived_id("a"), "bank": "bank01", "stage": "contacted", "reached": ["contacted"]}
    loaded = OfferProgress.model_validate(offer)
    assert (loaded.words, loaded.word("contacted")) == ((), None)
