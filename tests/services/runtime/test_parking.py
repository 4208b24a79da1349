"""What is parked, held or given up: commands and deadlines of a parked key, replays asked for twice, and what never came."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.services.runtime import toy
from tests.services.runtime.test_effectively_once import ask, begin, log, make_shell, run_replays, texts
from tests.services.runtime.toy import Nudge, Overdue, batch, record
from yuqiao.runtime.batch import Batch, arrival_of_command, arrival_of_deadline, arrival_of_held, arrival_of_parked
from yuqiao.runtime.messages import BEIJING, Refused
from yuqiao.runtime.records import record_from_row
from yuqiao.runtime.shell import Q, Shell


@pytest.fixture(autouse=True)
def whole() -> Any:
    yield
    toy.broken.clear()


async def open_parked(pool: Any) -> list[tuple[str, str, bool]]:
    rows = await pool.fetch("SELECT key, kind, behind FROM parked WHERE decided_at IS NULL ORDER BY id")
    return [(r["key"], r["kind"], r["behind"]) for r in rows]


async def test_a_command_of_a_parked_key_is_refused_and_one_of_another_is_not(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "1", "raise")))
    mine, other = arrival_of_command(Nudge(id="1", thing="a")), arrival_of_command(Nudge(id="2", thing="b"))
    await shell.run(Batch([mine, other]))
    assert isinstance(mine.outcome, Refused)
    assert (mine.outcome.code, mine.outcome.status) == ("parked", 409)
    assert await texts(toy_pool, "b") == ("2",)


async def test_a_deadline_that_raises_parks_its_key_and_runs_in_its_turn_when_it_is_replayed(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    toy.broken.add("overdue")
    await shell.run(batch(record(0, "a", "1")))
    due = [arrival_of_deadline(Overdue(key="a", due_at=toy.START))]
    await shell.run(Batch(due))
    await shell.run(batch(record(1, "a", "2"), record(2, "b", "3")))
    assert await open_parked(toy_pool) == [("a", "deadline", False), ("a", "record", True)]
    assert await texts(toy_pool, "b") == ("3",)
    await ask(toy_pool, "replay")
    await run_replays(shell)  # still broken: both stay
    assert await toy_pool.fetchval("SELECT max(attempts) FROM parked") == 2
    assert await texts(toy_pool, "a") == ("1",)
    toy.broken.clear()
    await ask(toy_pool, "replay")
    await run_replays(shell)
    assert await open_parked(toy_pool) == []
    assert await log(toy_pool, "a") == [(1, "1"), (2, "overdue"), (3, "2")]


async def test_a_deadline_behind_a_parked_message_waits_for_it(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    toy.broken.add("1")
    await shell.run(batch(record(0, "a", "1")))
    await shell.run(Batch([arrival_of_deadline(Overdue(key="a", due_at=toy.START))]))
    assert await open_parked(toy_pool) == [("a", "record", False), ("a", "deadline", True)]
    toy.broken.clear()
    await ask(toy_pool, "replay")
    await run_replays(shell)
    assert await texts(toy_pool, "a") == ("1", "overdue")


async def test_a_replay_by_two_processes_at_once_happens_once(toy_pool: Any) -> None:
    await begin(toy_pool)
    toy.broken.add("1")
    await make_shell(toy_pool).run(batch(record(0, "a", "1"), record(1, "a", "2")))
    toy.broken.clear()
    await ask(toy_pool, "replay")
    seen = await toy_pool.fetch(Q.replay_ready, 100)  # by both, before either begins
    again = [Batch([arrival_of_parked(row, toy.toy.on) for row in seen]) for _ in range(2)]
    await asyncio.gather(*(make_shell(toy_pool, f"p{n}").run(both) for n, both in enumerate(again)))
    await ask(toy_pool, "replay")  # and once more, when nothing is open
    await run_replays(make_shell(toy_pool))
    assert await log(toy_pool, "a") == [(1, "1"), (2, "2")]


async def test_what_comes_while_its_key_is_replayed_comes_after_it(toy_pool: Any) -> None:
    await begin(toy_pool)
    toy.broken.add("1")
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "1")))
    toy.broken.clear()
    await ask(toy_pool, "replay")
    await shell.run(batch(record(1, "a", "2")))  # asked for, not yet run
    await run_replays(shell)
    assert await open_parked(toy_pool) == []
    assert await log(toy_pool, "a") == [(1, "1"), (2, "2")]


async def test_what_is_dropped_frees_its_key(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "1", "raise")))
    await toy_pool.execute("UPDATE parked SET asked = 'drop', decided_at = now(), outcome = 'dropped'")
    await shell.run(batch(record(1, "a", "2")))
    assert await log(toy_pool, "a") == [(1, "2")]


async def give_up(shell: Shell[toy.ToyBook], later: timedelta) -> None:
    rows = await shell.pool.fetch(Q.held_ready, datetime.now(BEIJING) + later, 10)
    again = [arrival_of_held(record_from_row(r), r["id"], r["expired"], r["subject"]) for r in rows]
    if again:
        await shell.run(Batch(again))


async def test_what_waits_for_a_subject_that_never_comes_is_given_up_once(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "early", "hold:S")))
    await give_up(shell, timedelta(hours=23))
    assert await texts(toy_pool, "a") == ()
    await give_up(shell, timedelta(hours=25))
    await give_up(shell, timedelta(hours=26))
    assert await texts(toy_pool, "a") == ("gave up S",)
    await shell.run(batch(record(1, "a", "x", "introduce:S")))
    assert await texts(toy_pool, "a") == ("gave up S", "S"), "what was given up does not come back"


async def test_an_early_message_that_raises_when_its_subject_comes_is_parked(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "early", "hold:S"), record(1, "a", "later", "hold:S")))
    toy.broken.add("early")
    await shell.run(batch(record(2, "a", "x", "introduce:S")))
    assert await open_parked(toy_pool) == [("a", "record", False), ("a", "record", True)]
    toy.broken.clear()
    await ask(toy_pool, "replay")
    await run_replays(shell)
    assert await texts(toy_pool, "a") == ("S", "early", "later")
