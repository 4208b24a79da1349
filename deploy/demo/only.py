"""One demo per folder at a time, and one that is told to end cleans up."""

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TOLD = 128 + signal.SIGTERM


class DemoRunning(Exception):
    """Another demo plays under the same folder."""


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """The only demo under `home`: a lock beside it, as a demo removes the folder; it goes with its process.

    Raises DemoRunning.
    """
    home = home.absolute()
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise DemoRunning(f"a demo is running under {home} (pid {lock.read()}): wait for it or end it") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def ended_by(stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` at the end, however that comes. SIGTERM ends as Ctrl-C does, with SystemExit(143); `stop` is left alone."""

    def told(*_: object) -> None:
        signal.signal(signal.SIGTERM, _deaf)  # make and timeout send it more than once
        print("told to end (SIGTERM); stopping what was started", file=sys.stderr, flush=True)
        raise SystemExit(TOLD)

    before = signal.signal(signal.SIGTERM, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, _deaf)
        stop()
        signal.signal(signal.SIGTERM, before)


def _deaf(*_: object) -> None:
    """A function, not SIG_IGN, which a process started meanwhile would inherit."""
