"""What commands that ask a service have in common: its refusals in its words, ids as they were given."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy import cli
from deploy.asking import MOST_ROWS, first
from deploy.stack.stack import LOCK

REFUSED = {
    "detail": "请求参数有误",
    "reasons": [{"code": "wrong_format", "text": "query.resolution 的值 已电话答复 有误"}, {"code": "x", "text": "二"}],
}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command against a service that answers so: the exit code, and the paths that were asked for."""
    (tmp_path / LOCK).touch()

    def run(answer: httpx.Response, *command: str) -> tuple[int, list[str]]:
        paths: list[str] = []

        def request(method: str, url: str, **_: object) -> httpx.Response:
            paths.append(httpx.URL(url).raw_path.decode())
            return answer

        monkeypatch.setattr(httpx, "request", request)
        monkeypatch.setattr(sys, "argv", ["yuqiao", *command, "--home", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), paths

    return run


def test_a_refusal_says_what_is_wrong_with_each_field(asked: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(httpx.Response(422, json=REFUSED), "issue", "resolve", "i", "--resolution", "已电话答复")[0] == 2
    said = capsys.readouterr()
    text = "query.resolution 的值 已电话答复 有误"
    assert (said.out, said.err) == ("", f"请求参数有误\n  {text}（wrong_format）\n  二（x）\n")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(307), "HTTP 307\n"),
        (httpx.Response(200, text="<html>"), "HTTP 200 <html>\n"),
        (httpx.Response(502, text="Bad\x1b[31m Gateway"), "HTTP 502 Bad\\u001b[31m Gateway\n"),
        (httpx.Response(500, json=[]), "HTTP 500 []\n"),
    ],
    ids=str,
)
def test_an_answer_that_is_none_of_ours_is_a_failure_and_no_traceback(
    asked: Any, capsys: pytest.CaptureFixture[str], answer: httpx.Response, said: str
) -> None:
    assert asked(answer, "case", "show", "x")[0] == 1
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (["case", "show"], "/cases/a%2F..%3Fb%20%E4%B8%80"),
        (["issue", "resolve"], "/issues/a%2F..%3Fb%20%E4%B8%80/resolve"),
    ],
    ids=str,
)
def test_an_id_is_one_part_of_the_address_whatever_it_is(asked: Any, command: list[str], path: str) -> None:
    assert asked(httpx.Response(404, json={"detail": "没有"}), *command, "a/..?b 一") == (1, [path])


def test_an_id_of_bytes_that_are_no_text_is_asked_for_as_it_is(asked: Any) -> None:
    assert asked(httpx.Response(404, json={"detail": "没有"}), "case", "show", "\udcff") == (1, ["/cases/%FF"])


@pytest.mark.parametrize("id_", ["", " ", ".", ".."])
@pytest.mark.parametrize("command", [["case", "show"], ["issue", "resolve"]], ids=str)
def test_what_can_be_no_id_is_wrong_usage_and_not_asked_for(asked: Any, command: list[str], id_: str) -> None:
    assert asked(httpx.Response(200, json={}), *command, id_) == (2, [])


def test_that_a_service_gives_no_more_at_once_is_said_of_any_service(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(first([{}] * MOST_ROWS, MOST_ROWS, "open issues")) == MOST_ROWS
    assert capsys.readouterr().err == "10000 are given at once; there may be more open issues\n"
