"""The same SEED gives the same history, whatever is killed in between and however many match."""

import os
import random
import signal
from datetime import datetime
from pathlib import Path

import pytest

from deploy.demo.run import Wanted, play
from deploy.stack.children import read_running
from deploy.stack.stack import Stack

NEEDS, BANKS, SEED = 40, 4, 7


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, list[dict[str, object]], list[dict[str, object]]]:
    report = play(Wanted(NEEDS, BANKS, SEED, home=tmp_path_factory.mktemp("undisturbed")))
    assert report.clean
    return report.history_digest, report.funnel, report.banks


def test_killing_a_process_every_day_changes_nothing(
    undisturbed: tuple[str, list[dict[str, object]], list[dict[str, object]]], tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    killed: list[str] = []

    async def kill_one(now: datetime, stack: Stack) -> None:
        if len(killed) < 16:
            victim = chance.choice(read_running(stack.home))
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.name)

    report = play(Wanted(NEEDS, BANKS, SEED, home=tmp_path / "demo"), kill_one)
    assert report.clean, report.invariants
    assert len(set(killed)) > 3
    assert (report.history_digest, report.funnel, report.banks) == undisturbed


def test_two_matching_replicas_give_the_same_history(
    undisturbed: tuple[str, list[dict[str, object]], list[dict[str, object]]], tmp_path: Path
) -> None:
    report = play(Wanted(NEEDS, BANKS, SEED, matching=2, home=tmp_path / "demo"))
    assert report.clean, report.invariants
    assert (report.history_digest, report.funnel, report.banks) == undisturbed
