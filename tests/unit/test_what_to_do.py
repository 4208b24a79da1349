"""Each refusal over HTTP says what to do about exactly its code."""

import ast
from collections.abc import Iterator
from pathlib import Path

from yuqiao.runtime.http import _HTTP_ERRORS, problem
from yuqiao.runtime.messages import Refused
from yuqiao.runtime.what_to_do import WHAT_TO_DO

ROOT = Path(__file__).parents[2]


def codes() -> Iterator[str]:
    """The code of every `Refused` and every problem that the sources make."""
    for folder in (ROOT / "services", ROOT / "shared"):
        for path in folder.rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                place = (
                    {"Refused": 0, "problem_response": 1}.get(ast.unparse(call.func), -1)
                    if isinstance(call, ast.Call)
                    else -1
                )
                if isinstance(call, ast.Call) and place >= 0 and isinstance(code := call.args[place], ast.Constant):
                    yield str(code.value)
    yield from (code for code, _ in _HTTP_ERRORS.values())
    yield "http_error"


def test_every_code_has_its_own_advice_and_every_advice_a_code() -> None:
    assert set(codes()) == set(WHAT_TO_DO)


def test_who_forgets_an_idempotency_key_is_told_how_to_make_one_and_who_repeats_one_is_told_when_to_take_another() -> (
    None
):
    forgotten, repeated = (
        problem(Refused(code, "", status)).body.decode()
        for code, status in (("idempotency_key_required", 400), ("idempotency_key_reused", 422))
    )
    assert "请自拟一个标识" in forgotten
    assert "请换一个新的标识" in repeated
