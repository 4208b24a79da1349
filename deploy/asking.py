"""What commands have in common: the stack's folder, options, exit codes, what a service answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer

from deploy.demo.conductor import START
from deploy.stack.stack import DEFAULT_PORTS, ROOT, NoStack, Stack
from yuqiao.contracts.problems import visible

FAILURE, USAGE, FINDINGS, UNREACHABLE = 1, 2, 3, 4
EXITS = {422: USAGE, 503: UNREACHABLE}
"""By the status of a refusal: what was asked wrongly, and what a service itself misses. Any other is a failure."""
MOST_CHARACTERS = 200
"""Of an answer that is none of a service's: a page of a proxy is long."""
MOST_ROWS = 10_000
"""So many a service gives at once."""
LOCAL = ROOT / "build" / "local"
Home = Annotated[Path, typer.Option(help="the stack's folder")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout")]
Limit = Annotated[int, typer.Option(min=1, help="so many at most")]


def stack_at(home: Path) -> Stack:
    """The stack that was started under a folder, to look at or to stop. Writes nothing and raises NoStack without one."""
    if not Stack.known_at(home):
        raise NoStack(f"no stack under {home}; start one with make up")
    return stack_of(home)


def stack_of(home: Path) -> Stack:
    """The stack of a folder: the local one on its default ports, a demo on those that it picked."""
    if (home / "secrets" / "kafka.conductor").exists():
        return Stack(home, starts_at=START)
    return Stack(home, ports=DEFAULT_PORTS if home == LOCAL else None)


def given_id(value: str) -> str:
    """The callback of an argument that names something: what no service can be asked for is wrong usage."""
    if value.strip() in {"", ".", ".."}:
        raise typer.BadParameter(f"“{value}” is no id")
    return value


def ask(
    home: Path,
    *path: str,
    method: str = "GET",
    service: str = "feedback",
    seconds: float = 30,
    body: dict[str, Any] | None = None,
    **params: Any,
) -> Any:
    """What a service answers to the operator at a path of these parts. Exits with its words where it refuses (see EXITS)."""
    stack = stack_at(home)
    given = {name: value for name, value in params.items() if value is not None}
    url = "/".join([stack.url(service), *(quote(part, safe="", errors="surrogateescape") for part in path)])
    answer = httpx.request(method, url, params=given, json=body, headers=stack.operator_headers(), timeout=seconds)
    try:
        said = answer.json()
    except ValueError:
        said = None  # a page of a proxy, or of another program on that port
    if answer.is_success and said is not None:
        return said
    for line in _refusal(answer, said):
        typer.echo(line, err=True)
    raise typer.Exit(EXITS.get(answer.status_code, FAILURE))


def _refusal(answer: httpx.Response, problem: Any) -> Iterator[str]:
    """A problem and what is wrong with each field; of an answer that is none of a service's, its beginning."""
    if isinstance(problem, dict) and "detail" in problem:
        yield problem["detail"]
        yield from (f"  {reason['text']}（{reason['code']}）" for reason in problem.get("reasons") or ())
    else:
        yield f"HTTP {answer.status_code} {visible(answer.text[:MOST_CHARACTERS])}".rstrip()


def first(rows: list[dict[str, Any]], limit: int, what: str) -> list[dict[str, Any]]:
    """The first of them, when one more than those was asked for; on stderr that there are more, or none."""
    if not rows:
        typer.echo(f"no {what}", err=True)
    elif len(rows) > limit:
        typer.echo(f"there are more {what} than these {limit}; --limit shows more", err=True)
    elif len(rows) >= MOST_ROWS:
        typer.echo(f"{MOST_ROWS} are given at once; there may be more {what}", err=True)
    return rows[:limit]
