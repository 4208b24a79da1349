"""The whole stack under one folder: servers, provisioning, migrations, four supervised services and what else is wanted."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from deploy.stack.children import Child, end_orphans, read_children, read_running, write_children
from deploy.stack.daemon import Daemon, NotStarted
from deploy.stack.files import replace
from deploy.stack.kafka import LocalKafka
from deploy.stack.postgres import LocalPostgres
from deploy.stack.prerequisites import MissingPrerequisite, free_port
from deploy.stack.provision import Kafka, Provision, bank_register
from yuqiao.contracts.streams import SERVICES

ROOT = Path(__file__).resolve().parents[2]
LOCK = "stack.lock"
MIGRATION_SECONDS = 600
DEFAULT_PORTS = {"kafka": 29092, "controller": 29093, "postgres": 25432} | {
    f"{service}.{kind}": base + number
    for number, service in enumerate(SERVICES, 1)
    for kind, base in (("http", 8100), ("ops", 9100))
}


class NoStack(Exception):
    """Nothing was ever started under a folder."""


@dataclass
class Stack:
    """One stack. `ports` None: free ones are picked. `starts_at`: a demo, whose business clock starts there."""

    home: Path
    ports: Mapping[str, int] | None = None
    starts_at: datetime | None = None
    seed: int | None = None
    warm: bool = False

    def __post_init__(self) -> None:
        """Make the folder; know the servers. Raises MissingPrerequisite."""
        self.home = self.home.absolute()
        self.home.mkdir(parents=True, exist_ok=True)
        given = self.ports or {}
        self.kafka = self.postgres = None
        if "YUQIAO_KAFKA_BOOTSTRAP" not in os.environ:
            kafka_ports = given.get("kafka", 0), given.get("controller", 0)
            self.kafka = LocalKafka(self.home / "kafka", *kafka_ports, warm=self.warm)
        if "YUQIAO_POSTGRES_DSN" not in os.environ:
            self.postgres = LocalPostgres(self.home / "postgres", given.get("postgres", 0))
        self.provision = Provision(
            self.home, self._broker(), self._admin_dsn(), starts_at=self.starts_at, seed=self.seed
        )
        self.supervisor = Daemon("supervisor", self.home)

    @staticmethod
    def known_at(home: Path) -> bool:
        """Whether anybody ever began an `up` there: its lock is the first thing that `up` makes."""
        return (home / LOCK).exists()

    def _broker(self) -> Kafka:
        if self.kafka:
            return Kafka(self.kafka.bootstrap, self.kafka.admin_username, self.kafka.admin_password)
        env = os.environ
        username, password = (env.get(f"YUQIAO_KAFKA_{name}", "") for name in ("USERNAME", "PASSWORD"))
        if not (username and password):
            text = "YUQIAO_KAFKA_BOOTSTRAP is set: set an administrator's YUQIAO_KAFKA_USERNAME and _PASSWORD too"
            raise MissingPrerequisite(text)
        return Kafka(
            env["YUQIAO_KAFKA_BOOTSTRAP"],
            username,
            password,
            env.get("YUQIAO_KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
            env.get("YUQIAO_KAFKA_SASL_MECHANISM", "SCRAM-SHA-512"),
        )

    def _admin_dsn(self) -> str:
        return self.postgres.admin_dsn if self.postgres else os.environ["YUQIAO_POSTGRES_DSN"]

    def port(self, name: str) -> int:
        """A port of a service (`intake.http`), picked once when none is given."""
        if self.ports:
            return self.ports[name]
        kept = self.home / "ports" / name
        kept.parent.mkdir(exist_ok=True)
        if not kept.exists():
            replace(kept, str(free_port()))
        return int(kept.read_text(encoding="utf-8"))

    def url(self, service: str, kind: str = "http") -> str:
        """Where a service listens."""
        return f"http://127.0.0.1:{self.port(f'{service}.{kind}')}"

    def operator_headers(self) -> dict[str, str]:
        """The operator's key as a header."""
        return {"Authorization": f"Bearer {self.provision.secrets.made('operator.key')}"}

    def start_servers(self) -> None:
        """Kafka and Postgres, side by side."""
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(server.start) for server in (self.kafka, self.postgres) if server]:
                done.result()

    def up(self, banks: Sequence[str], extra: Sequence[Child] = (), replicas: Mapping[str, int] | None = None) -> None:
        """Everything, ready. Doing it again changes nothing; banks that are new are added, those of before stay.

        Raises MissingPrerequisite, NotStarted.
        """
        with self._alone():
            self.start_servers()
            self.provision.run(banks)
            if self.supervisor.process is None:
                end_orphans(self.home)  # before anybody takes their readiness for that of their successors
                self._migrate()
                write_children(self.home, [*self._services(replicas or {}), *extra])
                self.supervisor.start(
                    [sys.executable, "-m", "deploy.stack.supervisor", str(self.home)], self._environment()
                )
            self.wait_ready(120)
            self._register(banks)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One `up` or `down` of a home at a time; the lock goes with its process."""
        with (self.home / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "shared")])
        clean = {name: value for name, value in os.environ.items() if not name.startswith("YUQIAO_")}
        return clean | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}

    def service_env(self, service: str, replica: int = 0) -> dict[str, str]:
        """A service process's whole environment beside PATH and HOME."""
        ports = (self.port(f"{service}.http"), self.port(f"{service}.ops"))
        if replica:
            ports = (free_port(), free_port())
        path = os.pathsep.join([str(ROOT), str(ROOT / "shared")])
        return self.provision.service_environment(service, ports) | {
            "PYTHONPATH": path,
            "PROMETHEUS_DISABLE_CREATED_SERIES": "true",
            "YUQIAO_INSTANCE": str(replica + 1),
            "YUQIAO_PUBLIC_URL": self.url("intake"),
        }

    def _services(self, replicas: Mapping[str, int]) -> list[Child]:
        children = []
        for service in SERVICES:
            for replica in range(replicas.get(service, 1)):
                env = self.service_env(service, replica)
                name = service if replica == 0 else f"{service}-{replica + 1}"
                url = f"http://127.0.0.1:{env['YUQIAO_OPS_PORT']}"
                children.append(Child(name, (sys.executable, "-m", f"services.{service}"), env, url))
        return children

    def _migrate(self) -> None:
        running = {
            service: subprocess.Popen(
                [sys.executable, "-m", f"services.{service}", "migrate"],
                env=self._environment() | self.service_env(service),
                stderr=subprocess.PIPE,
                text=True,
            )
            for service in SERVICES
        }
        for service, process in running.items():
            try:
                _, said = process.communicate(timeout=MIGRATION_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise NotStarted(f"migrating {service} took more than {MIGRATION_SECONDS} s") from None
            if process.returncode != 0:
                raise NotStarted(f"migrating {service} failed: {said[-600:]}")

    def wait_ready(self, seconds: float) -> None:
        """Until every child with a URL is ready. Raises NotStarted with what it said last."""
        deadline = time.monotonic() + seconds
        while waiting := self._not_ready():
            if time.monotonic() > deadline or self.supervisor.process is None:
                raise NotStarted(f"not ready: {waiting}; logs are under {self.home / 'logs'}")
            time.sleep(0.1)  # the condition is other processes': polled, bounded

    def _not_ready(self) -> list[str]:
        waiting = [f"{s['name']}: {', '.join(s['why'])}" for s in self.status() if not s["ready"]]
        started = {child.name for child in read_running(self.home)}
        return waiting + [f"{c.name}: not started yet" for c in read_children(self.home) if c.name not in started]

    def status(self) -> list[dict[str, Any]]:
        """Each process: name, pid, url, ready, why not."""
        found: list[dict[str, Any]] = []
        for server, name in ((self.kafka, "kafka"), (self.postgres, "postgres")):
            if server:
                why = [] if server.pid else ["not running; make up starts it"]
                url = f"127.0.0.1:{server.port}"
                found.append({"name": name, "pid": server.pid, "url": url, "ready": not why, "why": why})
        for child in read_running(self.home):
            why = ["not running"] if child.process() is None else _why(child.url)
            row = {"name": child.name, "pid": child.pid, "url": child.url, "ready": not why, "why": why}
            found.append(row | {"restarts": child.restarts})
        return found

    def _register(self, banks: Sequence[str]) -> None:
        """Who is switched off stays so."""
        with httpx.Client(base_url=self.url("notification"), headers=self.operator_headers(), timeout=30) as client:
            off = {entry["bank"] for entry in client.get("/banks").raise_for_status().json() if not entry["enabled"]}
            for bank, body in bank_register([bank for bank in banks if bank not in off], self.home).items():
                client.put(f"/banks/{bank}", content=body).raise_for_status()

    def down(self) -> None:
        """Stop everything, services first. Data stay."""
        with self._alone():
            self.supervisor.stop(signal.SIGTERM, 40)
            end_orphans(self.home)
            if self.kafka:
                self.kafka.stop()
            if self.postgres:
                self.postgres.stop()


def _why(url: str) -> list[str]:
    if not url:
        return []
    try:
        answer = httpx.get(f"{url}/health/ready", timeout=3)
        return list(answer.json()["why"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        return [type(error).__name__]
