"""docker-compose.yml, checked as far as it can be without Docker."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.stack.postgres import SETTINGS
from tests.tidy.checks import ROOT
from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime.settings import PREFIX, Settings

OF_A_LOCAL_ONE = {"listen_addresses", "unix_socket_directories", "io_method", "logging_collector", "log_min_messages"}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def faults(compose: dict[str, Any]) -> Iterator[str]:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{name} listens to the world: {port}"
        for variable in service.get("environment", {}):
            if variable.startswith(PREFIX) and variable.removesuffix("_FILE") not in known:
                yield f"{name} is told {variable}, which nothing reads"
        for other in service.get("depends_on", {}):
            if other not in compose["services"]:
                yield f"{name} waits for {other}, which is not there"
        if name in SERVICES and ("healthcheck" not in service or service["command"][-1] != f"services.{name}"):
            yield f"{name} has no health check or another command"


def test_compose_has_the_house() -> None:
    assert {*SERVICES, "kafka", "postgres", "provision"} <= set(COMPOSE["services"])
    assert COMPOSE["services"]["kafka"]["image"] == "apache/kafka:4.3.1"
    assert COMPOSE["services"]["postgres"]["image"] == "postgres:18"
    assert list(faults(COMPOSE)) == []


def test_its_postgres_is_told_what_the_local_one_is_told() -> None:
    told = dict(word.removeprefix("-c").split("=") for word in COMPOSE["services"]["postgres"]["command"][1:])
    assert told == {name: value for name, value in SETTINGS.items() if name not in OF_A_LOCAL_ONE}


def test_the_broker_has_a_door_for_containers_and_one_for_this_machine(tmp_path: Path) -> None:
    """Its script, run with stubs in the place of Kafka's programs."""
    for name in ("kafka-storage.sh", "kafka-server-start.sh"):
        stub = tmp_path / name
        stub.write_text('#!/bin/sh\necho "$0 $@"\n', encoding="utf-8")
        stub.chmod(0o755)
    template, config = ROOT / "deploy" / "stack" / "server.properties.in", tmp_path / "server.properties"
    env = {"PATH": os.environ["PATH"], "TEMPLATE": str(template), "CONFIG": str(config), "KAFKA_BIN": str(tmp_path)}
    command = ["sh", str(ROOT / "deploy" / "docker" / "kafka.sh")]
    done = subprocess.run(command, env=env | {"KAFKA_ADMIN_PASSWORD": "p"}, capture_output=True, text=True, check=True)
    assert [line.split()[0].rsplit("/", 1)[1] for line in done.stdout.splitlines()] == [
        "kafka-storage.sh",
        "kafka-server-start.sh",
    ]
    said = dict(line.split("=", 1) for line in config.read_text(encoding="utf-8").splitlines())
    assert said["advertised.listeners"] == "CLIENT://kafka:9092,HOST://127.0.0.1:29092"
    assert said["listeners"] == "CLIENT://0.0.0.0:9092,HOST://0.0.0.0:29092,CONTROLLER://127.0.0.1:9093"
    assert "HOST:SASL_PLAINTEXT" in said["listener.security.protocol.map"]
    assert said["listener.name.host.sasl.enabled.mechanisms"] == "SCRAM-SHA-512"
    assert 'password="p"' in said["listener.name.host.scram-sha-512.sasl.jaas.config"]
    assert "{" not in config.read_text(encoding="utf-8")
    assert COMPOSE["services"]["kafka"]["ports"] == ["127.0.0.1:29092:29092"]
    assert set(said) >= {line.split("=")[0] for line in template.read_text(encoding="utf-8").splitlines()}


def test_what_is_wrong_is_found() -> None:
    wrong = {
        "ports": ["8101:8101"],
        "environment": {"YUQIAO_TYPO": "1"},
        "depends_on": {"nobody": {}},
        "command": ["x"],
    }
    assert len(list(faults({"services": {"intake": wrong}}))) == 4
