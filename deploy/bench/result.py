"""What a benchmark found, and where it is kept: build/bench.json, one part beside the other."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from deploy.stack.stack import ROOT
from yuqiao.runtime.messages import BEIJING

KEPT_IN = ROOT / "build" / "bench.json"


class Void(Exception):
    """The run measured something that is not right: its numbers mean nothing."""


def machine() -> dict[str, Any]:
    """On what it was measured."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}


def summary(rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Of each figure the median of all rounds, and the least and the most."""
    figures = {name: [one[name] for one in rounds] for name in rounds[0]}
    return {
        "medians": {name: round(statistics.median(values), 3) for name, values in figures.items()},
        "spread": {name: [round(min(values), 3), round(max(values), 3)] for name, values in figures.items()},
    }


def keep(part: str, found: dict[str, Any]) -> None:
    """Write a part's figures beside those of the other parts, with the time at which each was measured."""
    kept = json.loads(KEPT_IN.read_text(encoding="utf-8")) if KEPT_IN.exists() else {}
    for name, value in (found | {"at": {part: datetime.now(BEIJING).isoformat()}}).items():
        kept[name] = kept.get(name, {}) | value if isinstance(value, dict) else value
    KEPT_IN.parent.mkdir(exist_ok=True)
    KEPT_IN.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)
