"""Everything that must exist before a service starts: topics, users, rights, schemas, roles, each bank's way in."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient

from deploy.stack import brokerage, database
from deploy.stack.credentials import Secrets
from deploy.stack.files import replace
from yuqiao.contracts.streams import BANK_CHANNELS, SERVICES, bank_topic
from yuqiao.runtime.settings import PREFIX

CLOCK_TOPIC = "yuqiao.clock.v1"


@dataclass(frozen=True)
class Kafka:
    """How to reach the broker as its administrator."""

    bootstrap: str
    username: str
    password: str
    protocol: str = "SASL_PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"

    def confluent(self, username: str, password: str) -> dict[str, Any]:
        """Options of confluent-kafka's clients, for any user."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.protocol,
            "sasl.mechanism": self.mechanism,
            "sasl.username": username,
            "sasl.password": password,
            "log_level": "0",
        }

    def options(self, username: str, password: str) -> dict[str, str]:
        """Options of aiokafka's clients, for any user."""
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.protocol,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": username,
            "sasl_plain_password": password,
        }


class Provision:
    """What was provisioned under `home`, and how its processes are told."""

    def __init__(
        self,
        home: Path,
        kafka: Kafka,
        postgres_dsn: str,
        *,
        starts_at: datetime | None = None,
        seed: int | None = None,
        banks_at: str = "",
    ) -> None:
        """`starts_at`: where a demo's stepped clock starts; its banks hear it by a topic.

        `banks_at`: where banks reach the broker when that is another address; then `home` is to be carried to them.
        """
        self.home, self.kafka, self.postgres_dsn, self.starts_at = home, kafka, postgres_dsn, starts_at
        self.banks_at = banks_at
        self.stepped = starts_at is not None
        self.secrets = Secrets(home / "secrets", seed)

    def run(self, banks: Sequence[str]) -> None:
        """Make everything. Raises KafkaException, OSError, asyncpg's errors."""
        admin = AdminClient(self.kafka.confluent(self.kafka.username, self.kafka.password))
        passwords = {role: self.secrets.made(f"postgres.{role}") for role in database.ROLES}
        missing = brokerage.missing_topics(admin, banks, self.stepped)
        asyncio.run(database.prepare(self.postgres_dsn, passwords, self.starts_at, missing))
        brokerage.create_topics(admin, missing)
        users = [f"service-{s}" for s in SERVICES] + [f"bank-{b}" for b in banks] + ["operator"]
        users += ["conductor"] if self.stepped else []
        brokerage.create_users(admin, {user: self.secrets.made(f"kafka.{user}") for user in users})
        brokerage.align_rights(admin, banks, self.stepped)
        for role in database.ROLES:
            self.secrets.keep(f"postgres.{role}.dsn", self.dsn(role))
        self.secrets.made("operator.key")
        for service in SERVICES:
            self.secrets.of_service(service)
        for bank in banks:
            self._bank_file(bank)

    def dsn(self, role: str) -> str:
        """The database's address for a service or the operator."""
        return database.with_role(self.postgres_dsn, role, self.secrets.made(f"postgres.{role}"))

    def admin_dsn(self) -> str:
        """The database's address for its administrator."""
        return database.as_admin(self.postgres_dsn)

    def client(self, user: str) -> dict[str, str]:
        """Options of a Kafka client for a user (`operator`, `conductor`, `service-…`, `bank-…`)."""
        return self.kafka.options(user, self.secrets.made(f"kafka.{user}"))

    def confluent(self, user: str) -> dict[str, Any]:
        """The same for confluent-kafka's clients."""
        return self.kafka.confluent(user, self.secrets.made(f"kafka.{user}"))

    def bank_file(self, bank: str) -> Path:
        """A bank's way in."""
        return self.home / "banks" / f"{bank}.env"

    def _bank_file(self, bank: str) -> None:
        private_key, public_key = self.secrets.key_pair(bank)
        topics = {f"{channel.upper()}_TOPIC": bank_topic(bank, channel) for channel in BANK_CHANNELS}
        values = {
            "BOOTSTRAP": self.banks_at or self.kafka.bootstrap,
            "SECURITY_PROTOCOL": self.kafka.protocol,
            "SASL_MECHANISM": self.kafka.mechanism,
            "USERNAME": f"bank-{bank}",
            "PASSWORD": self.secrets.made(f"kafka.bank-{bank}"),
            **topics,
            "GROUP_PREFIX": f"yuqiao.bank.{bank}.",
            "PRIVATE_KEY_FILE": f"../secrets/{private_key.name}" if self.banks_at else str(private_key.absolute()),
            **({"CLOCK_TOPIC": CLOCK_TOPIC} if self.stepped else {}),
        }
        path = self.bank_file(bank)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace(path, "".join(f"{PREFIX}{name}={value}\n" for name, value in values.items()))
        path.with_suffix(".public.pem").write_text(public_key, encoding="utf-8")

    def service_environment(self, service: str, ports: tuple[int, int]) -> dict[str, str]:
        """What a service's process is told: (http port, ops port), credentials as files."""
        secret = self.secrets.path
        values: Mapping[str, object] = {
            "SERVICE": service,
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "KAFKA_SECURITY_PROTOCOL": self.kafka.protocol,
            "KAFKA_SASL_MECHANISM": self.kafka.mechanism,
            "KAFKA_USERNAME": f"service-{service}",
            "KAFKA_PASSWORD_FILE": secret(f"kafka.service-{service}").absolute(),
            "POSTGRES_DSN_FILE": secret(f"postgres.{service}.dsn").absolute(),
            "SECRET_FILE": secret(f"{service}.secret").absolute(),
            "OPERATOR_KEY_FILE": secret("operator.key").absolute(),
            "HTTP_PORT": ports[0],
            "OPS_PORT": ports[1],
            "CLOCK": "stepped" if self.stepped else "system",
        }
        return {f"{PREFIX}{name}": str(value) for name, value in values.items()}


def bank_register(banks: Sequence[str], home: Path) -> dict[str, str]:
    """The register's entries as JSON bodies, by bank: from deploy/banks.yaml and the public keys under `home`."""
    known = brokerage.load("banks.yaml")
    bodies = {}
    for bank in banks:
        pem = (home / "banks" / f"{bank}.public.pem").read_text(encoding="utf-8")
        bodies[bank] = json.dumps({**known[bank], "key_id": f"{bank}-1", "public_key": pem})
    return bodies
