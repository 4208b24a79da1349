"""The codes in banks' replies: what examples say is known, and the guide says what is."""

import json
from pathlib import Path

import pytest

from yuqiao.contracts import schemas
from yuqiao.contracts.base import event_type
from yuqiao.policy.reply_codes import LISTS, unknown_codes
from yuqiao.policy.states import known_codes, listed, term

GUIDE = (Path(__file__).parents[3] / "docs" / "bank-guide.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("wire_type", LISTS)
def test_an_example_says_what_is_known(wire_type: str) -> None:
    (path,) = (Path(schemas.__file__).parent / "examples").rglob(f"{wire_type}.json")
    kind = event_type(wire_type)
    assert kind
    example = kind.model_validate_json(json.dumps(json.loads(path.read_text(encoding="utf-8"))["body"]))
    field, codes = LISTS[wire_type]
    assert list(unknown_codes(example)) == []
    assert list(unknown_codes(example.but(**{field: "odd"}))) == [(field, "odd", f"可用的有：{listed(codes)}")]


@pytest.mark.parametrize("codes", [codes for _, codes in LISTS.values()])
def test_the_guide_lists_each_code_with_its_term(codes: str) -> None:
    assert [code for code in known_codes(codes) if f"`{code}` {term(codes, code)}" not in GUIDE] == []
