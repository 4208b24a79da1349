"""The enterprise's page: progress, consent, its word; disclosure end to end; and the state as the fold of the log."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.intake.book import IntakeBook
from services.intake.identity import Keys, sign_link
from tests.unit.intake.harness import Intake
from tests.unit.intake.samples import NEED, csv_bytes, row
from yuqiao.contracts.banks import BankRegistered
from yuqiao.contracts.base import event_type
from yuqiao.contracts.cases import CaseAdvanced, CaseResolved, IssueResolved, OfferAccepted, OfferDeclined, Wait
from yuqiao.contracts.sealing import open_borrower, open_sealed
from yuqiao.policy.calendar import BEIJING
from yuqiao.runtime.messages import derived_id

JSON = {"Accept": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HIT = {"industry": "C34", "staff": 50, "revenue_cny": "5000000.00", "covid_affected": True}
OFFER = derived_id("an offer")
PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())
PEM = PRIVATE_KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = (
    PRIVATE_KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


def bank(intake: Intake, key: str = PUBLIC) -> BankRegistered:
    return BankRegistered(
        bank="bank01",
        name="测试银行01",
        kind="city",
        local_legal_entity=True,
        daily_quota=9,
        key_id="k1",
        public_key=key,
        at=intake.clock.now,
    )


async def stated(intake: Intake, http: httpx.AsyncClient, **change: Any) -> tuple[dict[str, Any], str]:
    """A registered need's event, and the path of its page."""
    body = {k: v for k, v in (NEED | change).items() if v is not None}
    response = await http.post("/needs", json=body, headers={"Idempotency-Key": "k"})
    assert response.status_code == 201, response.text
    (registered,) = await intake.log("need.registered")
    return registered, "/e/" + response.json()["link"].rsplit("/", 1)[1]


def of(need: dict[str, Any], intake: Intake) -> dict[str, Any]:
    return {"enterprise": need["enterprise"], "need": need["need"], "at": intake.clock.now}


def accepted(need: dict[str, Any], intake: Intake) -> OfferAccepted:
    wait = Wait(limit="disclose", on="office", due_at=intake.clock.now + timedelta(days=1))
    return OfferAccepted(offer=OFFER, bank="bank01", wait=wait, **of(need, intake))


