"""A server process that outlives the command that started it: started once, found again, stopped in bounded time."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil


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
            process = psutil.Process(kept["pid"])
            same = abs(process.create_time() - kept["create_time"]) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, psutil.Error):
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
            self.mark.write_text(json.dumps(kept), encoding="utf-8")

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
                try:
                    process.wait(seconds)
                except psutil.TimeoutExpired:
                    process.kill()
                    process.wait(5)
        self.mark.unlink(missing_ok=True)
