"""`yuqiao issue list|resolve`: the issue list, open to banks and enterprises (银企双方问题清单)."""

import json
from typing import Annotated

import typer
from rich.table import Column, Table

from deploy.asking import LOCAL, AsJson, Home, Limit, ask, first, given_id
from deploy.terminal import wide
from yuqiao.policy.calendar import until

app = typer.Typer(no_args_is_help=True)
Issue = Annotated[str, typer.Argument(help="an id of `yuqiao issue list`", callback=given_id)]
Resolution = Annotated[str, typer.Option(help="what became of it: a code of letters, digits, _ and .")]
Answer = Annotated[str | None, typer.Option(help="in words, for whoever raised it; names no person and no enterprise")]
TOLD = {"bank": "the bank is told", "enterprise": "the enterprise sees it on its page"}


@app.command("list")
def list_(limit: Limit = 100, home: Home = LOCAL, as_json: AsJson = False) -> None:
    """What is open: who raised it, about what, on which rung of the ladder, until when; the oldest first."""
    found = first(ask(home, "issues", limit=limit + 1), limit, "open issues")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    if as_json or not found:
        return
    folding = (Column(name, overflow="fold") for name in ("raised by", "about", "bank", "level", "until"))
    table = Table(*(Column(name, no_wrap=True) for name in ("issue", "case")), *folding)
    for issue in found:
        said = [issue["words"]] if issue["words"] else [reason["text"] for reason in issue.get("reasons") or ()]
        about = "；".join([issue["category_term"], *said])
        by = until(wait["due_at"]) if (wait := issue.get("wait")) else ""
        told = issue["raised_by_term"], about, issue.get("bank", ""), issue["level_term"], by
        table.add_row(issue["issue"], issue["need"], *told)
    wide().print(table)


@app.command()
def resolve(
    issue: Issue,
    resolution: Resolution = "answered",
    answer: Answer = None,
    home: Home = LOCAL,
    as_json: AsJson = False,
) -> None:
    """It is settled: it leaves the list, whoever raised it is told, and the case's history says so."""
    body = {"answer": answer} if answer is not None else None
    done = ask(home, "issues", issue, "resolve", method="POST", resolution=resolution, body=body)
    told = TOLD.get(done["told"], "nobody else raised it, nobody is told")
    print(json.dumps(done, ensure_ascii=False) if as_json else f"issue {issue}: {resolution}; {told}")
