"""`yuqiao case show|who|done ID`, `yuqiao cases`: what is known of a case, for people and programs."""

import json
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from deploy.asking import LOCAL, AsJson, Home, Limit, ask, first, given_id
from deploy.terminal import wide
from deploy.timeline import limit_term, said
from services.intake.columns import COLUMNS
from yuqiao.policy.calendar import until
from yuqiao.policy.states import known_codes

app = typer.Typer(no_args_is_help=True)
Case = Annotated[str, typer.Argument(help="an id of `yuqiao cases`", callback=given_id)]
PARTIES = "those that wait for: bank, enterprise, office, or owner: who has a task of the plan, until its day or the case's end"
OVERDUE = (
    "those whose time limit has passed and has had no consequence yet: for an instant, or while the bank's replies are unread"
    " or the case's key is parked. What follows stands in `case show`: an offer expires, a task is `task.due` and waits no more"
)
SHORT = 8
"""So much of an offer's id tells those of one case apart; --json has the whole."""


@app.command()
def show(case: Case, home: Home = LOCAL, as_json: AsJson = False) -> None:
    """One case: where it stands, whom it waits for until when, and all that happened.

    Terms beside feedback's reasons; `offer` is the beginning of its id. Why a bank was matched is matching's to say.
    """
    found = ask(home, "cases", case)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    console = wide()
    state = found["outcome_term"] or found["stage_term"]
    console.print(f"case {found['need']}  {state}  {found['amount_cny']} 元", highlight=False)
    if wait := found["next_deadline"]:
        limit = limit_term(wait["limit"])
        console.print(f"waits for {found['waiting_on_term']} ({limit}) until {until(wait['due_at'])}", highlight=False)
    for task in found["tasks"].values():
        console.print(f"task {task['task']}  {_state(task)}，{task['owner']}：{task['text']}", highlight=False)
    names = ("at", "event", "offer", "bank")
    table = Table(*(Column(name, no_wrap=True) for name in names), Column("what", overflow="fold"))
    for row in found["timeline"]:
        event = row["event"]
        offer = (event.get("offer") or "")[:SHORT]
        table.add_row(row["at"][:16].replace("T", " "), row["type"], offer, event.get("bank"), said(event, found))
    console.print(table)


@app.command()
def done(
    case: Case,
    task: Annotated[str, typer.Argument(help="an id of a task that `case show` lists", callback=given_id)],
    home: Home = LOCAL,
    as_json: AsJson = False,
) -> None:
    """A task of the plan (一企一策) that the office has is done; what a bank is asked for, the bank reports."""
    found = ask(home, "cases", case, "tasks", task, "done", method="POST")
    print(json.dumps(found, ensure_ascii=False) if as_json else f"case {case}: task {task} is done")


@app.command()
def who(case: Case, home: Home = LOCAL, as_json: AsJson = False) -> None:
    """Whose case it is, whom to call there, how its need came, and the link of its page: intake shows it, nobody keeps it."""
    found = ask(home, "needs", case, service="intake")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    table = Table(show_header=False, box=None)
    for column in COLUMNS:
        if column.field in found:
            table.add_row(column.header, found[column.field])
    for way in found["origins"]:
        row = f"：清单 {way['list_id']} 第 {way['list_version']} 版第 {way['row']} 行" if "list_id" in way else ""
        table.add_row("来源", f"{way['channel_term']}{row}")
    wide().print(table)
    print(found["link"])  # in one piece, however long


def _state(task: dict[str, Any]) -> str:
    """Whether a task is answered, or until when it should be."""
    if task["done"] or task["not_done"]:
        return "已完成" if task["done"] else "未落实"
    return f"{'已逾期' if task['overdue'] else '至'} {until(task['due_at'])}"


def list_cases(
    party: Annotated[str | None, typer.Argument(help=PARTIES)] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="those that wait for somebody, or for PARTY")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help=OVERDUE)] = False,
    limit: Limit = 100,
    home: Home = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Open cases: whom they wait for, until when; the most urgent first."""
    if party is not None and party not in known_codes("party"):
        raise typer.BadParameter(f"{party} is none of {', '.join(known_codes('party'))}")
    rows = ask(home, "cases", waiting=party, overdue=str(overdue).lower(), limit=limit + 1)
    rows = first([row for row in rows if row["waiting_on"] or not waiting], limit, "such cases")
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    if as_json or not rows:
        return
    table = Table(
        Column("case", no_wrap=True), *(Column(name, overflow="fold") for name in ("stage", "waits for", "until", "元"))
    )
    for r in rows:
        due = until(r["due_at"]) if r["due_at"] else ""
        table.add_row(r["id"], r["stage_term"], r["waiting_on_term"] or "", due, r["amount_cny"])
    wide().print(table)
