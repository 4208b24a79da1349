"""What a batch appends to the log is what it publishes, number by number."""

from typing import Any

from tests.services.runtime.toy import START, Given, Pong
from yuqiao.contracts.base import Event
from yuqiao.runtime.batch import Arrival
from yuqiao.runtime.messages import Cause
from yuqiao.runtime.writing import Emitted, append


def said(cause: str, things: str) -> list[Emitted]:
    """An event for each letter, a note for each `-`, all from one message."""
    arrival = Arrival(Cause(cause, "test.ping"), keys=("locked",))

    def event(place: int, thing: str) -> Event:
        if thing == "-":
            return Given(at=START, thing="a", subject=str(place))
        return Pong(at=START, thing=thing, text=f"{cause}{place}")

    return [Emitted(event(place, thing), arrival, place) for place, thing in enumerate(things)]


async def test_numbers_go_on_for_each_key_in_the_order_of_the_events(toy_pool: Any) -> None:
    rows, others = [], []
    for cause, things in (("x", "b-abba-"), ("y", "-"), ("z", "ab-cb")):
        async with toy_pool.acquire() as conn, conn.transaction():
            appended, unsent_by_others = await append(conn, "toy", said(cause, things), "one")
        rows += appended
        others.append(unsent_by_others)
    assert [(r.key, r.envelope.sequence) for r in rows] == [
        *[("b", 1), ("a", 1), ("b", 2), ("b", 3), ("a", 2)],
        *[("a", 3), ("b", 4), ("c", 1), ("b", 5)],
    ]
    logged = await toy_pool.fetch("SELECT * FROM event_log ORDER BY seq")
    assert [r["sequence"] for r in logged if r["topic"] is None] == [0, 0, 0, 0]
    assert [(r.seq, r.envelope.id, r.key, r.envelope.sequence, r.body.decode()) for r in rows] == [
        (r["seq"], str(r["id"]), r["key"], r["sequence"], r["body"]) for r in logged if r["topic"]
    ]
    unsent = await toy_pool.fetch("SELECT seqs FROM unsent ORDER BY seq")
    assert [seq for batch in unsent for seq in batch["seqs"]] == [r.seq for r in rows]
    assert others == [False, False, False]
