"""What is waited for is fetched at once; the others take turns, and nothing is left lying."""

from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from yuqiao.contracts.streams import CASES, NEEDS, bank_topic
from yuqiao.runtime import pace as pace_module
from yuqiao.runtime.pace import (
    GATHERED_BYTES,
    HURRIED,
    LONG_BATCH,
    LONGEST_REST,
    LONGEST_WAIT,
    TURN_OF_OTHERS,
    UNHURRIED,
    Pace,
)

URGENT, OTHER = TopicPartition(NEEDS.name, 0), TopicPartition(CASES.name, 0)
PRODUCTS = TopicPartition(bank_topic("bank01", "products"), 0)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stands still; `now` is its time."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(pace_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


class Partitions:
    """A consumer's assignment, and what of it is paused."""

    def __init__(self, *assigned: TopicPartition) -> None:
        self._assigned, self._paused = set(assigned), set[TopicPartition]()

    def assignment(self) -> set[TopicPartition]:
        return self._assigned

    def paused(self) -> set[TopicPartition]:
        return self._paused

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused -= set(partitions)


def test_the_others_pause_once_they_had_their_turn_and_only_they() -> None:
    pace, consumer = Pace([NEEDS, "products"], waits=True), Partitions(URGENT, OTHER, PRODUCTS)
    assert pace.begin(consumer) == LONGEST_WAIT
    pace.fetched(consumer, {URGENT: [1], PRODUCTS: [1]}, all_of_it=True)
    assert consumer.paused() == set()
    pace.fetched(consumer, {OTHER: [1]}, all_of_it=True)
    assert consumer.paused() == {OTHER}
    assert 0 < pace.begin(consumer) <= TURN_OF_OTHERS
    assert consumer.paused() == {OTHER}


def test_who_was_not_read_to_the_end_does_not_pause() -> None:
    pace, consumer = Pace([NEEDS], waits=True), Partitions(URGENT, OTHER)
    pace.fetched(consumer, {OTHER: [1]}, all_of_it=False)
    assert consumer.paused() == set()


def test_their_next_turn_comes(clock: SimpleNamespace) -> None:
    pace, consumer = Pace([NEEDS], waits=True), Partitions(URGENT, OTHER)
    pace.fetched(consumer, {OTHER: [1]}, all_of_it=True)
    clock.now += TURN_OF_OTHERS - 0.001
    assert pace.begin(consumer) < LONGEST_WAIT
    assert consumer.paused() == {OTHER}
    clock.now += 0.001
    assert pace.begin(consumer) == LONGEST_WAIT
    assert consumer.paused() == set()


def test_where_nobody_hurries_the_broker_gathers_and_on_a_stepped_clock_nobody_waits() -> None:
    patient, stepped = Pace([], waits=True), Pace([NEEDS], waits=False)
    consumer = Partitions(URGENT, OTHER)
    for pace in (patient, stepped):
        pace.fetched(consumer, {OTHER: [1]}, all_of_it=True)
        assert consumer.paused() == set()
    assert (patient.fetch_min_bytes, stepped.fetch_min_bytes) == (GATHERED_BYTES, 1)
    assert 0 < patient.until_next() <= UNHURRIED
    assert stepped.until_next() == 0


@pytest.mark.parametrize(
    ("waits", "full", "took", "rest"),
    [
        (True, False, 0.05, 0.1),
        (True, False, 1, LONGEST_REST),
        (True, True, 1, 0),
        (False, False, 1, 0),
        (True, False, 0.005, 0),
    ],
)
def test_a_long_batch_is_followed_by_a_rest_a_full_one_by_the_next_and_a_stepped_clock_by_none(
    waits: bool, full: bool, took: float, rest: float
) -> None:
    pace = Pace([], waits=waits)
    pace.taken()
    pace._taken -= took  # so many seconds ago
    pace.done(full=full)
    assert pace.until_next() == pytest.approx(rest)


def test_after_a_long_batch_the_others_rest_and_what_is_hurried_does_not() -> None:
    pace, consumer = Pace([NEEDS], waits=True), Partitions(URGENT, OTHER)
    pace.fetched(consumer, {OTHER: [1]}, all_of_it=True)
    pace.taken()
    pace._taken -= 1
    pace.done(full=False)
    assert pace.until_next() <= HURRIED
    assert TURN_OF_OTHERS < pace.begin(consumer) <= LONGEST_REST
    assert consumer.paused() == {OTHER}


def test_a_rest_that_is_shorter_than_the_turn_of_the_others_does_not_bring_it_forward() -> None:
    pace, consumer = Pace([NEEDS], waits=True), Partitions(URGENT, OTHER)
    pace.fetched(consumer, {OTHER: [1]}, all_of_it=True)
    pace.taken()
    pace._taken -= LONG_BATCH
    pace.done(full=False)
    assert pace.begin(consumer) == pytest.approx(TURN_OF_OTHERS)


def test_long_batches_of_what_is_hurried_do_not_keep_the_others_resting() -> None:
    pace, consumer = Pace([NEEDS], waits=True), Partitions(URGENT, OTHER)
    pace.fetched(consumer, {OTHER: [1]}, all_of_it=True)
    turn = pace.begin(consumer)
    for _ in range(3):
        pace.fetched(consumer, {URGENT: [1]}, all_of_it=True)
        pace.taken()
        pace._taken -= 1
        pace.done(full=False)
        assert pace.begin(consumer) <= turn
