"""`python -m deploy.stack.supervisor HOME [GRACE]`: owns the processes of HOME/children.json, restarts those that die."""

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

from deploy.stack.children import Child, Running, end_orphans, read_children, write_running

GRACE = 20
FIRST_DELAY, LONGEST_DELAY, HEALTHY_AFTER = 0.25, 10.0, 60.0
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
    delay: float = FIRST_DELAY
    started_at: float = field(default_factory=time.monotonic)


class Supervisor:
    """One per home."""

    def __init__(self, home: Path, grace: float = GRACE) -> None:
        """Nothing started yet. `grace`: seconds that children have to stop, all together."""
        self.home, self.grace = home, grace
        self.owned: dict[str, Owned] = {}
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until told to stop. Each start is reported at once, so that a successor knows every orphan."""
        end_orphans(self.home)
        try:
            for child in read_children(self.home):
                self._own(self._start(child))
            while not self.stopping.wait(0.1):
                for owned in list(self.owned.values()):
                    self._tend(owned)
        finally:
            self._stop_all()

    def _own(self, owned: Owned) -> None:
        self.owned[owned.child.name] = owned
        write_running(
            self.home,
            [Running(o.child.name, o.process.pid, o.create_time, o.child.url, o.restarts) for o in self.owned.values()],
        )

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

    def _tend(self, owned: Owned) -> None:
        """Start it again when it has died and its time has come."""
        if owned.process.poll() is None:
            return
        now = time.monotonic()
        if owned.start_at == 0.0:
            if now - owned.started_at > HEALTHY_AFTER:
                owned.delay = FIRST_DELAY
            owned.start_at = now + owned.delay
            print(f"{owned.child.name} ended with {owned.process.returncode}", file=sys.stderr, flush=True)
        if now < owned.start_at:
            return
        again = self._start(owned.child)
        again.restarts, again.delay = owned.restarts + 1, min(owned.delay * 2, LONGEST_DELAY)
        self._own(again)

    def _stop_all(self) -> None:
        for owned in reversed(self.owned.values()):
            owned.process.terminate()
        deadline = time.monotonic() + self.grace
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
    supervisor = Supervisor(Path(sys.argv[1]), *map(float, sys.argv[2:3]))
    signal.signal(signal.SIGTERM, supervisor.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    supervisor.run()


if __name__ == "__main__":
    main()
