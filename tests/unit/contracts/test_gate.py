"""The gate has been seen to stop each kind of breaking change, and to let additions pass."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from yuqiao.contracts import gate
from yuqiao.contracts.schemas import FOLDER

BEFORE: dict[str, Any] = {
    "x-topic": "t",
    "x-key": "k",
    "type": "object",
    "required": ["a"],
    "properties": {
        "a": {"type": "string", "pattern": "^x$", "maxLength": 10},
        "b": {"enum": ["1", "2"]},
        "c": {"$ref": "#/$defs/C"},
        "d": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "$defs": {"C": {"type": "object", "properties": {"x": {"type": "integer", "minimum": 1}}}},
}


def test_nothing_released_is_broken_today() -> None:
    assert list(gate.compare(gate.RELEASE, FOLDER)) == []


def changed(path: list[str], value: Any) -> dict[str, Any]:
    now = copy.deepcopy(BEFORE)
    place = now
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return now


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["x-topic"], "other"),
        (["x-key"], "other"),
        (["required"], ["a", "b"]),
        (["properties", "a"], None),
        (["properties", "a", "type"], "integer"),
        (["properties", "a", "pattern"], "^y$"),
        (["properties", "a", "maxLength"], 5),
        (["properties", "b", "enum"], ["1"]),
        (["properties", "a", "enum"], ["x"]),
        (["$defs", "C", "properties", "x", "minimum"], 2),
        (["$defs", "C", "properties", "x"], None),
        (["properties", "d", "anyOf"], [{"type": "string"}]),
    ],
)
def test_a_breaking_change_is_found(path: list[str], value: Any) -> None:
    assert list(gate.breaking(BEFORE, changed(path, value)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["properties", "new"], {"type": "string"}),
        (["properties", "b", "enum"], ["1", "2", "3"]),
        (["properties", "a", "maxLength"], 20),
    ],
)
def test_growth_passes(path: list[str], value: Any) -> None:
    assert not list(gate.breaking(BEFORE, changed(path, value)))


def test_a_type_that_is_gone_is_found(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "lost.json").write_text(json.dumps(BEFORE), encoding="utf-8")
    assert list(gate.compare(tmp_path / "release", tmp_path)) == ["lost: the type is gone"]
