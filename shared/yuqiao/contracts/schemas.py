"""`python -m yuqiao.contracts.schemas write|check`: JSON Schemas of every wire type, generated, committed, held equal."""

import json
import sys
from pathlib import Path
from typing import Any

from yuqiao.contracts import banks, cases, from_bank, matches, needs, offers, to_bank
from yuqiao.contracts.base import REGISTRY, BankEvent, Event, StreamEvent
from yuqiao.contracts.streams import bank_topic

MODULES = (banks, cases, from_bank, matches, needs, offers, to_bank)
FOLDER = Path(__file__).with_name("schemas")


def wire_types() -> dict[str, type[Event]]:
    """The types that cross a wire, by name (what a service notes for itself does not)."""
    names = {module.__name__ for module in MODULES}
    return {name: kind for name, kind in sorted(REGISTRY.items()) if kind.__module__ in names}


def schema_of(kind: type[Event]) -> dict[str, Any]:
    """JSON Schema 2020-12 of a body, with its topic and key."""
    schema = kind.model_json_schema(mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = kind.wire_type
    if issubclass(kind, StreamEvent):
        schema["x-topic"] = kind.stream.name
    elif issubclass(kind, BankEvent):
        schema["x-topic"] = bank_topic("<bank>", kind.channel)
    schema["x-key"] = kind.key_field or "enterprise, else bank"
    return schema


def text_of(kind: type[Event]) -> str:
    """The schema as it is committed."""
    return json.dumps(schema_of(kind), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def differences() -> list[str]:
    """Types whose committed schema is missing, stale, or of no type."""
    kinds = wire_types()
    stale = [n for n, k in kinds.items() if not _path(n).exists() or _path(n).read_text(encoding="utf-8") != text_of(k)]
    return stale + [p.stem for p in FOLDER.glob("*.json") if p.stem not in kinds]


def _path(name: str) -> Path:
    return FOLDER / f"{name}.json"


def main() -> int:
    """Write the schemas, or say which differ (exit 3)."""
    if sys.argv[1:] == ["write"]:
        FOLDER.mkdir(exist_ok=True)
        for old in FOLDER.glob("*.json"):
            old.unlink()
        for name, kind in wire_types().items():
            _path(name).write_text(text_of(kind), encoding="utf-8")
        return 0
    if sys.argv[1:] == ["check"]:
        for name in (found := differences()):
            print(f"{name}: its committed schema is not what the model says; run `make docs`")
        return 3 if found else 0
    print("usage: python -m yuqiao.contracts.schemas write|check", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
