"""The demo as its folder's only one, and how it ends when it is told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy import cli
from deploy.demo import run
from deploy.demo.only import DemoRunning, alone
from deploy.demo.run import Wanted, play
from deploy.stack.stack import ROOT
from tests.unit.test_commands import run as yuqiao


class Untold(Exception):
    """SIGTERM came to whoever had it before the demo."""


class FakeStack:
    """Tells its own process to end while it starts, and again while it stops, as `timeout` and make do."""

    done: list[str]

    def __init__(self, home: Path, **_: Any) -> None:
        self.postgres = None
        self.done.append("made")

    def up(self, *_: Any) -> None:
        self.done.append("up")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        self.done.append("not told")

    def down(self) -> None:
        if "up" in self.done:
            os.kill(os.getpid(), signal.SIGTERM)
            self.done.append("down")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    def untold(*_: object) -> None:
        raise Untold

    monkeypatch.setattr(FakeStack, "done", [], raising=False)
    monkeypatch.setattr(run, "Stack", FakeStack)
    monkeypatch.setattr(run, "simulator", lambda *_: None)
    before = signal.signal(signal.SIGTERM, untold)
    try:
        yield FakeStack.done
        assert signal.getsignal(signal.SIGTERM) is untold
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_demo_that_is_told_to_end_stops_what_it_started(
    tmp_path: Path, done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        play(Wanted(home=tmp_path / "demo"))
    assert ended.value.code == 143
    assert done == ["made", "made", "up", "down"]
    assert "SIGTERM" in capsys.readouterr().err


def test_a_demo_that_is_told_to_end_while_it_stops_stops_all_the_same(
    tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def played(*_: object) -> SimpleNamespace:
        return SimpleNamespace(clean=True)

    monkeypatch.setattr(FakeStack, "up", lambda *_: done.append("up"))
    monkeypatch.setattr(run, "_play", played)
    monkeypatch.setattr(run, "show", lambda *_: done.append("shown"))
    monkeypatch.setattr(run, "write", lambda *_: done.append("written"))
    assert play(Wanted(home=tmp_path / "demo")).clean
    assert done == ["made", "made", "up", "written", "shown", "down"]


def test_a_demo_to_be_kept_is_left_as_it_is(tmp_path: Path, done: list[str]) -> None:
    with pytest.raises(Untold):
        play(Wanted(home=tmp_path / "demo", keep=True))
    assert done == ["made", "made", "up"]


def test_a_second_demo_of_a_folder_is_refused_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], done: list[str]
) -> None:
    home = tmp_path / "demo"
    home.mkdir()
    (home / "report.html").touch()
    monkeypatch.setattr(cli, "play", lambda wanted: play(replace(wanted, home=home)))
    with alone(home):
        for _ in range(2):
            assert yuqiao(monkeypatch, "demo") == 1
            said = capsys.readouterr().err
            assert said == f"a demo is running under {home} (pid {os.getpid()}): wait for it or end it\n"
    assert (done, os.listdir(home)) == ([], ["report.html"])


def test_a_killed_demo_leaves_no_lock(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    script = "import sys, time; from pathlib import Path; from deploy.demo.only import alone\n"
    script += "with alone(Path(sys.argv[1])): print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", script, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(DemoRunning, match=rf"\(pid {holder.pid}\)"), alone(home):
            pass
        holder.kill()
    with alone(home):
        assert (tmp_path / "demo.lock").read_text(encoding="utf-8") == str(os.getpid())


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--needs", "0", "from 1 to 200000"),
        ("--needs", "200001", "from 1 to 200000"),
        ("--banks", "0", "from 1 to 20"),
        ("--banks", "99", "from 1 to 20"),
    ],
)
def test_a_demo_that_cannot_be_played_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    done: list[str],
    option: str,
    value: str,
    allowed: str,
) -> None:
    monkeypatch.setattr(cli, "play", done.append)
    assert yuqiao(monkeypatch, "demo", option, value) == 2
    said = capsys.readouterr().err
    assert all(text in said for text in (option, f"{value} is not {allowed}")), said
    assert done == []
