"""`yuqiao policy …`: what the measures say of a need, whether promises were kept, size classes, due days, credit codes."""

import json
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError
from rich.console import Console
from rich.table import Column, Table

from deploy.policy_calendar import calendar
from yuqiao.contracts.problems import NotJson, loads_strict, reasons_of
from yuqiao.contracts.values import NeedFacts, Rate, Reason
from yuqiao.policy.calendar import BEIJING, WorkingCalendar
from yuqiao.policy.explain import TERMS, Explained, explain
from yuqiao.policy.industries import industry as industry_of
from yuqiao.policy.measures import Measure, Part
from yuqiao.policy.measures import measures as all_measures
from yuqiao.policy.outcome import Outcome
from yuqiao.policy.promises import Checked, check
from yuqiao.policy.size_class import classify
from yuqiao.policy.states import known_codes
from yuqiao.policy.uscc import BadUscc, canonical_uscc
from yuqiao.policy.without_application import without_application
from yuqiao.policy.written import HIGHEST_RATE, Day, no_percent_sign, within, written_day

M = TypeVar("M", bound=BaseModel)
USAGE, FINDINGS = 2, 3
app = typer.Typer(no_args_is_help=True)
app.command("calendar")(calendar)
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout")]
On = Annotated[str | None, typer.Option("--on", help="a day, 2022-12-28")]
FACTS_CODES = {"kind": "need_kind", "entity_kind": "entity_kind", "size_class": "size_class", "tags": "tag"}


class AskedNeed(NeedFacts):
    """A need as somebody writes it to ask: the facts of the events, but no rate that only a percent could be."""

    max_annual_rate: (
        Annotated[Rate, BeforeValidator(no_percent_sign), AfterValidator(partial(within, HIGHEST_RATE))] | None
    ) = None
    stated_on: Day


@app.command("measures")
def measures_(on: On = None, as_json: AsJson = False) -> None:
    """The 17 measures of 渝北金〔2022〕16号; with --on those of which something is in force on that day, part by part."""
    day = _day(on, "on") if on else None
    shown = [m for m in all_measures() if day is None or _in_force(m, day)]
    if as_json:
        _json([_measure(m, day) for m in shown])
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
        table.add_row(m.clause, m.title, lead, "、".join(m.responsible), _ends(m, day))
    Console().print(table)


def _in_force(measure: Measure, day: date) -> bool:
    return any(measure.outside(part, day) is None for part in measure.parts or (None,))


def _measure(measure: Measure, day: date | None) -> dict[str, Any]:
    """As JSON; with a day each part says whether it is in force, and if not, why."""
    parts = [_part(measure, part, day) for part in measure.parts]
    return measure.model_dump(mode="json") | _lead(measure) | {"parts": parts}


def _part(measure: Measure, part: Part, day: date | None) -> dict[str, Any]:
    until = measure.until(part)
    shown = part.model_dump(mode="json") | {"until": str(until) if until else None}
    if day is not None:
        outside = measure.outside(part, day)
        shown |= {"in_force": outside is None, "reason": f"{TERMS[outside[0]]}：{outside[1]}" if outside else None}
    return shown


def _lead(measure: Measure) -> dict[str, Any]:
    """Who leads. `lead_configured`: the clause names nobody, and this is who stands in by this system's setting."""
    return {"lead": list(measure.lead or (measure.configured_lead,)), "lead_configured": not measure.lead}


def _ends(measure: Measure, day: date | None) -> str:
    """The last day in words: one for the clause, or one for each part where they differ."""
    ends = [(part.term, _end(measure, part, day)) for part in measure.parts] or [("", _end(measure, None, day))]
    if len({end for _, end in ends}) == 1:
        return ends[0][1]
    return "\n".join(f"{term}：{end}" for term, end in ends)


def _end(measure: Measure, part: Part | None, day: date | None) -> str:
    outside = measure.outside(part, day) if day else None
    return f"{measure.until(part) or '未写明'}{f'（{TERMS[outside[0]]}）' if outside else ''}"


@app.command("explain")
def explain_(
    need: Annotated[Path, typer.Option(help="JSON or YAML: kind, amount_cny, size_class, tags …")],
    on: On = None,
    unasked: Annotated[bool, typer.Option("--without-application", help="only 免申即享, whatever the need is")] = False,
    as_json: AsJson = False,
) -> None:
    """Which measures apply to a need, which do not, and why: on the day it was stated, unless --on names another."""
    asked = _day(on, "on") if on else None
    facts = _valid(AskedNeed, {"stated_on": (asked or _today()).isoformat()} | _read(need))
    _known(facts)
    day = asked or facts.stated_on
    found = without_application(facts, day) if unasked else explain(facts, day)
    if as_json:
        _json([_explained(one) for one in found])
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
    Console().print(table)


def _explained(one: Explained) -> dict[str, Any]:
    measure = one.measure
    promise = one.part.promise.model_dump(mode="json", exclude_defaults=True) if one.part else {}
    return {
        "measure": measure.number,
        "clause": measure.clause,
        "title": measure.title,
        "part": one.part.code if one.part else None,
        "verdict": one.verdict,
        "verdict_term": TERMS[one.verdict],
        "reason": one.reason,
        "failing": list(one.failing),
        "missing": list(one.missing),
        "to_verify": list(one.part.to_verify) if one.part else [],
        "until": str(one.until) if one.until else None,
        **_lead(measure),
        "responsible": list(measure.responsible),
        "promises": promise,
    }


