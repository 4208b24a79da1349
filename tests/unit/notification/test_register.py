"""The bank register over HTTP, on a real database; and the state is the fold of the event log."""

from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.notification.book import NotificationBook
from tests.unit.notification.conftest import Notification
from tests.unit.notification.door import ENTERPRISE, NEED, NOW, accepted, matched, public_key
from yuqiao.contracts.base import REGISTRY
from yuqiao.contracts.needs import NeedWithdrawn
from yuqiao.policy.time_limits import TimeLimits, default_path

KEY = public_key()


def entry(**change: Any) -> dict[str, Any]:
    body = {"name": "测试银行", "kind": "city", "local_legal_entity": True, "daily_quota": 5, "key_id": "k-1"}
    return body | {"public_key": KEY} | change


async def types(notification: Notification) -> list[str]:
    rows = await notification.pool.fetch("SELECT type FROM event_log ORDER BY seq")
    return [r["type"] for r in rows]


async def test_register_change_disable_and_switch_on_again(http: httpx.AsyncClient, notification: Notification) -> None:
    for body, changed in ((entry(), True), (entry(), False), (entry(daily_quota=9), True)):
        assert (await http.put("/banks/b1", json=body)).json() == {"bank": "b1", "changed": changed}
    assert (await http.post("/banks/b1/disable", params={"reason": "系统维护"})).json()["changed"]
    assert not (await http.post("/banks/b1/disable")).json()["changed"]
    (shown,) = (await http.get("/banks")).json()
    assert (shown["enabled"], shown["daily_quota"], shown["kind_term"]) == (False, 9, "城市商业银行")
    assert "public_key" not in shown
    assert (await http.put("/banks/b1", json=entry(daily_quota=9))).json()["changed"]
    expected = ["bank.registered", "bank.changed", "bank.disabled", "bank.changed"]
    assert await types(notification) == expected


async def test_a_key_is_kept_in_canonical_form(http: httpx.AsyncClient) -> None:
    assert (await http.put("/banks/b1", json=entry())).json()["changed"]
    assert not (await http.put("/banks/b1", json=entry(public_key=f"comment\n{KEY}\n\n"))).json()["changed"]


@pytest.mark.parametrize(
    "change",
    [
        {"public_key": "not a key"},
        {"public_key": public_key(ec.SECP384R1())},
        {"public_key": "x" * 5000},
        {"public_key": None},
        {"daily_quota": -1},
        {"daily_quota": True},
        {"daily_quota": 10**9},
        {"name": ""},
        {"name": "a\u0007b"},
        {"name": "长" * 101},
        {"kind": "casino"},
        {"key_id": "钥匙"},
        {"local_legal_entity": "perhaps"},
    ],
)
async def test_a_wrong_entry_is_refused_with_its_field(
    http: httpx.AsyncClient, notification: Notification, change: dict[str, Any]
) -> None:
    answer = await http.put("/banks/b1", json=entry(**change))
    assert answer.status_code == 422
    assert [r["values"]["field"] for r in answer.json()["reasons"]] == list(change)
    assert await types(notification) == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 10_000, b'{"name": "a\\u0000"}', b'{"name": "\\ud800"}']
)
async def test_a_body_that_is_no_entry_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    assert (await http.put("/banks/b1", content=body)).status_code == 422


async def test_an_oversized_body_and_a_bad_name_are_refused(http: httpx.AsyncClient) -> None:
    assert (await http.put("/banks/b1", content=b" " * 70_000)).status_code == 413
    for name in ("B1", "b_1", "%00b", "x" * 21):
        assert (await http.put(f"/banks/{name}", json=entry())).status_code == 422
        assert (await http.post(f"/banks/{name}/disable")).status_code == 422
    assert (await http.post("/banks/b1/disable", params={"reason": "a\u0000"})).status_code == 422


async def test_the_operator_alone_may(http: httpx.AsyncClient) -> None:
    for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": ""}):
        assert (await http.get("/banks", headers=headers)).status_code == 401
        assert (await http.put("/banks/b1", json=entry(), headers=headers)).status_code == 401
        assert (await http.post("/banks/b1/disable", headers=headers)).status_code == 401


async def test_an_unknown_bank_cannot_be_disabled(http: httpx.AsyncClient) -> None:
    answer = await http.post("/banks/b7/disable")
    assert (answer.status_code, answer.json()["code"]) == (404, "bank_unknown")


async def test_folding_the_event_log_rebuilds_the_state(http: httpx.AsyncClient, notification: Notification) -> None:
    for bank in ("b1", "b2"):
        await http.put(f"/banks/{bank}", json=entry())
    await http.post("/banks/b2/disable")
    await notification.hear(matched("b1", "b2", mode="race"), accepted("b1"))
    await notification.hear(NeedWithdrawn(at=NOW, enterprise=ENTERPRISE, need=NEED, reason="withdrawn"))
    folded = NotificationBook(limits=TimeLimits.load(default_path()))
    for row in await notification.pool.fetch("SELECT type, body FROM event_log ORDER BY seq"):
        folded.apply(REGISTRY[row["type"]].from_json(row["body"].encode()))
    async with notification.reading() as conn:
        stored = await notification.store.load_all(conn)
    assert dict(folded.banks.items()) == dict(stored.banks.items())
    assert dict(folded.offers.items()) == dict(stored.offers.items())
    assert dict(folded.voids.items()) == dict(stored.voids.items())
    assert (len(stored.offers), len(stored.voids)) == (1, 1)
    assert [(b["bank"], b["offers"]) for b in (await http.get("/banks")).json()] == [
        ("b1", {"open": 0, "total": 1}),
        ("b2", {"open": 0, "total": 0}),
    ]
