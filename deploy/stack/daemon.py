"""A server process that outlives the command that started it: started once, found again, stopped in bounded time."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from deploy.stack.files import replace
from deploy.stack.processes import ended, running


class NotStarted(Exception):
    """The server did not become ready in time; the message ends with its last words."""


class Daemon:
    """One process known by a file `{pid, create_time}`, so that another pid or a zombie is never taken for it."""

    def __init__(self, name: str, home: Path) -> None:
        """`home` holds the file and the log."""
        self.name, self.home = name, home
        self.mark = home / f"{name}.process.json"
        self.log = home / f"{name}.log"

    @property
    def process(self) -> psutil.Process | None:
        """The running process, or None."""
        try:
            kept = json.loads(self.mark.read_text(encoding="utf-8"))
            return running(kept["pid"], kept["create_time"])
        except (OSError, ValueError, KeyError):
            return None

    def start(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start it detached, its output in the log."""
        with self.log.open("ab") as out:
            child = subprocess.Popen(
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, env=env
            )
        self.remember(child.pid)

    def remember(self, pid: int) -> None:
        """Take a process that somebody else started for ours."""
        with contextlib.suppress(psutil.NoSuchProcess):
            kept = {"pid": pid, "create_time": psutil.Process(pid).create_time()}
            replace(self.mark, json.dumps(kept))

    def wait(self, ready: Callable[[], bool], seconds: float) -> None:
        """Until ready. Raises NotStarted when the process ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process is None or time.monotonic() > deadline:
                tail = self.log.read_text(encoding="utf-8", errors="replace")[-600:] if self.log.exists() else ""
                raise NotStarted(f"{self.name} did not start within {seconds:.0f} s: {tail}")
            time.sleep(0.05)  # the condition is another process's: polled, bounded

    def stop(self, number: int, seconds: float = 15) -> None:
        """Send the signal, wait, then kill."""
        process = self.process
        if process is not None:
            with contextlib.suppress(psutil.Error):
                os.kill(process.pid, number)
                if not ended(process, seconds):
                    process.kill()
                    ended(process, 5)
        self.mark.unlink(missing_ok=True)