@app.command("check")
def check_(
    outcome: Annotated[Path, typer.Option(help="JSON or YAML: measure, rate_before, rate_after, fee_rate …")],
    as_json: AsJson = False,
) -> None:
    """Which promises an outcome keeps. Exits 3 when one is broken."""
    found = check(_valid(Outcome, _read(outcome)))
    if as_json:
        _json([one.model_dump(mode="json") for one in found])
    else:
        table = Table(Column("承诺", overflow="fold"), Column("结论", overflow="fold"), Column("数据", overflow="fold"))
        for one in found:
            table.add_row(one.promise, _verdict(one), one.text)
        Console().print(table)
    if any(one.holds is False for one in found):
        raise typer.Exit(FINDINGS)


def _verdict(one: Checked) -> str:
    if one.reason_code in ("not_yet", "expired"):
        return TERMS[one.reason_code]
    return {True: "兑现", False: "未兑现", None: "无法核对"}[one.holds]


@app.command("size")
def size(
    industry: Annotated[str | None, typer.Option(help="GB/T 4754-2017: C34, C3411 …")] = None,
    staff: Annotated[int | None, typer.Option(min=0)] = None,
    revenue: Annotated[str | None, typer.Option(help="yuan")] = None,
    assets: Annotated[str | None, typer.Option(help="yuan")] = None,
    on: Annotated[str | None, typer.Option(help="a day: by the standard in force then; the newest unless said")] = None,
    as_json: AsJson = False,
) -> None:
    """The size class of an enterprise (工信部联企业〔2011〕300号). What is not known is left out."""
    if industry is not None and (wrong := _industry_wrong(industry)):
        _refuse(wrong)
    day = _day(on, "on") if on else None
    found = classify(industry, staff, _money("revenue", revenue), _money("assets", assets), day)
    _answer({"size": found.code, "term": found.term, "basis": found.basis}, as_json)


@app.command("due")
def due(
    from_: Annotated[str, typer.Option("--from", help="the day that does not count, 2022-12-28")],
    working_days: Annotated[int, typer.Option(min=1, max=10_000)],
    as_json: AsJson = False,
) -> None:
    """The n-th working day after a day. Provisional beyond the days that a holiday notice covers."""
    start = _day(from_, "from")
    try:
        found = WorkingCalendar.load().add_working_days(start, working_days)
    except ValueError as error:
        _refuse(_wrong("from", from_, str(error), "out_of_range"))
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


def _known(facts: NeedFacts) -> None:
    """Codes are checked here: a spelling error would silently not apply."""
    wrong = [
        _wrong(field, code, f"可用的值：{'、'.join(known_codes(kind))}", f"{kind}_unknown")
        for field, kind in FACTS_CODES.items()
        for code in _codes(getattr(facts, field))
        if code not in known_codes(kind)
    ]
    if facts.industry and (unknown := _industry_wrong(facts.industry)):
        wrong.append(unknown)
    if wrong:
        _refuse(*wrong)


def _industry_wrong(code: str) -> Reason | None:
    try:
        industry_of(code)
    except ValueError as error:
        return _wrong("industry", code, str(error), "industry_unknown")
    return None


def _codes(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        loaded = loads_strict(text.encode()) if path.suffix == ".json" else yaml.load(text, yaml.BaseLoader)  # noqa: S506 - texts only
    except NotJson as error:
        _refuse(error.reason)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        _refuse(_wrong("file", str(path), f"读不了：{type(error).__name__}", "file_unreadable"))
    if not isinstance(loaded, dict):
        _refuse(_wrong("file", str(path), "须为一个对象（字段: 值）", "wrong_type"))
    return loaded


def _valid(model: type[M], given: dict[str, Any]) -> M:
    try:
        return model.model_validate_json(json.dumps(given, default=str))
    except ValidationError as error:
        _refuse(*reasons_of(error))


def _day(text: str, field: str) -> date:
    """A day as YYYY-MM-DD alone: Python would also read 20221228 and 2022-W52-3."""
    try:
        return date.fromisoformat(str(written_day(text)))
    except ValueError:
        _refuse(_wrong(field, text, "须为日期，如 2022-12-28", "wrong_format"))


def _today() -> date:
    return datetime.now(BEIJING).date()


def _money(field: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        _refuse(_wrong(field, text, "须为不小于 0 的金额（元），如 20000000", "not_a_number"))
    return value


def _wrong(field: str, value: str, right: str, code: str) -> Reason:
    return Reason(code=code, values={"field": field, "value": value}, text=f"{field} 的值 {value} 有误：{right}")


def _refuse(*reasons: Reason) -> NoReturn:
    for reason in reasons:
        typer.echo(f"{reason.text}（{reason.code}）", err=True)
    raise typer.Exit(USAGE)


def _answer(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        _json(answer)
    else:
        for name, value in answer.items():
            typer.echo(f"{name}: {value}")


def _json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
