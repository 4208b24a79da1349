"""One Kafka broker (KRaft, SASL/SCRAM-SHA-512, default deny) out of packages, as a background process."""

import base64
import signal
import subprocess
import uuid
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.stack.daemon import Daemon, NotStarted
from deploy.stack.files import password, replace
from deploy.stack.prerequisites import free_port, java, kafka_class_path

FOLDER = Path(__file__).parent
JVM = [
    "-Xms128m",
    "-XX:+UseSerialGC",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "-XX:+ExitOnOutOfMemoryError",
    f"-Dlog4j2.configurationFile={FOLDER / 'log4j2.properties'}",
]
ADMIN = "admin"


class LocalKafka:
    """A broker whose data, password and ports live under `home`; any process can attach to it by that folder."""

    def __init__(
        self, home: Path, port: int = 0, controller_port: int = 0, *, heap_mib: int = 384, warm: bool = False
    ) -> None:
        """Ports of 0 are picked once and kept. `warm`: let the JVM compile fully, for benchmarks."""
        self.home = home.absolute()
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = self._kept("port", port)
        self.controller_port = self._kept("controller_port", controller_port)
        self.daemon = Daemon("kafka", self.home)
        self.jvm = [*JVM, f"-Xmx{heap_mib}m", f"-Dyuqiao.kafka.log={self.home / 'server.log'}"]
        self.jvm += [] if warm else ["-XX:TieredStopAtLevel=1"]

    def _kept(self, name: str, given: int) -> int:
        path = self.home / name
        if given == 0 and path.exists():
            return int(path.read_text(encoding="utf-8"))
        return int(replace(path, str(given or free_port())))

    @property
    def bootstrap(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def admin_username(self) -> str:
        """The super user."""
        return ADMIN

    @property
    def admin_password(self) -> str:
        """Its password, made once."""
        return password(self.home / "admin.password")

    @property
    def pid(self) -> int | None:
        """The broker's process, or None when it does not run."""
        process = self.daemon.process
        return process.pid if process else None

    def admin_options(self) -> dict[str, Any]:
        """confluent-kafka's options for the super user."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": ADMIN,
            "sasl.password": self.admin_password,
            "log_level": "0",
        }

    def start(self) -> None:
        """Start it and wait until an authenticated client is answered. Nothing happens when it runs. Raises NotStarted."""
        if self.pid is not None and self._answers():
            return
        self._write_properties()
        self._format()
        if self.pid is None:
            self.daemon.start([java(), *self.jvm, "-cp", kafka_class_path(), "kafka.Kafka", str(self._properties)])
        self.daemon.wait(self._answers, 60)

    def stop(self) -> None:
        """Stop it cleanly, bounded."""
        self.daemon.stop(signal.SIGTERM)

    @property
    def _properties(self) -> Path:
        return self.home / "server.properties"

    def _write_properties(self) -> None:
        text = (FOLDER / "server.properties.in").read_text(encoding="utf-8")
        filled = text.format(
            port=self.port,
            controller_port=self.controller_port,
            password=self.admin_password,
            log_dirs=self.home / "data",
        )
        replace(self._properties, filled)

    def _format(self) -> None:
        if (self.home / "data" / "meta.properties").exists():
            return
        named = bytes([0]) + uuid.uuid4().bytes[1:]  # so that it cannot start with a dash, which is an option's
        cluster = base64.urlsafe_b64encode(named).decode().rstrip("=")
        command = [java(), *self.jvm, "-cp", kafka_class_path(), "kafka.tools.StorageTool", "format"]
        command += ["--ignore-formatted", "-t", cluster, "-c", str(self._properties)]
        command += ["--add-scram", f"SCRAM-SHA-512=[name={ADMIN},password={self.admin_password}]"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotStarted(f"formatting Kafka's storage failed: {done.stderr[-400:]}")

    def _answers(self) -> bool:
        try:
            AdminClient(self.admin_options()).list_topics(timeout=1)
        except KafkaException:
            return False
        return True
