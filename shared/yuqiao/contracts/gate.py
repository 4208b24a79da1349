"""`python -m yuqiao.contracts.gate`: a contract only grows. Compares today's schemas with the last release's (exit 3)."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yuqiao.contracts.schemas import FOLDER

RELEASE = Path(__file__).with_name("release") / "v1"
Schema = dict[str, Any]
NARROWING_IF_LESS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
NARROWING_IF_MORE = ("minimum", "exclusiveMinimum", "minLength", "minItems")


def breaking(before: Schema, now: Schema) -> Iterator[str]:
    """What in `now` would break a reader or writer of `before`; optional additions break nobody."""
    for mark in ("x-topic", "x-key"):
        if before.get(mark) != now.get(mark):
            yield f"{mark} changed from {before.get(mark)} to {now.get(mark)}"
    yield from _object("", before, now, before, now)


def _object(path: str, before: Schema, now: Schema, roots_before: Schema, roots_now: Schema) -> Iterator[str]:
    before, now = _followed(before, roots_before), _followed(now, roots_now)
    yield from _bounds(path, before, now)
    for name in sorted(set(now.get("required", [])) - set(before.get("required", []))):
        yield f"{path}{name} is required now"
    for name, old in before.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{path}{name} is gone"
        else:
            yield from _object(f"{path}{name}.", old, now["properties"][name], roots_before, roots_now)
    if "items" in before and "items" in now:
        yield from _object(f"{path}[].", before["items"], now["items"], roots_before, roots_now)


def _bounds(path: str, before: Schema, now: Schema) -> Iterator[str]:
    place = path.rstrip(".") or "the body"
    if before.get("type") != now.get("type"):
        yield f"{place} was {before.get('type')}, is {now.get('type')}"
    if before.get("pattern") != now.get("pattern"):
        yield f"{place} has another pattern"
    allowed = now.get("enum") or before.get("enum") or []
    if missing := [v for v in before.get("enum", []) if v not in allowed]:
        yield f"{place} no longer allows {missing}"
    if "enum" in now and "enum" not in before:
        yield f"{place} allows listed values only now"
    for mark in NARROWING_IF_LESS:
        if mark in now and now[mark] < before.get(mark, float("inf")):
            yield f"{place} has a smaller {mark}"
    for mark in NARROWING_IF_MORE:
        if mark in now and now[mark] > before.get(mark, float("-inf")):
            yield f"{place} has a larger {mark}"
    kinds_before, kinds_now = (_kinds(s) for s in (before, now))
    if not kinds_before <= kinds_now:
        yield f"{place} no longer allows {sorted(kinds_before - kinds_now)}"


def _kinds(schema: Schema) -> frozenset[str]:
    return frozenset(json.dumps(part, sort_keys=True) for part in schema.get("anyOf", []))


def _followed(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return dict(root["$defs"][reference.rsplit("/", 1)[-1]])


def compare(release: Path, current: Path) -> Iterator[str]:
    """Every breaking change between two folders of schemas."""
    for path in sorted(release.glob("*.json")):
        now = current / path.name
        if not now.exists():
            yield f"{path.stem}: the type is gone"
            continue
        for change in breaking(json.loads(path.read_text("utf-8")), json.loads(now.read_text("utf-8"))):
            yield f"{path.stem}: {change}"


def main() -> int:
    """Say what breaks; exit 3 when something does."""
    found = list(compare(RELEASE, FOLDER))
    for change in found:
        print(change)
    return 3 if found else 0


if __name__ == "__main__":
    sys.exit(main())
