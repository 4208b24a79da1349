"""The shell as a function of records on a real database: duplicates, crashes, order, zombies, poison."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.services.runtime import toy
from tests.services.runtime.toy import Nudge, batch, record
from yuqiao.contracts.streams import BANKS
from yuqiao.runtime.batch import Batch, Committed, arrival_of_command, arrival_of_parked, arrival_of_record
from yuqiao.runtime.clock import SystemClock
from yuqiao.runtime.gateway import Outcome
from yuqiao.runtime.messages import Refused
from yuqiao.runtime.records import Record
from yuqiao.runtime.shell import Q, Shell, StalePosition


class Crash(BaseException):
    """The process ends here."""


def make_shell(pool: Any, writer: str = "one") -> Shell[toy.ToyBook]:
    return Shell(toy.toy, toy.ToyStore(), pool, SystemClock(), writer=writer, held_for=timedelta(days=1))


async def begin(pool: Any) -> None:
    await pool.execute("INSERT INTO position VALUES ($1, 0, 0)", toy.TOPIC)


async def texts(pool: Any, thing: str) -> tuple[str, ...]:
    rows = await pool.fetch("SELECT body FROM counted WHERE thing = $1", thing)
    return toy.Counted.model_validate_json(rows[0]["body"]).texts if rows else ()


async def log(pool: Any, thing: str) -> list[tuple[int, str]]:
    rows = await pool.fetch("SELECT sequence, body FROM event_log WHERE key = $1 ORDER BY seq", thing)
    return [(r["sequence"], toy.body(r["body"])["text"]) for r in rows]


async def test_a_batch_is_applied_in_order_and_logged_with_sequences_per_key(toy_pool: Any) -> None:
    await begin(toy_pool)
    done = await make_shell(toy_pool).run(batch(record(0, "a", "1"), record(1, "b", "2"), record(2, "a", "3")))
    assert await log(toy_pool, "a") == [(1, "1"), (2, "3")]
    assert await log(toy_pool, "b") == [(1, "2")]
    assert [(r.key, r.envelope.sequence) for r in done.rows] == [("a", 1), ("b", 1), ("a", 2)]


async def test_a_duplicate_delivery_changes_nothing(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "1"), record(1, "a", "1")))
    again = await shell.run(batch(record(2, "a", "1")))
    assert await texts(toy_pool, "a") == ("1",)
    assert (again.applied, again.skipped) == (0, 1)


async def test_what_a_compacted_topic_keeps_for_ever_is_known_for_ever(toy_pool: Any) -> None:
    async def come(offset: int, *topics: str) -> Committed:
        moves = {(topic, 0): (offset, offset + 1) for topic in topics}
        come = [arrival_of_record(record(offset, "a", topic)._replace(topic=topic)) for topic in topics]
        return await make_shell(toy_pool).run(Batch(come, moves))

    topics = (toy.TOPIC, BANKS.name)
    await toy_pool.executemany("INSERT INTO position VALUES ($1, 0, 0)", [(topic,) for topic in topics])
    assert (await come(0, *topics)).applied == 2
    await toy_pool.execute(Q.forget_inbox, -1)  # as days later
    assert await toy_pool.fetchval("SELECT count(*) FROM inbox") == 1
    assert (await come(1, BANKS.name)).applied == 0


async def test_the_same_id_with_other_bytes_is_parked(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "1")))
    await shell.run(batch(record(1, "a", "2", id="id-1")))
    assert await texts(toy_pool, "a") == ("1",)
    assert [r["reason"] for r in await toy_pool.fetch("SELECT reason FROM parked")] == ["id_reused"]


async def test_twice_in_one_batch_is_once_and_other_bytes_are_parked(toy_pool: Any) -> None:
    await begin(toy_pool)
    done = await make_shell(toy_pool).run(
        batch(record(0, "a", "1"), record(1, "a", "1"), record(2, "a", "2", id="id-1"), record(3, "b", "3"))
    )
    assert (done.applied, done.skipped, done.parked) == (2, 1, 1)
    assert (await texts(toy_pool, "a"), await texts(toy_pool, "b")) == (("1",), ("3",))


async def test_a_crash_before_the_commit_leaves_nothing_and_the_batch_can_run_again(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)

    def crash() -> None:
        raise Crash

    shell.before_commit = crash
    with pytest.raises(Crash):
        await shell.run(batch(record(0, "a", "1")))
    assert await toy_pool.fetchval("SELECT count(*) FROM event_log") == 0
    await make_shell(toy_pool).run(batch(record(0, "a", "1")))
    assert await log(toy_pool, "a") == [(1, "1")]


async def test_a_zombies_batch_fails_on_its_position(toy_pool: Any) -> None:
    await begin(toy_pool)
    await make_shell(toy_pool, "new owner").run(batch(record(0, "a", "1")))
    with pytest.raises(StalePosition):
        await make_shell(toy_pool, "zombie").run(batch(record(0, "a", "1"), record(1, "a", "2")))
    assert await texts(toy_pool, "a") == ("1",)


async def test_poison_parks_itself_and_its_keys_successors_and_nobody_else(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    first = batch(record(0, "a", "1"), record(1, "a", "2", "raise"), record(2, "a", "3"), record(3, "b", "4"))
    await shell.run(first)
    await shell.run(batch(record(4, "a", "5"), record(5, "b", "6")))
    assert await texts(toy_pool, "a") == ("1",)
    assert await texts(toy_pool, "b") == ("4", "6")
    rows = await toy_pool.fetch("SELECT reason, behind FROM parked ORDER BY id")
    assert [(r["reason"], r["behind"]) for r in rows] == [("ValueError", False), ("behind", True), ("behind", True)]


async def test_bytes_that_are_no_event_are_parked_with_their_reason(toy_pool: Any) -> None:
    await begin(toy_pool)
    good = record(0, "a", "1")
    broken = Record(toy.TOPIC, 0, 1, b"a", b"{", good.headers)
    bare = Record(toy.TOPIC, 0, 2, None, b"x")
    await make_shell(toy_pool).run(batch(good, broken, bare))
    rows = await toy_pool.fetch("SELECT key, reason, body FROM parked ORDER BY id")
    assert [(r["key"], r["reason"], r["body"]) for r in rows] == [
        ("a", "unreadable", b"{"),
        (f"{toy.TOPIC}/0/2", "unreadable", b"x"),
    ]


async def test_replay_runs_the_parked_messages_in_order_and_frees_the_key(toy_pool: Any) -> None:
    await begin(toy_pool)
    toy.broken.add("2")
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "1"), record(1, "a", "2"), record(2, "a", "3")))
    await ask(toy_pool, "replay")
    await run_replays(shell)  # still broken: everything stays
    assert await toy_pool.fetchval("SELECT count(*) FROM parked WHERE decided_at IS NULL AND asked IS NULL") == 2
    toy.broken.discard("2")
    await ask(toy_pool, "replay")
    await run_replays(shell)
    assert await texts(toy_pool, "a") == ("1", "2", "3")
    await shell.run(batch(record(3, "a", "4")))
    assert await log(toy_pool, "a") == [(1, "1"), (2, "2"), (3, "3"), (4, "4")]


async def test_a_rule_that_raises_rolls_everything_back(toy_pool: Any) -> None:
    await begin(toy_pool)
    with pytest.raises(RuntimeError):
        await make_shell(toy_pool).run(batch(record(0, "a", "1"), record(1, "a", "2", "break")))
    assert await toy_pool.fetchval("SELECT next FROM position") == 0
    assert await texts(toy_pool, "a") == ()


async def test_an_early_message_is_held_and_applied_when_its_subject_comes(toy_pool: Any) -> None:
    await begin(toy_pool)
    shell = make_shell(toy_pool)
    await shell.run(batch(record(0, "a", "early", "hold:S"), record(1, "a", "later", "hold:S")))
    assert await toy_pool.fetchval("SELECT count(*) FROM held WHERE released_at IS NULL") == 2
    await shell.run(batch(record(2, "a", "x", "introduce:S")))
    assert await texts(toy_pool, "a") == ("S", "early", "later")
    assert await toy_pool.fetchval("SELECT count(*) FROM held WHERE released_at IS NULL") == 0


async def test_held_and_introduced_in_one_batch(toy_pool: Any) -> None:
    await begin(toy_pool)
    await make_shell(toy_pool).run(batch(record(0, "a", "early", "hold:S"), record(1, "a", "x", "introduce:S")))
    assert await texts(toy_pool, "a") == ("S", "early")


async def test_an_unknown_type_is_skipped_and_counted(toy_pool: Any) -> None:
    await begin(toy_pool)
    done = await make_shell(toy_pool).run(batch(record(0, "a", "1", kind="test.from_the_future"), record(1, "a", "2")))
    assert (done.applied, done.skipped, done.parked) == (1, 1, 0)


async def test_commands_are_answered_refused_and_repeated(toy_pool: Any) -> None:
    shell = make_shell(toy_pool)
    fine, no, bug = (
        Nudge(id="1", thing="a"),
        Nudge(id="2", thing="a", ask="refuse"),
        Nudge(id="3", thing="b", ask="raise"),
    )
    arrivals = [arrival_of_command(c) for c in (fine, no, bug)]
    await shell.run(Batch(arrivals))
    done, refused, failed = (a.outcome for a in arrivals)
    assert isinstance(done, Outcome)
    assert not done.repeated
    assert isinstance(refused, Refused)
    assert refused.code == "toy_refused"
    assert isinstance(failed, Refused)
    assert failed.status == 500
    again = [arrival_of_command(c) for c in (fine, no, Nudge(id="1", thing="a", ask="other"))]
    await shell.run(Batch(again[:2]))
    assert again[0].outcome == Outcome((), repeated=True)
    assert isinstance(again[1].outcome, Refused), "a refused command may be tried again"
    await shell.run(Batch(again[2:]))
    assert isinstance(again[2].outcome, Refused)
    assert again[2].outcome.code == "id_reused"
    assert await texts(toy_pool, "a") == ("1",)


async def test_a_refused_commands_twin_in_the_same_batch_is_refused_with_it(toy_pool: Any) -> None:
    shell = make_shell(toy_pool)
    no, fine = Nudge(id="1", thing="a", ask="refuse"), Nudge(id="2", thing="a")
    first, done, twin, other, repeated = arrivals = [
        arrival_of_command(c) for c in (no, fine, no, Nudge(id="1", thing="a"), fine)
    ]
    await shell.run(Batch(arrivals))
    assert isinstance(first.outcome, Refused)
    assert twin.outcome is first.outcome
    assert isinstance(other.outcome, Refused)
    assert other.outcome.code == "id_reused"
    assert [isinstance(a.outcome, Outcome) and a.outcome.repeated for a in (done, repeated)] == [False, True]
    again = arrival_of_command(Nudge(id="1", thing="a"))
    await shell.run(Batch([again]))
    assert isinstance(again.outcome, Outcome), "what was refused has claimed nothing"
    assert await texts(toy_pool, "a") == ("2", "1")


async def test_two_processes_on_one_key_take_turns(toy_pool: Any) -> None:
    shells = [make_shell(toy_pool, f"p{n}") for n in range(2)]
    runs = [shells[n % 2].run(Batch([arrival_of_command(Nudge(id=str(n), thing="a"))])) for n in range(20)]
    await asyncio.gather(*runs)
    assert sorted(await texts(toy_pool, "a"), key=int) == [str(n) for n in range(20)]
    assert [s for s, _ in await log(toy_pool, "a")] == list(range(1, 21))


async def test_an_undeclared_event_parks_its_cause(toy_pool: Any) -> None:
    await begin(toy_pool)

    shell = make_shell(toy_pool)
    shell.service = replace(toy.toy, emits=())
    done = await shell.run(batch(record(0, "a", "1")))
    assert done.parked == 1


async def ask(pool: Any, what: str) -> None:
    await pool.execute("UPDATE parked SET asked = $1, asked_at = now() WHERE decided_at IS NULL", what)


async def run_replays(shell: Shell[toy.ToyBook]) -> None:
    rows = await shell.pool.fetch(Q.replay_ready, 100)
    await shell.run(Batch([arrival_of_parked(r, shell.service.on) for r in rows]))


async def test_who_waits_for_what_is_known_is_parked_and_waits_for_nobody(toy_pool: Any) -> None:
    await begin(toy_pool)
    known, insists = record(0, "a", "x", "introduce:S"), record(1, "b", "y", "insist:S")
    committed = await make_shell(toy_pool).run(batch(known, insists))
    assert (committed.held, committed.parked) == (0, 1)
