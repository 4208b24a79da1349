"""What an event of a case says: terms for its codes, and what it is about."""

from typing import Any

import pytest

from deploy.timeline import limit_term, said

WAIT = {"limit": "accept", "on": "bank", "due_at": "2022-12-30T00:00:00+08:00"}
RAISED = {"issue": "i", "raised_by": "bank", "offer": "o", "category": "documents", "level": "handler"}
RESOLVED = {k: v for k, v in RAISED.items() if k != "level"} | {"resolution": "answered", "answer": "已协调"}
CASE = {"tasks": {"t": {"text": "督导对接"}}, "timeline": [{"event": RAISED}, {"event": RESOLVED}]}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"stage": "offered", "offer": "o", "wait": WAIT}, "待受理；等候银行（受理时限）至 2022-12-29 24:00"),
        ({"stage": "waiting"}, "待匹配"),
        (RAISED, "银行提出：材料；层级：承办"),
        ({"issue": "i", "level": "taskforce"}, "银行提出：材料；层级：专班会议"),
        (RESOLVED, "银行提出：材料；已答复；“已协调”"),
        ({"issue": "i", "resolution": "promise_kept"}, "银行提出：材料；措施已兑现"),
        ({"issue": "i", "resolution": "by.word"}, "银行提出：材料；by.word"),
        ({"outcome": "financed", "amount_cny": "1.00", "reasons": []}, "已放款；1.00 元"),
        ({"stage": "offered", "offer": "o", "reason": "N3"}, "止于待受理；N3 联系不上"),
        ({"offer": "o", "limit": "contact", "reason": "new"}, "new；首次联系时限已过"),
        ({"task": "t"}, "督导对接"),
        ({"reply_type": "reply.accept", "repeated": True}, "reply.accept（重复）"),
        ({"stage": "approved", "offer": "o", "annual_rate": "0.0385"}, "已授信；年利率 3.85%"),
        ({"kind": "offer", "ref": "o", "wait": WAIT}, "等候银行（受理时限）至 2022-12-29 24:00"),
        ({"kind": "renewal", "channel": "scan", "mode": "race"}, "续贷；扫码；抢单"),
        ({"places": 2}, "再推送至多 2 家银行"),
    ],
    ids=str,
)
def test_codes_are_said_with_their_terms(event: dict[str, Any], told: str) -> None:
    assert said(event, CASE) == told


def test_a_limit_that_our_file_does_not_know_is_its_code() -> None:
    assert (limit_term("disclose"), limit_term("new")) == ("披露时限", "new")
