"""The processes that a supervisor owns: told by a file, reported in another."""

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from deploy.stack.files import replace
from deploy.stack.processes import ended, running


@dataclass(frozen=True)
class Child:
    """One process: its command, what its environment has beside PATH and HOME, where it says whether it is ready."""

    name: str
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True)
class Running:
    """A child as it runs now. `create_time` tells it from another process with the same pid."""

    name: str
    pid: int
    create_time: float
    url: str
    restarts: int

    def process(self) -> psutil.Process | None:
        """The process, or None when it is gone."""
        return running(self.pid, self.create_time)


def write_children(home: Path, children: list[Child]) -> None:
    """Tell the supervisor what to own."""
    replace(home / "children.json", json.dumps([asdict(c) for c in children], indent=1))


def read_children(home: Path) -> list[Child]:
    """What to own."""
    given = json.loads((home / "children.json").read_text(encoding="utf-8"))
    return [Child(c["name"], tuple(c["command"]), c["env"], c["url"]) for c in given]


def write_running(home: Path, found: list[Running]) -> None:
    """Report what runs."""
    replace(home / "state.json", json.dumps([asdict(r) for r in found], indent=1))


def read_running(home: Path) -> list[Running]:
    """What was reported last; empty when nothing was."""
    try:
        return [Running(**r) for r in json.loads((home / "state.json").read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def end_orphans(home: Path) -> None:
    """Kill what a killed supervisor left behind: it would do the work twice. Only for who holds the home alone."""
    for left in read_running(home):
        process = left.process()
        if process:
            with contextlib.suppress(psutil.Error):
                process.kill()
                ended(process, 5)
    write_running(home, [])
