"""What `yuqiao policy` is asked with: read from files and options, or refused by its field."""

import json
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError

from yuqiao.contracts.problems import NotJson, loads_strict, reasons_of
from yuqiao.contracts.values import NeedFacts, Rate, Reason
from yuqiao.policy.calendar import BEIJING
from yuqiao.policy.industries import industry as industry_of
from yuqiao.policy.states import known_codes
from yuqiao.policy.written import HIGHEST_RATE, Day, no_percent_sign, within, written_day

M = TypeVar("M", bound=BaseModel)
USAGE = 2
FACTS_CODES = {"kind": "need_kind", "entity_kind": "entity_kind", "size_class": "size_class", "tags": "tag"}


class AskedNeed(NeedFacts):
    """A need as somebody writes it to ask: the facts of the events, but no rate that only a percent could be."""

    max_annual_rate: (
        Annotated[Rate, BeforeValidator(no_percent_sign), AfterValidator(partial(within, HIGHEST_RATE))] | None
    ) = None
    stated_on: Day


def known(facts: NeedFacts) -> None:
    """Codes are checked here: a spelling error would silently not apply."""
    found = [
        wrong(field, code, f"可用的值：{'、'.join(known_codes(kind))}", f"{kind}_unknown")
        for field, kind in FACTS_CODES.items()
        for code in _codes(getattr(facts, field))
        if code not in known_codes(kind)
    ]
    if facts.industry and (unknown := industry_wrong(facts.industry)):
        found.append(unknown)
    if found:
        refuse(*found)


def industry_wrong(code: str) -> Reason | None:
    """Why a code is none of GB/T 4754; None when it is one."""
    try:
        industry_of(code)
    except ValueError as error:
        return wrong("industry", code, str(error), "industry_unknown")
    return None


def _codes(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def read(path: Path) -> dict[str, Any]:
    """A JSON or YAML file that holds one object; every value of YAML stays text. Refuses anything else."""
    try:
        text = path.read_text(encoding="utf-8")
        loaded = loads_strict(text.encode()) if path.suffix == ".json" else yaml.load(text, yaml.BaseLoader)  # noqa: S506 - texts only
    except NotJson as error:
        refuse(error.reason)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        refuse(wrong("file", str(path), f"读不了：{type(error).__name__}", "file_unreadable"))
    if not isinstance(loaded, dict):
        refuse(wrong("file", str(path), "须为一个对象（字段: 值）", "wrong_type"))
    return loaded


def valid(model: type[M], given: dict[str, Any]) -> M:
    """What was handed in as the model has it. Refuses each wrong field."""
    try:
        return model.model_validate_json(json.dumps(given, default=str))
    except ValidationError as error:
        refuse(*reasons_of(error))


def day_of(text: str, field: str) -> date:
    """A day as YYYY-MM-DD alone: Python would also read 20221228 and 2022-W52-3."""
    try:
        return date.fromisoformat(str(written_day(text)))
    except ValueError:
        refuse(wrong(field, text, "须为日期，如 2022-12-28", "wrong_format"))


def today() -> date:
    """In Beijing."""
    return datetime.now(BEIJING).date()


def money(field: str, text: str | None) -> Decimal | None:
    """Yuan, not negative. Refuses anything else."""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        refuse(wrong(field, text, "须为不小于 0 的金额（元），如 20000000", "not_a_number"))
    return value


def wrong(field: str, value: str, right: str, code: str) -> Reason:
    """The field, its value, and what would be right."""
    return Reason(code=code, values={"field": field, "value": value}, text=f"{field} 的值 {value} 有误：{right}")


def refuse(*reasons: Reason) -> NoReturn:
    """Say why on stderr; usage error."""
    for reason in reasons:
        typer.echo(f"{reason.text}（{reason.code}）", err=True)
    raise typer.Exit(USAGE)
