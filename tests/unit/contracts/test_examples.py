"""Every wire type has a schema that equals its model, and golden examples that are decoded for ever."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from yuqiao.contracts import schemas
from yuqiao.contracts.base import StreamEvent, event_type
from yuqiao.contracts.envelope import BadEnvelope, read_envelope
from yuqiao.contracts.streams import NEEDS

EXAMPLES = sorted((Path(schemas.__file__).parent / "examples").rglob("*.json"))


def test_the_committed_schemas_are_what_the_models_say() -> None:
    assert schemas.differences() == []


def test_a_schema_that_is_stale_missing_or_of_no_type_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(schemas.FOLDER, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    (tmp_path / "receipt.json").write_text("{}", encoding="utf-8")
    (tmp_path / "reply.task.json").unlink()
    (tmp_path / "of.nobody.json").write_text("{}", encoding="utf-8")
    assert sorted(schemas.differences()) == ["of.nobody", "receipt", "reply.task"]


def test_every_wire_type_has_an_example() -> None:
    assert {p.stem for p in EXAMPLES} == set(schemas.wire_types())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_is_decoded_and_gives_the_same_again(path: Path) -> None:
    example: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    envelope = read_envelope(headers, datetime.now(UTC))
    kind = event_type(envelope.type)
    assert kind is not None
    event = kind.from_json(json.dumps(example["body"]).encode())
    assert json.loads(event.to_json()) == example["body"]
    assert (event.topic, event.key) == (example["topic"], example["key"])
    assert envelope.headers() == headers
    schema = json.loads((schemas.FOLDER / f"{envelope.type}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(example["body"])


def test_an_unknown_field_is_ignored() -> None:
    path = next(p for p in EXAMPLES if p.stem == "offer.pushed")
    body = json.loads(path.read_text(encoding="utf-8"))["body"]
    kind = event_type("offer.pushed")
    assert kind is not None
    assert kind.from_json(json.dumps({**body, "from_the_future": 1}).encode()) == kind.from_json(
        json.dumps(body).encode()
    )


def test_a_wire_type_is_taken_once() -> None:
    with pytest.raises(TypeError, match=r"need\.registered is taken"):

        class Thief(StreamEvent):
            wire_type = "need.registered"
            stream = NEEDS


def test_wire_types_do_not_follow_class_names() -> None:
    for name, kind in schemas.wire_types().items():
        assert name == kind.wire_type
        assert "." in name or name == "receipt"


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ([], "ce_id"),
        ([("ce_id", b"1")], "ce_type"),
        ([("ce_id", b"1"), ("ce_id", b"2"), ("ce_type", b"t")], "ce_id"),
        ([("ce_id", b"\xff"), ("ce_type", b"t")], "ce_id"),
        ([("ce_id", b"1"), ("ce_type", b"x" * 600)], "ce_type"),
        ([("ce_id", b"1"), ("ce_type", b"t"), ("ce_time", b"yesterday")], "ce_time"),
        ([("ce_id", b"1"), ("ce_type", b"t"), ("ce_time", b"2022-12-28T09:00:00")], "ce_time"),
        ([("ce_id", b"1"), ("ce_type", b"t"), ("ce_sequence", b"-1")], "ce_sequence"),
    ],
)
def test_a_bad_header_is_named(headers: list[tuple[str, bytes]], named: str) -> None:
    with pytest.raises(BadEnvelope) as caught:
        read_envelope(headers, datetime.now(UTC))
    assert caught.value.header == named
