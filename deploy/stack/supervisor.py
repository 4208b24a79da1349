"""`python -m deploy.stack.supervisor HOME`: owns the processes told by HOME/children.json and restarts those that die."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from deploy.stack.children import Child, Running, read_children, read_running, write_running

GRACE = 20
LOG_LIMIT = 20 * 1024 * 1024
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


@dataclass
class Owned:
    """A child, its process, and when it may be started again."""

    child: Child
    process: "subprocess.Popen[bytes]"
    create_time: float
    restarts: int = 0
    start_at: float = 0.0
    delay: float = field(default=0.25)


class Supervisor:
    """One per home."""

    def __init__(self, home: Path) -> None:
        """Nothing started yet."""
        self.home = home
        self.owned: dict[str, Owned] = {}
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until told to stop."""
        self._end_orphans()
        for child in read_children(self.home):
            self.owned[child.name] = self._start(child)
        self._report()
        while not self.stopping.wait(0.1):
            changed = [self._tend(owned) for owned in self.owned.values()]
            if any(changed):
                self._report()
        self._stop_all()

    def _end_orphans(self) -> None:
        """What a killed predecessor left behind would do the work twice."""
        for left in read_running(self.home):
            process = left.process()
            if process:
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    process.wait(5)

    def _start(self, child: Child) -> Owned:
        logs = self.home / "logs"
        logs.mkdir(exist_ok=True)
        log = logs / f"{child.name}.log"
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        with log.open("ab") as out:
            process = subprocess.Popen(
                child.command,
                env=env | child.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        return Owned(child, process, psutil.Process(process.pid).create_time())

    def _tend(self, owned: Owned) -> bool:
        """Start it again when it has died and its time has come; whether anything changed."""
        if owned.process.poll() is None:
            return False
        now = time.monotonic()
        if owned.start_at == 0.0:
            owned.start_at = now + owned.delay
            print(f"{owned.child.name} ended with {owned.process.returncode}", file=sys.stderr, flush=True)
        if now < owned.start_at:
            return False
        again = self._start(owned.child)
        again.restarts, again.delay = owned.restarts + 1, min(owned.delay * 2, 10.0)
        self.owned[owned.child.name] = again
        return True

    def _report(self) -> None:
        write_running(
            self.home,
            [Running(o.child.name, o.process.pid, o.create_time, o.child.url, o.restarts) for o in self.owned.values()],
        )

    def _stop_all(self) -> None:
        for owned in reversed(self.owned.values()):
            owned.process.terminate()
        deadline = time.monotonic() + GRACE
        for owned in self.owned.values():
            try:
                owned.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                owned.process.kill()
                owned.process.wait()
        write_running(self.home, [])

    def stop(self, *_: Any) -> None:
        """End everything, last started first."""
        self.stopping.set()


def main() -> None:
    """The command line."""
    supervisor = Supervisor(Path(sys.argv[1]))
    signal.signal(signal.SIGTERM, supervisor.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    supervisor.run()


if __name__ == "__main__":
    main()
