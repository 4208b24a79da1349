"""A row of a list becomes a Filing, or the reasons why it cannot, each naming its field and what would be right."""

from collections.abc import Sequence
from typing import Any

from services.intake.columns import COLUMNS, Column
from services.intake.fields import clean
from services.intake.filing import ConsentStated, Filing, Private, Statement
from services.intake.identity import BadValue
from yuqiao.contracts.problems import shown
from yuqiao.contracts.values import Reason

_MERGED = "；该行在合并单元格内，请取消合并后逐行填写"
_STATEMENT = frozenset(Statement.model_fields)
_PRIVATE = frozenset(Private.model_fields)
_DEFAULT_CHANNEL = "department_list"


def parse_row(cells: Sequence[str], places: Sequence[Column | None], merged: bool = False) -> Filing | list[Reason]:
    """A row's cells, in the order of `places`. Never raises. `merged`: part of the row lies in a merged area."""
    values: dict[str, Any] = {}
    reasons: list[Reason] = []
    for column, cell in zip(places, cells, strict=False):
        text = clean(cell) if column else ""
        if column is None or not text:
            continue
        try:
            values[column.field] = column.parse(text)
        except BadValue as bad:
            values[column.field] = None
            reasons.append(_wrong(column, bad, text))
    for column in COLUMNS:
        if column.required and column.field not in values:
            text = f"“{column.header}”必填{_MERGED if merged else ''}"
            reasons.append(Reason(code="required", values={"field": column.header}, text=text))
    reasons += _consent_reasons(values)
    return reasons or _filing(values)


def number_in(cells: Sequence[str], places: Sequence[Column | None]) -> str | None:
    """The row's own number (需求编号) even where the rest of it is wrong; None when it has none."""
    for column, cell in zip(places, cells, strict=False):
        if column and column.field == "number" and (text := clean(cell)):
            try:
                return str(column.parse(text))
            except BadValue:
                return None
    return None


def _wrong(column: Column, bad: BadValue, value: str) -> Reason:
    """The column as the template heads it, the value unless it is personal, and what would be right."""
    said = {} if column.secret else {"value": shown(value)}
    named = f"“{column.header}”" + (f"的值“{said['value']}”" if said else "")
    return Reason(code=bad.code, values={"field": column.header} | said, text=f"{named}有误：{bad.text}")


def _consent_reasons(values: dict[str, Any]) -> list[Reason]:
    """A letter of authorisation has a number, a scope and a last day, or there is none."""
    parts = {"letter": "授权书编号", "consent_banks": "授权范围", "consent_until": "授权有效期至"}
    given = [field for field in parts if field in values]
    if not given:
        return []
    return [
        Reason(
            code="consent_incomplete",
            values={"field": header},
            text=f"填写了“{parts[given[0]]}”就须填写“{header}”；没有授权书请三列都留空",
        )
        for field, header in parts.items()
        if field not in values
    ]


def _filing(values: dict[str, Any]) -> Filing:
    consent = None
    if "letter" in values:
        consent = ConsentStated(banks=values["consent_banks"], expires_on=values["consent_until"])
    return Filing(
        channel=values.get("channel", _DEFAULT_CHANNEL),
        statement=Statement(**{k: v for k, v in values.items() if k in _STATEMENT}),
        private=Private(**{k: v for k, v in values.items() if k in _PRIVATE}),
        consent=consent,
        banks=values.get("banks", ()),
    )
