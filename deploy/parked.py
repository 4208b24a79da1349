"""`yuqiao parked list|show|replay|drop`: who asked for what, and when, stays in the row."""

import asyncio
import getpass
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.table import Column, Table

from deploy.stack.stack import ROOT
from deploy.terminal import wide
from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime.messages import BEIJING
from yuqiao.runtime.sql import Queries

app = typer.Typer(no_args_is_help=True)
Q = Queries.beside(__file__, "parked.sql")
FAILURE = 1
LOCAL = ROOT / "build" / "local"
Home = Annotated[Path, typer.Option(help="the stack's folder")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout")]
Limit = Annotated[int, typer.Option(min=1, help="so many at most of each kind and service")]
By = Annotated[str, typer.Option(help="who decides; the user of this machine unless said otherwise")]
Service = Annotated[str, typer.Argument(help="intake, matching, notification or feedback")]


def _run(home: Path, service: str, query: str, *arguments: Any) -> list[dict[str, Any]]:
    from deploy.cli import stack_at

    if service not in SERVICES:
        raise typer.BadParameter(f"{service} is none of {', '.join(SERVICES)}")
    dsn = stack_at(home).provision.dsn(service)

    async def ask() -> list[dict[str, Any]]:
        conn = await asyncpg.connect(dsn, timeout=10)
        try:
            rows = await conn.fetch(query, *arguments)
            await conn.execute(Q.wake)
        finally:
            await conn.close()
        return [_here(dict(row)) for row in rows]

    return asyncio.run(ask())


def _here(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its times as people here read them: Beijing time, RFC 3339 with offset."""
    return {
        name: value.astimezone(BEIJING).isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in row.items()
    }


@app.command("list")
def list_(home: Home = LOCAL, limit: Limit = 100, as_json: AsJson = False) -> None:
    """Parked messages of all services; beside them those held for an unknown subject and those refused."""
    found = {
        name: [{"service": s, **row} for s in SERVICES for row in _run(home, s, query, limit)]
        for name, query in (("parked", Q.list_parked), ("held", Q.list_held), ("refused", Q.list_refused))
    }
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    console = wide()
    for name, rows in found.items():
        if not rows:
            console.print(f"{name}: none")
            continue
        names = ("service", "id", "key", "why", "where, when (+08:00)")
        table = Table(
            *(Column(name, overflow="fold") for name in names), title=f"{name}: {len(rows)}", title_justify="left"
        )
        for row in rows:
            why = row.get("reason") or row.get("subject") or row.get("type")
            table.add_row(row["service"], str(row["id"]), row["key"], str(why), f"{_where(row)}\n{_when(row)}")
        console.print(table)


def _when(row: dict[str, Any]) -> str:
    (at,) = (row[name] for name in ("parked_at", "held_at", "at") if name in row)
    return str(at)[:19].replace("T", " ")


def _where(row: dict[str, Any]) -> str:
    if row.get("topic"):
        return f"{row['topic']}/{row['partition']}/{row['offset']}"
    return str(json.loads(row.get("body") or "{}").get("place", ""))


@app.command()
def show(service: Service, parked: int, home: Home = LOCAL, as_json: AsJson = False) -> None:
    """One parked message, with its bytes, its reason and what was decided."""
    row = _known(home, service, parked)
    if as_json:
        print(json.dumps(row, ensure_ascii=False))
        return
    for name, value in row.items():
        print(f"{name}: {value}")


def _known(home: Path, service: str, parked: int) -> dict[str, Any]:
    rows = _run(home, service, Q.show, parked)
    if not rows:
        typer.echo(f"{service} has no parked message {parked}", err=True)
        raise typer.Exit(FAILURE)
    return rows[0]


@app.command()
def replay(service: Service, parked: str, home: Home = LOCAL, by: By = "", as_json: AsJson = False) -> None:
    """Have a parked message (an id), or all of a key in order (the key), decided again."""
    by = by or getpass.getuser()
    if parked.isdecimal():
        rows = _run(home, service, Q.show, int(parked))
        earlier = _run(home, service, Q.earlier, rows[0]["key"], int(parked))[0]["count"] if rows else 0
        if earlier:
            typer.echo(f"{earlier} earlier messages of this key come first: replay the key {rows[0]['key']}", err=True)
            raise typer.Exit(FAILURE)
        asked = _run(home, service, Q.ask_replay, int(parked), by)
    else:
        asked = _run(home, service, Q.ask_replay_key, parked, by)
    _told(asked, "asked to be replayed", as_json)


@app.command()
def drop(
    service: Service,
    parked: int,
    home: Home = LOCAL,
    by: By = "",
    yes: Annotated[bool, typer.Option("--yes", help="without being asked")] = False,
    as_json: AsJson = False,
) -> None:
    """Give a parked message up. It stays in the table, with who dropped it."""
    _known(home, service, parked)
    if not yes:
        typer.confirm(f"drop parked message {parked} of {service} for good?", abort=True, err=True)
    _told(_run(home, service, Q.drop, parked, by or getpass.getuser()), "dropped", as_json)


def _told(rows: list[dict[str, Any]], what: str, as_json: bool) -> None:
    typer.echo(f"{len(rows)} {what}", err=True)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    if not rows:
        raise typer.Exit(FAILURE)
