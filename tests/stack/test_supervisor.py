"""The supervisor: what dies comes back, what it leaves when killed is cleared away, what it stops is gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.stack.children import Child, Running, read_running, write_children, write_running
from deploy.stack.daemon import Daemon
from deploy.stack.processes import ended, running
from deploy.stack.stack import ROOT
from tests.stack.conftest import kill, until

STUB = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("down", flush=True)))
print("up", flush=True)
while True:
    signal.pause()
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


class Trial:
    """A supervisor over stub children in a folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.daemon = Daemon("supervisor", home)

    def start(self, *children: Child, grace: int = 2) -> None:
        write_children(self.home, list(children))
        path = os.pathsep.join([str(ROOT), str(ROOT / "shared")])
        command = [sys.executable, "-m", "deploy.stack.supervisor", str(self.home), str(grace)]
        self.daemon.start(command, {"PYTHONPATH": path, "PATH": os.environ["PATH"]})
        until(lambda: {r.name for r in read_running(self.home)} == {c.name for c in children})

    def pids(self) -> dict[str, int]:
        return {r.name: r.pid for r in read_running(self.home)}

    def log(self, name: str) -> str:
        path = self.home / "logs" / f"{name}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""


def stub(name: str, code: str = STUB) -> Child:
    return Child(name, (sys.executable, "-c", code))


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    made = Trial(tmp_path)
    yield made
    made.daemon.stop(signal.SIGTERM, 30)
    assert not any(r.process() for r in read_running(tmp_path))


def test_a_killed_child_comes_back_and_the_others_are_left_alone(trial: Trial) -> None:
    trial.start(stub("a"), stub("b"))
    before = trial.pids()
    kill(before["a"])
    until(lambda: trial.pids()["a"] != before["a"])
    assert trial.pids()["b"] == before["b"]
    assert {r.name: r.restarts for r in read_running(trial.home)} == {"a": 1, "b": 0}


def test_a_child_that_dies_at_once_is_restarted_more_and_more_slowly(trial: Trial) -> None:
    trial.start(stub("ok"), stub("bad", "import sys; print('tried', flush=True); sys.exit(7)"))
    until(lambda: trial.log("bad").count("tried") >= 3)
    assert trial.log("bad").count("tried") < 10
    assert "bad ended with 7" in trial.daemon.log.read_text(encoding="utf-8")


def test_what_a_killed_supervisor_left_is_ended_before_its_successor_starts(trial: Trial) -> None:
    trial.start(stub("a"), stub("b"))
    orphans = trial.pids()
    left = [psutil.Process(pid) for pid in orphans.values()]
    kill(trial.daemon.process.pid if trial.daemon.process else None)
    assert all(psutil.pid_exists(pid) for pid in orphans.values())
    trial.start(stub("a"), stub("b"))
    until(lambda: set(trial.pids()) == set(orphans) and not set(trial.pids().values()) & set(orphans.values()))
    assert all(ended(process, 0) for process in left)


def test_a_process_that_only_inherited_the_pid_is_left_alone(trial: Trial) -> None:
    with subprocess.Popen([sys.executable, "-c", STUB], stdout=subprocess.DEVNULL) as innocent:
        began = psutil.Process(innocent.pid).create_time()
        write_running(trial.home, [Running("a", innocent.pid, began - 100, "", 0)])
        assert running(innocent.pid, began) is not None
        trial.start(stub("a"))
        assert innocent.poll() is None
        innocent.terminate()


def test_sigterm_stops_all_in_time_also_who_does_not_listen(trial: Trial) -> None:
    trial.start(stub("a"), stub("deaf", DEAF), grace=6)
    until(lambda: "up" in trial.log("a") and "up" in trial.log("deaf"))
    processes = [psutil.Process(pid) for pid in trial.pids().values()]
    trial.daemon.stop(signal.SIGTERM, 30)
    assert all(ended(process, 0) for process in processes)
    assert "down" in trial.log("a")
    assert read_running(trial.home) == []


def test_a_command_that_does_not_exist_leaves_nobody_behind(trial: Trial) -> None:
    write_children(trial.home, [stub("a"), Child("missing", ("/nowhere/at/all",))])
    path = os.pathsep.join([str(ROOT), str(ROOT / "shared")])
    command = [sys.executable, "-m", "deploy.stack.supervisor", str(trial.home)]
    trial.daemon.start(command, {"PYTHONPATH": path, "PATH": os.environ["PATH"]})
    until(lambda: trial.daemon.process is None)
    assert read_running(trial.home) == []
    assert "/nowhere/at/all" in trial.daemon.log.read_text(encoding="utf-8")
    assert not [p for p in psutil.process_iter(["cmdline", "environ"]) if str(trial.home) in str(p.info["cmdline"])]
