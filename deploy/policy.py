"""`yuqiao policy …`: what the measures say of a need, whether promises were kept, size classes, due days, credit codes."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from deploy.asking import FINDINGS, AsJson
from deploy.policy_asked import MOST_STAFF, asked_need, count, day_of, industry_wrong, money, valid
from deploy.policy_calendar import calendar
from deploy.policy_files import read, refuse, say, wrong
from deploy.policy_told import ends, explained, in_force, measure_told, not_looked_at, verdict
from deploy.terminal import wide
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.explain import TERMS, explain
from yuqiao.policy.measures import measures as all_measures
from yuqiao.policy.outcome import Outcome
from yuqiao.policy.promises import check
from yuqiao.policy.size_class import classify
from yuqiao.policy.uscc import BadUscc, canonical_uscc
from yuqiao.policy.without_application import without_application

app = typer.Typer(no_args_is_help=True)
app.command("calendar")(calendar)
On = Annotated[str | None, typer.Option("--on", help="a day, 2022-12-28")]


@app.command("measures")
def measures_(on: On = None, as_json: AsJson = False) -> None:
    """The 17 measures of 渝北金〔2022〕16号; with --on those of which something is in force on that day, part by part."""
    day = day_of(on, "on") if on else None
    shown = [m for m in all_measures() if day is None or in_force(m, day)]
    if as_json:
        _json([measure_told(m, day) for m in shown])
        return
    table = Table(
        Column("条", overflow="fold"),
        Column("措施", overflow="fold"),
        Column("牵头单位", overflow="fold"),
        Column("责任单位", overflow="fold"),
        Column("执行至", overflow="fold"),
    )
    for m in shown:
        lead = "、".join(m.lead) or f"（条文未列，由{m.configured_lead}承担）"
        table.add_row(m.clause, m.title, lead, "、".join(m.responsible), ends(m, day))
    wide().print(table)


@app.command("explain")
def explain_(
    need: Annotated[Path, typer.Option(help="JSON or YAML: kind, amount_cny, size_class, tags … (nobody's name)")],
    on: On = None,
    unasked: Annotated[bool, typer.Option("--without-application", help="only 免申即享, whatever the need is")] = False,
    as_json: AsJson = False,
) -> None:
    """Which measures apply to a need, which do not, and why: on the day it was stated, unless --on names another."""
    asked = day_of(on, "on") if on else None
    facts = asked_need(need, asked)
    day = asked or facts.stated_on
    found = without_application(facts, day) if unasked else explain(facts, day, facts.amount_cny)
    if as_json:
        _json([explained(one) for one in found])
        return
    table = Table(
        Column("条", overflow="fold"),
        Column("措施", overflow="fold"),
        Column("结论", overflow="fold"),
        Column("理由", overflow="fold"),
        Column("执行至", overflow="fold"),
    )
    for one in found:
        title = one.part.term if one.part else one.measure.title
        table.add_row(one.measure.clause, title, TERMS[one.verdict], one.reason, str(one.until or ""))
    wide().print(table)


@app.command("check")
def check_(
    outcome: Annotated[Path, typer.Option(help="JSON or YAML: measure, rate_before, rate_after, fee_rate …")],
    as_json: AsJson = False,
) -> None:
    """Which promises an outcome keeps; on stderr, the fields that none looks at. Exits 3 when one is broken."""
    given = read(outcome)
    reported = valid(Outcome, given)
    found = check(reported)
    say(*(one for one in not_looked_at(reported) if one.values["field"] in given))
    if as_json:
        _json([one.model_dump(mode="json") for one in found])
    else:
        table = Table(Column("承诺", overflow="fold"), Column("结论", overflow="fold"), Column("数据", overflow="fold"))
        for one in found:
            table.add_row(one.promise, verdict(one), one.text)
        wide().print(table)
    if any(one.holds is False for one in found):
        raise typer.Exit(FINDINGS)


@app.command("size")
def size(
    industry: Annotated[str | None, typer.Option(help="GB/T 4754-2017: C34, C3411 …")] = None,
    staff: Annotated[str | None, typer.Option(help="persons")] = None,
    revenue: Annotated[str | None, typer.Option(help="yuan")] = None,
    assets: Annotated[str | None, typer.Option(help="yuan")] = None,
    on: Annotated[str | None, typer.Option(help="a day: by the standard in force then; the newest unless said")] = None,
    as_json: AsJson = False,
) -> None:
    """The size class of an enterprise (工信部联企业〔2011〕300号). What is not known is left out."""
    if industry is not None and (unknown := industry_wrong(industry)):
        refuse(unknown)
    day = day_of(on, "on") if on else None
    persons = None if staff is None else count("staff", staff, 0, MOST_STAFF)
    found = classify(industry, persons, money("revenue", revenue), money("assets", assets), day)
    _answer({"size": found.code, "term": found.term, "basis": found.basis}, as_json)


@app.command("due")
def due(
    from_: Annotated[str, typer.Option("--from", help="the day that does not count, 2022-12-28")],
    working_days: Annotated[str, typer.Option(help="1 to 10000")],
    as_json: AsJson = False,
) -> None:
    """The n-th working day after a day. Provisional beyond the days that a holiday notice covers."""
    start, days = day_of(from_, "from"), count("working-days", working_days, 1, 10_000)
    try:
        found = WorkingCalendar.load().add_working_days(start, days)
    except ValueError as error:
        refuse(wrong("from", from_, str(error), "out_of_range"))
    _answer({"due": found.due.isoformat(), "provisional": found.provisional, "basis": found.basis}, as_json)


@app.command("uscc")
def uscc(code: str, as_json: AsJson = False) -> None:
    """Whether a 统一社会信用代码 is one. Exits 3 when it is not."""
    try:
        canonical_uscc(code)
        answer: dict[str, Any] = {"valid": True, "reason": None}
    except BadUscc as bad:
        answer = {"valid": False, "reason": f"{bad.text}（{bad.code}）"}
    _answer(answer, as_json)
    if not answer["valid"]:
        raise typer.Exit(FINDINGS)


def _answer(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        _json(answer)
    else:
        for name, value in answer.items():
            typer.echo(f"{name}: {value}")


def _json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
