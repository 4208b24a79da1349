"""What commands about a running stack have in common: its folder, their options, exit codes, what a service answers."""

from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from deploy.demo.conductor import START
from deploy.stack.stack import DEFAULT_PORTS, ROOT, NoStack, Stack

FAILURE, USAGE, FINDINGS, UNREACHABLE = 1, 2, 3, 4
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


def ask(
    home: Path, path: str, method: str = "GET", *, service: str = "feedback", seconds: float = 30, **params: Any
) -> Any:
    """What a service answers to the operator. Exits with its words: 4 when it misses something itself, 1 when it refuses."""
    stack = stack_at(home)
    given = {name: value for name, value in params.items() if value is not None}
    url, headers = stack.url(service) + path, stack.operator_headers()
    answer = httpx.request(method, url, params=given, headers=headers, timeout=seconds)
    if answer.is_error:
        typer.echo(answer.json().get("detail", answer.text), err=True)
        raise typer.Exit(UNREACHABLE if answer.status_code == 503 else FAILURE)
    return answer.json()


def first(rows: list[dict[str, Any]], limit: int, what: str) -> list[dict[str, Any]]:
    """The first of them, when one more than those was asked for; on stderr that there are more, or none."""
    if not rows:
        typer.echo(f"no {what}", err=True)
    elif len(rows) > limit:
        typer.echo(f"there are more {what} than these {limit}; --limit shows more", err=True)
    elif len(rows) >= MOST_ROWS:
        typer.echo(f"{MOST_ROWS} are given at once; there may be more {what}", err=True)
    return rows[:limit]
