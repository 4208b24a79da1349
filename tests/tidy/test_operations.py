"""Every metric is documented, every alert has a metric that exists and a runbook that is there."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from prometheus_client import Histogram
from prometheus_client.metrics import MetricWrapperBase

from tests.tidy import checks
from tests.tidy.checks import ROOT
from yuqiao.runtime import metrics

DOCUMENT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ALERTS = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))


def metric_names() -> list[str]:
    found = []
    for value in vars(metrics).values():
        if isinstance(value, MetricWrapperBase):
            suffix = "_total" if type(value).__name__ == "Counter" else ""
            found.append(f"{value._name}{suffix}")
    assert any(isinstance(v, Histogram) for v in vars(metrics).values())
    return found


def unfounded_alerts(alerts: dict[str, Any], known: list[str], document: str) -> Iterator[str]:
    for rule in alerts["groups"][0]["rules"]:
        for name in re.findall(r"yuqiao_\w+", rule["expr"]):
            if name not in known:
                yield f"{rule['alert']} uses {name}, which is no metric"
        if f"### {rule['alert']}\n" not in document or not rule["annotations"]["runbook"].endswith(
            rule["alert"].lower()
        ):
            yield f"{rule['alert']} has no runbook"


def test_every_metric_is_documented() -> None:
    assert list(checks.undocumented(metric_names(), DOCUMENT)) == []


def test_the_six_alerts_stand_on_metrics_and_runbooks() -> None:
    assert len(ALERTS["groups"][0]["rules"]) == 6
    assert list(unfounded_alerts(ALERTS, metric_names(), DOCUMENT)) == []


def test_an_alert_on_nothing_is_found() -> None:
    rule = {"alert": "Nobody", "expr": "yuqiao_nothing > 0", "annotations": {"runbook": "docs/operations.md#other"}}
    assert len(list(unfounded_alerts({"groups": [{"rules": [rule]}]}, metric_names(), DOCUMENT))) == 2
