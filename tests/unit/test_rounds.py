"""`yuqiao round`, with matching's answer in the place of matching; what an import says of rounds."""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from typer.testing import CliRunner

from deploy import asking, cli

ASKED: list[tuple[str, str]] = []


@pytest.fixture
def matching(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    def answer(method: str, url: str, **_: object) -> httpx.Response:
        ASKED[:] = [(method, url)]
        return request.param  # type: ignore[no-any-return]

    stack = SimpleNamespace(url=lambda service: f"http://{service}", operator_headers=dict)
    monkeypatch.setattr(asking, "stack_at", lambda home: stack)
    monkeypatch.setattr(httpx, "request", answer)


NONE = {"matched": 0, "waiting": 0, "unmatched": 0, "rest_ended": 0}


def held(**numbers: int) -> httpx.Response:
    return httpx.Response(200, json=NONE | numbers)


@pytest.mark.parametrize("matching", [held(matched=3)], indirect=True)
@pytest.mark.usefixtures("matching")
def test_a_round_is_held_and_its_numbers_are_told() -> None:
    told, as_json = (CliRunner().invoke(cli.app, ["round", *more]) for more in ([], ["--json"]))
    assert ASKED == [("POST", "http://matching/rounds")]
    assert told.stdout.startswith("matched 3 ")
    assert json.loads(as_json.stdout) == NONE | {"matched": 3}
    assert (told.exit_code, told.stderr, as_json.exit_code) == (0, "", 0)


@pytest.mark.parametrize("matching", [held()], indirect=True)
@pytest.mark.usefixtures("matching")
def test_a_round_without_needs_says_so() -> None:
    assert CliRunner().invoke(cli.app, ["round"]).stderr == "no need was waiting for a round\n"


@pytest.mark.parametrize("matching", [held(rest_ended=2)], indirect=True)
@pytest.mark.usefixtures("matching")
def test_needs_that_wait_for_further_banks_no_more_are_needs_too() -> None:
    told = CliRunner().invoke(cli.app, ["round"])
    assert ("rest_ended 2 " in told.stdout, told.stderr) == (True, "")


@pytest.mark.parametrize("matching", [httpx.Response(409, json={"detail": "轮次已搁置"})], indirect=True)
@pytest.mark.usefixtures("matching")
def test_a_round_that_is_refused_exits_1() -> None:
    refused = CliRunner().invoke(cli.app, ["round"])
    assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", "轮次已搁置\n")


@pytest.mark.parametrize(("more", "told"), [([], True), (["--dry-run"], False)], ids=str)
def test_an_import_says_when_its_needs_go_to_banks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], told: bool
) -> None:
    counts = dict.fromkeys(("rows", "accepted", "added", "changed", "unchanged", "removed"), 1)
    answer = counts | {"list_id": "x", "version": 1, "dry_run": not told, "problems": [], "refused": 0}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=transport))
    file = tmp_path / "a.csv"
    file.write_bytes(b"a")
    monkeypatch.setenv("YUQIAO_OPERATOR_KEY", "key")
    done = CliRunner().invoke(cli.app, ["import", str(file), *more])
    assert done.exit_code == 0, done.output
    assert ("yuqiao round" in done.stderr.splitlines()[-1]) == told
