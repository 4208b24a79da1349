"""暂算: what was due on a day that no holiday notice covered is due on another when one does, also after a restart."""

from datetime import date, datetime
from typing import Any

import pytest

from services.feedback.messages import RecountDue
from tests.services.house import House, Room
from tests.services.test_catalogue import BANK, open_bank
from tests.unit.intake.samples import NEED
from yuqiao.contracts.cases import OfferExpired
from yuqiao.contracts.to_bank import NeedOffered
from yuqiao.policy import calendar as policy
from yuqiao.policy.calendar import BEIJING, WorkingCalendar
from yuqiao.policy.calendar_table import rows_in
from yuqiao.policy.datafile import text_of

UNTIL = date(2022, 12, 31)
"""In the first table; 2023-01-02 is a holiday, which only the whole one knows."""


def know(house: House, last: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every service starts with the table up to this day."""
    table = WorkingCalendar({row.day: row.is_working for row in rows_in(text_of("calendar.csv")) if row.day <= last})
    monkeypatch.setattr(policy, "_installed", lambda: table)
    for name, room in house.rooms.items():
        again = Room(house, name, room.pool)
        again.position = room.position
        house.rooms[name] = again


async def waits(house: House, need: str) -> dict[str, Any]:
    async with house.calling("feedback") as operator:
        found = (await operator.get(f"/cases/{need}")).json()
    (offer,) = found["offers"].values()
    return dict(offer["wait"])


async def test_a_provisional_day_moves_when_the_notice_is_known(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    know(house, UNTIL, monkeypatch)
    house.now = datetime(2022, 12, 30, 10, tzinfo=BEIJING)
    await open_bank(house)
    async with house.calling("intake") as operator:
        need = (await operator.post("/needs", json=NEED, headers={"Idempotency-Key": "k"})).json()["need"]
    await house.settle()
    (offered,) = house.said(NeedOffered)
    before = await waits(house, need)
    assert (before["due_at"], before["provisional"]) == ("2023-01-03T00:00:00+08:00", True)
    assert offered.respond_by == datetime.fromisoformat(before["due_at"])

    know(house, date.max, monkeypatch)
    feedback = house.rooms["feedback"]
    due = await feedback.store.due(feedback.pool, house.now, 10)
    assert {(type(d), d.kind) for d in due} == {(RecountDue, "offer"), (RecountDue, "task")}
    await house.settle()
    after = await waits(house, need)
    assert (after["due_at"], after["provisional"], after["since"]) == ("2023-01-04T00:00:00+08:00", False, None)
    assert await feedback.store.due(feedback.pool, house.now, 10) == []
    async with house.calling("feedback") as operator:
        timeline = (await operator.get(f"/cases/{need}")).json()["timeline"]
    assert [row["event"]["kind"] for row in timeline if row["type"] == "feedback.wait_recounted"] == ["offer", "task"]

    house.now = datetime(2023, 1, 3, 10, tzinfo=BEIJING)
    await house.settle()
    assert house.said(OfferExpired) == [], f"{BANK} has until the day's end"
    house.now = datetime(2023, 1, 4, tzinfo=BEIJING)
    await house.settle()
    assert [e.due_at for e in house.said(OfferExpired)] == [house.now]
