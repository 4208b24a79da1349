"""docker-compose.yml, checked as far as it can be without Docker."""

from collections.abc import Iterator
from typing import Any

import yaml

from tests.tidy.checks import ROOT
from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime.settings import PREFIX, Settings

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


def test_what_is_wrong_is_found() -> None:
    wrong = {
        "ports": ["8101:8101"],
        "environment": {"YUQIAO_TYPO": "1"},
        "depends_on": {"nobody": {}},
        "command": ["x"],
    }
    assert len(list(faults({"services": {"intake": wrong}}))) == 4