async def test_an_accepting_bank_gets_the_identity_and_nobody_else_can_read_it(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    need, path = await stated(intake, http)
    await intake.hear(bank(intake), accepted(need, intake))
    (sealed,) = await intake.log("identity.sealed")
    assert open_sealed(sealed["sealed"], PEM).uscc == NEED["uscc"]
    assert (sealed["bank"], sealed["offer"]) == ("bank01", OFFER)
    shown = (await http.get(path, headers=JSON)).json()
    assert (shown["stage"], shown["banks"][0]["stage_term"]) == ("in_process", "已披露")


async def test_a_bank_that_accepts_before_it_is_known_here_waits(intake: Intake, http: httpx.AsyncClient) -> None:
    need, _ = await stated(intake, http)
    event = accepted(need, intake)
    await intake.hear_record(event)
    assert await intake.pool.fetchval("SELECT subject FROM held") == "bank:bank01"
    await intake.hear(bank(intake))
    await intake.hear_held()
    assert len(await intake.log("identity.sealed")) == 1


async def test_without_consent_the_identity_is_withheld_until_it_is_given(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    need, path = await stated(intake, http, consent=None)
    await intake.hear(bank(intake), accepted(need, intake))
    (withheld,) = await intake.log("identity.withheld")
    assert withheld["reason"] == "consent_missing"
    grant = {"bank": "bank01", "expires_on": "2023-01-31"}
    response = await http.post(f"{path}/consent", json=grant, headers=JSON)
    assert response.json()["banks"][0]["consent"] == {"live": True, "revoked": False, "expires_on": "2023-01-31"}
    assert len(await intake.log("identity.sealed")) == 1
    assert await intake.pool.fetchval("SELECT count(*) FROM pending") == 0
    await http.post(f"{path}/consent", json=grant, headers=JSON)
    assert len(await intake.log("consent.granted")) == 1


async def test_a_revocation_for_a_bank_beats_a_consent_for_all(intake: Intake, http: httpx.AsyncClient) -> None:
    need, path = await stated(intake, http)
    assert (await http.post(f"{path}/revoke", json={"bank": "bank01"}, headers=JSON)).status_code == 200
    await intake.hear(bank(intake), accepted(need, intake))
    assert [e["reason"] for e in await intake.log("identity.withheld")] == ["consent_missing"]


async def test_a_lender_without_a_usable_key_is_asked_when_it_has_one(intake: Intake, http: httpx.AsyncClient) -> None:
    await intake.hear(bank(intake, "no key"))
    await stated(intake, http, lender="测试银行01", **HIT)
    assert (
        len(await intake.log("intake.lender_awaited"))
        == await intake.pool.fetchval("SELECT count(*) FROM pending")
        == 1
    )
    await intake.hear(bank(intake))
    await intake.meet()
    (sealed,) = await intake.log("lender.sealed")
    assert open_borrower(sealed["sealed"], PEM).uscc == NEED["uscc"]
    assert await intake.pool.fetchval("SELECT count(*) FROM pending") == 0
    assert "测试银行01" not in str(await intake.log("intake.lender_awaited"))


async def test_a_bank_without_a_usable_key_gets_the_identity_when_it_has_one(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    need, _ = await stated(intake, http)
    await intake.hear(bank(intake, "no key"), accepted(need, intake))
    assert [e["reason"] for e in await intake.log("identity.withheld")] == ["bank_key_missing"]
    await intake.hear(bank(intake))
    await intake.meet()
    assert len(await intake.log("identity.sealed")) == 1


async def test_an_ended_offer_is_not_disclosed_by_a_later_consent(intake: Intake, http: httpx.AsyncClient) -> None:
    need, path = await stated(intake, http, consent=None)
    await intake.hear(bank(intake), accepted(need, intake))
    declined = OfferDeclined(
        offer=OFFER, bank="bank01", stage="withheld", reason="F4", repairable=False, **of(need, intake)
    )
    await intake.hear(declined)
    await http.post(f"{path}/consent", json={"bank": "*", "expires_on": "2023-01-31"}, headers=JSON)
    assert not await intake.log("identity.sealed")
    shown = (await http.get(path, headers=JSON)).json()["banks"][0]
    assert (shown["stage"], shown["reason"], bool(shown["reason_term"])) == ("declined", "F4", True)


async def test_withdrawing_ends_it_once(intake: Intake, http: httpx.AsyncClient) -> None:
    need, path = await stated(intake, http)
    for _ in range(2):
        assert (await http.post(f"{path}/withdraw", json={}, headers=JSON)).json()["open"] is False
    assert [e["reason"] for e in await intake.log("need.withdrawn")] == ["withdrawn"]
    await intake.hear(bank(intake), accepted(need, intake))
    assert [e["reason"] for e in await intake.log("identity.withheld")] == ["need_withdrawn"]


async def test_the_enterprise_has_its_word_on_what_a_bank_reported(intake: Intake, http: httpx.AsyncClient) -> None:
    need, path = await stated(intake, http)
    word = {"offer": OFFER, "statement": "contacted"}
    assert (await http.post(f"{path}/confirm", json=word, headers=JSON)).json()["code"] == "offer_unknown"
    await intake.hear(CaseAdvanced(offer=OFFER, bank="bank01", stage="offered", **of(need, intake)))
    assert (await http.post(f"{path}/dispute", json=word, headers=JSON)).json()["code"] == "nothing_reported"
    await intake.hear(bank(intake), accepted(need, intake))
    await intake.hear(CaseAdvanced(offer=OFFER, bank="bank01", stage="contacted", **of(need, intake)))
    lent = word | {"statement": "disbursed"}
    assert (await http.post(f"{path}/dispute", json=lent, headers=JSON)).json()["code"] == "nothing_reported"
    for action in ("confirm", "confirm", "dispute"):
        assert (await http.post(f"{path}/{action}", json=word, headers=JSON)).status_code == 200
    assert len(await intake.log("enterprise.confirmed")) == len(await intake.log("enterprise.disputed")) == 1


async def reported(need: dict[str, Any], intake: Intake, *stages: str) -> None:
    """A bank that accepted has reported these."""
    await intake.hear(bank(intake), accepted(need, intake))
    for stage in stages:
        await intake.hear(CaseAdvanced(offer=OFFER, bank="bank01", stage=stage, **of(need, intake)))


async def test_the_page_shows_what_was_answered_and_offers_the_other_answer_only(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    need, path = await stated(intake, http)
    await reported(need, intake, "contacted")

    async def shown() -> tuple[bool, bool, bool, bool, bool]:
        text = (await http.get(path, headers=BROWSER)).text
        said = ("是否属实？", "您已确认属实（2022-12-29）", "您已提出异议（2022-12-29）", "/confirm", "/dispute")
        asks, agreed, disputed, confirm, dispute = (s in text for s in said)
        return asks, agreed, disputed, confirm, dispute

    assert await shown() == (True, False, False, True, True)
    intake.clock.now = datetime(2022, 12, 28, 16, 30, tzinfo=UTC)  # half past midnight in Beijing
    word = {"offer": OFFER, "statement": "contacted"}
    await http.post(f"{path}/confirm", data=word, headers=BROWSER)
    assert await shown() == (False, True, False, False, True)
    await http.post(f"{path}/dispute", data=word, headers=BROWSER)
    assert await shown() == (False, False, True, True, False)
    await reported(need, intake, "visited")
    assert await shown() == (True, False, True, True, True)
    (offer,) = (await http.get(path, headers=JSON)).json()["banks"]
    disputed = {"agreed": False, "at": "2022-12-29T00:30+08:00"}
    assert offer["answers"] == {"contacted": disputed | {"office": None}}


async def test_the_office_answers_a_dispute_on_the_page(intake: Intake, http: httpx.AsyncClient) -> None:
    need, path = await stated(intake, http)
    await reported(need, intake, "contacted")
    word = {"offer": OFFER, "statement": "contacted"}
    issue = {**of(need, intake), "issue": OFFER, "offer": OFFER, "bank": "bank01", "category": "disputed.contacted"}
    mine = issue | {"raised_by": "enterprise", "resolution": "answered", "answer": "已请该行改正 <b>"}

    async def shown() -> tuple[str, Any]:
        text = (await http.get(path, headers=BROWSER)).text
        return text, (await http.get(path, headers=JSON)).json()

    await intake.hear(IssueResolved(**mine))
    assert await intake.log("intake.dispute_answered") == [], "nothing is disputed"
    await http.post(f"{path}/dispute", json=word, headers=JSON)
    disputed_at = intake.clock.now
    for other in ({"raised_by": "bank"}, {"raised_by": None}, {"category": "tax"}, {"offer": None}):
        await intake.hear(IssueResolved(**mine | other))
    await intake.hear(IssueResolved(**mine, raised_at=disputed_at - timedelta(seconds=1)))
    assert await intake.log("intake.dispute_answered") == [], "it is another dispute that was answered"
    intake.clock.now += timedelta(days=1)
    await intake.hear(IssueResolved(**mine, raised_at=disputed_at))
    text, found = await shown()
    assert "区金融办已答复（2022-12-29）：已请该行改正 &lt;b&gt;" in text
    assert ("改为属实" in text, "仍不属实" in text, found["updated_at"][:10]) == (True, True, "2022-12-29")
    office = found["banks"][0]["answers"]["contacted"]["office"]
    assert (office["resolution_term"], office["text"]) == ("已答复", "已请该行改正 <b>")
    for action in ("dispute", "dispute", "confirm"):
        await http.post(f"{path}/{action}", json=word, headers=JSON)
        assert "区金融办已答复" not in (await shown())[0], "it answered another word"
    assert len(await intake.log("enterprise.disputed")) == 2, "once more after the answer"


async def test_a_mind_may_change_and_change_back_and_what_is_repeated_is_said_once(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    need, path = await stated(intake, http)
    await reported(need, intake, "contacted", "visited")
    word = {"offer": OFFER, "statement": "contacted"}
    for action in ("dispute", "dispute", "confirm", "confirm", "dispute", "dispute"):
        assert (await http.post(f"{path}/{action}", json=word, headers=JSON)).status_code == 200
    await http.post(f"{path}/confirm", json=word | {"statement": "visited"}, headers=JSON)
    rows = await intake.pool.fetch("SELECT type FROM event_log WHERE type LIKE 'enterprise.%' ORDER BY seq")
    said = [r["type"].removeprefix("enterprise.") for r in rows]
    assert said == ["disputed", "confirmed", "disputed", "confirmed"]
    (offer,) = (await http.get(path, headers=JSON)).json()["banks"]
    assert {k: a["agreed"] for k, a in offer["answers"].items()} == {"contacted": False, "visited": True}


async def test_the_page_is_a_page(intake: Intake, http: httpx.AsyncClient) -> None:
    need, path = await stated(intake, http, enterprise_name='<script>alert("测试")</script>')
    await intake.hear(bank(intake), accepted(need, intake))
    page = await http.get(path, headers={"Accept": "text/html"})
    assert "<script>" not in page.text
    assert "测试银行01" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    posted = await http.post(f"{path}/revoke", data={"bank": "*"}, headers={"Accept": "text/html"})
    assert (posted.status_code, posted.headers["location"]) == (303, path)
    opened = await http.get(f"{path}/revoke")  # a tab with a form's address, opened again
    assert (opened.status_code, opened.headers["location"]) == (303, path)
    await intake.hear(CaseResolved(outcome="financed", offer=OFFER, bank="bank01", **of(need, intake)))
    assert "已放款" in (await http.get(path)).text


@pytest.mark.parametrize(("year", "counted", "said"), [(2023, False, False), (2023, True, True), (2099, False, True)])
async def test_a_day_that_was_counted_or_lies_beyond_the_calendar_is_said_to_be_provisional(
    intake: Intake, http: httpx.AsyncClient, year: int, counted: bool, said: bool
) -> None:
    need, path = await stated(intake, http)
    wait = Wait(limit="documents", on="enterprise", due_at=datetime(year, 2, 1, tzinfo=BEIJING), provisional=counted)
    await intake.hear(CaseAdvanced(offer=OFFER, bank="bank01", stage="contacted", wait=wait, **of(need, intake)))
    page = (await http.get(path, headers={"Accept": "text/html"})).text
    assert (f"最迟 {year}-01-31 24:00" in page, "（暂算）" in page) == (True, said)


@pytest.mark.parametrize("token", ["x", "é", "A" * 48, "A" * 5000])
async def test_a_link_that_is_none_opens_nothing(http: httpx.AsyncClient, token: str) -> None:
    response = await http.get(f"/e/{token}")
    assert (response.status_code, response.json()["code"]) == (404, "link_invalid")


async def test_a_link_ends(intake: Intake, http: httpx.AsyncClient) -> None:
    need, _ = await stated(intake, http)
    keys = Keys.of(intake.settings.secret.get_secret_value())
    today = date(2022, 12, 28)
    assert (await http.get(f"/e/{sign_link(keys, need['need'], today)}", headers=JSON)).status_code == 200
    response = await http.get(f"/e/{sign_link(keys, need['need'], today - timedelta(days=1))}")
    assert response.json()["code"] == "link_expired"
    other = Keys.of("another secret of others")
    assert (await http.get(f"/e/{sign_link(other, need['need'], today)}")).json()["code"] == "link_invalid"


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
async def test_a_broken_link_is_a_problem_for_programs(http: httpx.AsyncClient, accept: str) -> None:
    response = await http.get("/e/nothing", headers={"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


async def test_a_link_that_is_broken_or_over_is_a_page_in_chinese_for_a_browser(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    need, _ = await stated(intake, http)
    over = sign_link(
        Keys.of(intake.settings.secret.get_secret_value()), need["need"], intake.clock.now.date() - timedelta(days=1)
    )
    for path, status, said in (("/e/nothing", 404, "链接无效"), (f"/e/{over}", 410, "重新获取链接")):
        response = await http.get(path, headers=BROWSER)
        assert (response.status_code, response.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert response.headers["cache-control"] == "no-store"
        assert said in response.text
        assert 'lang="zh-CN"' in response.text
        assert "返回" not in response.text


async def test_a_form_that_is_refused_is_a_page_with_the_way_back(intake: Intake, http: httpx.AsyncClient) -> None:
    _, path = await stated(intake, http)
    form = {"bank": "*", "expires_on": "2022-01-01"}
    response = await http.post(f"{path}/consent", data=form, headers=BROWSER)
    assert response.status_code == 422
    assert "授权有效期须从今天起" in response.text
    assert f'href="{path}"' in response.text


async def test_the_state_is_the_fold_of_the_log(intake: Intake, http: httpx.AsyncClient) -> None:
    for rows in ([row(1), row(2), row(3)], [row(1), row(2, **{"金额(万元)": "90"}), row(4, 授权有效期至="2022-01-01")]):
        await http.post("/lists", files={"file": ("清单.csv", csv_bytes(rows))})
    lent = NEED | HIT | {"lender": "测试银行01、某某银行"}
    await http.post("/needs", json=lent, headers={"Idempotency-Key": "k"})
    need = (await intake.log("need.registered"))[0]
    await reported(need, intake, "contacted")
    await intake.meet()
    keys = Keys.of(intake.settings.secret.get_secret_value())
    path = f"/e/{sign_link(keys, need['need'], intake.clock.now.date())}"
    word = {"offer": OFFER, "statement": "contacted"}
    assert (await http.post(f"{path}/dispute", json=word, headers=JSON)).status_code == 200
    assert (len(await intake.log("intake.lender_awaited")), len(await intake.log("lender.sealed"))) == (2, 1)
    book = IntakeBook()
    for logged in await intake.pool.fetch("SELECT type, body FROM event_log ORDER BY seq"):
        kind = event_type(logged["type"])
        assert kind
        book.apply(kind.from_json(logged["body"].encode()))
    async with intake.reading() as conn:
        stored = await intake.store.load_all(conn)
    for shelf in ("needs", "consents", "pendings", "progress", "rows", "lists", "answers", "banks"):
        folded, kept = (dict(getattr(b, shelf).items()) for b in (book, stored))
        assert json.dumps({k: v.model_dump_json() for k, v in folded.items()}, sort_keys=True) == json.dumps(
            {k: v.model_dump_json() for k, v in kept.items()}, sort_keys=True
        ), shelf
