"""`yuqiao parked list|show|replay|drop`: who asked for what, and when, stays in the row."""

import asyncio
import getpass
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.table import Column, Table

from deploy.asking import FAILURE, LOCAL, AsJson, Home, stack_at
from deploy.terminal import wide
from yuqiao.contracts.problems import visible
from yuqiao.contracts.streams import SERVICES
from yuqiao.policy.calendar import until
from yuqiao.runtime.messages import BEIJING
from yuqiao.runtime.records import headers_from_text
from yuqiao.runtime.sql import Queries

app = typer.Typer(no_args_is_help=True)
Q = Queries.beside(__file__, "parked.sql")
Limit = Annotated[int, typer.Option(min=1, help="so many at most of each kind and service")]
By = Annotated[str, typer.Option(help="who decides; the user of this machine unless said otherwise")]
Service = Annotated[str, typer.Argument(help="intake, matching, notification or feedback")]
Id = Annotated[str, typer.Argument(metavar="ID", help="an id of `yuqiao parked list`")]
IDS = {
    "parked": re.compile(r"[0-9]{1,18}"),
    "held": re.compile(r"held-[0-9]{1,18}"),
    "refused": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}
"""How the ids of each kind look."""
SHOWN = {"parked": Q.show, "held": Q.show_held, "refused": Q.show_refused}
DECIDED = {
    "held": "it goes on when its subject comes, and is refused when its time is over",
    "released": "it is held no more; `parked show` has its outcome",
    "refused": "it was decided and answered; its sender may send another",
}
"""Why of a state nothing is replayed or dropped."""


def _run(home: Path, service: str, query: str, *arguments: Any) -> list[dict[str, Any]]:
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
    """A row as people here read it: Beijing time, RFC 3339 with offset; bytes as UTF-8, those that are none as \\xff."""

    def read(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(BEIJING).isoformat(timespec="seconds")
        return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value

    return {name: read(value) for name, value in row.items()}


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
            told = row["service"], str(row["id"]), visible(row["key"]), visible(_why(row))
            table.add_row(*told, f"{_where(row)}\n{_when(row)}")
        console.print(table)


def _why(row: dict[str, Any]) -> str:
    """Of a parked row its reason; of a held one what it waits for, until when; of a refused one the codes."""
    if "reason" in row:
        return str(row["reason"])
    if "subject" in row:
        return f"{_type(row)} waits for {row['subject']} until {until(row['expires_at'])}"
    event = json.loads(row["body"])
    codes = ", ".join(reason["code"] for reason in event.get("reasons", ()))
    return f"{event.get('reply_type') or row['type'].partition('.')[0]}: {codes}"


def _type(row: dict[str, Any]) -> str:
    found = dict(headers_from_text(row["headers"])).get("ce_type", b"")
    return found.decode(errors="replace") or "a message"


def _when(row: dict[str, Any]) -> str:
    (at,) = (row[name] for name in ("parked_at", "held_at", "at") if name in row)
    return str(at)[:19].replace("T", " ")


def _where(row: dict[str, Any]) -> str:
    if row.get("topic"):
        return f"{row['topic']}/{row['partition']}/{row['offset']}"
    return str(json.loads(row.get("body") or "{}").get("place", ""))


@app.command()
def show(service: Service, id_: Id, home: Home = LOCAL, as_json: AsJson = False) -> None:
    """One message that is parked, held or was refused: which of these, its bytes or body, why, what was decided."""
    row = _known(home, service, id_)
    if as_json:
        print(json.dumps(row, ensure_ascii=False))
        return
    for name, value in row.items():
        print(f"{name}:", "\n   ".join(map(visible, str(value).split("\n"))))
    for reason in json.loads(row["body"]).get("reasons", ()) if row["state"] == "refused" else ():
        print(f"   {reason['code']}: {reason['text']}")


def _kind_of(id_: str) -> str | None:
    return next((kind for kind, pattern in IDS.items() if pattern.fullmatch(id_)), None)


def _found(home: Path, service: str, kind: str, id_: str) -> dict[str, Any] | None:
    """The row of an id that looks like one of this kind, with its `state`: the kind, or that it is held no more."""
    rows = _run(home, service, SHOWN[kind], id_ if kind == "refused" else int(id_.removeprefix("held-")))
    return next(({"state": "released" if row.get("released_at") else kind} | row for row in rows), None)


def _known(home: Path, service: str, id_: str) -> dict[str, Any]:
    """The same. Exits 1 when it is not there, 2 when no id looks so."""
    kind = _kind_of(id_)
    if kind is None:
        raise typer.BadParameter(f"{id_} is no id of `yuqiao parked list`")
    row = _found(home, service, kind, id_)
    if row is None:
        typer.echo(f"{service} has no {kind} message {id_}", err=True)
        raise typer.Exit(FAILURE)
    return row


def _only_parked(service: str, row: dict[str, Any]) -> None:
    """Says so and exits 1 when the message was refused, is held, or was."""
    if why := DECIDED.get(row["state"]):
        typer.echo(f"{row['id']} of {service} is {row['state']}, not parked: {why}", err=True)
        raise typer.Exit(FAILURE)


@app.command()
def replay(service: Service, parked: str, home: Home = LOCAL, by: By = "", as_json: AsJson = False) -> None:
    """Have a parked message (an id), or all of a key in order (the key), decided again."""
    by = by or getpass.getuser()
    if IDS["parked"].fullmatch(parked):
        rows = _run(home, service, Q.show, int(parked))
        earlier = _run(home, service, Q.earlier, rows[0]["key"], int(parked))[0]["count"] if rows else 0
        if earlier:
            key = visible(rows[0]["key"])
            typer.echo(f"{earlier} earlier messages of this key come first: replay the key {key}", err=True)
            raise typer.Exit(FAILURE)
        asked = _run(home, service, Q.ask_replay, int(parked), by)
    else:
        asked = _run(home, service, Q.ask_replay_key, parked, by)
        if not asked and (kind := _kind_of(parked)) and (row := _found(home, service, kind, parked)):
            _only_parked(service, row)
    _told(asked, "asked to be replayed", as_json)


@app.command()
def drop(
    service: Service,
    parked: Id,
    home: Home = LOCAL,
    by: By = "",
    yes: Annotated[bool, typer.Option("--yes", help="without being asked")] = False,
    as_json: AsJson = False,
) -> None:
    """Give a parked message up. It stays in the table, with who dropped it."""
    row = _known(home, service, parked)
    _only_parked(service, row)
    if not yes:
        typer.confirm(f"drop parked message {parked} of {service} for good?", abort=True, err=True)
    _told(_run(home, service, Q.drop, row["id"], by or getpass.getuser()), "dropped", as_json)


def _told(rows: list[dict[str, Any]], what: str, as_json: bool) -> None:
    typer.echo(f"{len(rows)} {what}", err=True)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    if not rows:
        raise typer.Exit(FAILURE)
