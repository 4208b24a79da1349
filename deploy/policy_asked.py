"""What `yuqiao policy` is asked with: read from files and options, or refused by its field."""

import json
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from deploy.policy_files import read, refuse, wrong
from services.intake.requests import NeedBody
from yuqiao.contracts.problems import reasons_of
from yuqiao.contracts.values import Money, NeedFacts, Rate, Reason
from yuqiao.policy.calendar import BEIJING
from yuqiao.policy.industries import industry as industry_of
from yuqiao.policy.size_class import classify
from yuqiao.policy.states import known_codes, listed
from yuqiao.policy.written import HIGHEST_RATE, Day, no_percent_sign, within, written_day

M = TypeVar("M", bound=BaseModel)
MOST_STAFF = 10_000_000
FACTS_CODES = {
    "kind": "need_kind",
    "entity_kind": "entity_kind",
    "size_class": "size_class",
    "region": "region",
    "tags": "tag",
    "guarantee_modes": "guarantee_mode",
}


class AskedNeed(NeedFacts):
    """A need as somebody writes it to ask: the facts of the events, or the figures of which a size class follows.

    Nothing misspelt, no rate that only a percent could be.
    """

    model_config = ConfigDict(extra="forbid")
    staff: int | None = Field(default=None, ge=0, le=MOST_STAFF)
    revenue_cny: Money | None = None
    assets_cny: Money | None = None
    max_annual_rate: (
        Annotated[Rate, BeforeValidator(no_percent_sign), AfterValidator(partial(within, HIGHEST_RATE))] | None
    ) = None
    needed_by: Day | None = None
    stated_on: Day

    def sized(self) -> Self:
        """With the class of its figures, by the standard of the day it was stated, where it names none."""
        if "size_class" in self.model_fields_set:
            return self
        found = classify(self.industry, self.staff, self.revenue_cny, self.assets_cny, on=self.stated_on)
        return self.but(size_class=found.code)


PASSED_OVER = NeedBody.model_fields.keys() - AskedNeed.model_fields.keys()
"""Who asks, and what else a need's body at intake has: no measure looks at it."""


def asked_need(path: Path, day: date | None) -> AskedNeed:
    """The need of a file, stated on `day` or today where the file does not say when. Refuses each wrong field."""
    given = {name: value for name, value in read(path).items() if name not in PASSED_OVER}
    facts = valid(AskedNeed, {"stated_on": (day or today()).isoformat()} | given)
    known(facts)
    return facts.sized()


def known(facts: NeedFacts) -> None:
    """Codes are checked here: a spelling error would silently not apply."""
    found = [
        _no_code(field, code, kind)
        for field, kind in FACTS_CODES.items()
        for code in _codes(getattr(facts, field))
        if code not in known_codes(kind)
    ]
    if facts.industry and (unknown := industry_wrong(facts.industry)):
        found.append(unknown)
    if found:
        refuse(*found)


def _no_code(field: str, value: str, kind: str) -> Reason:
    """The codes that there are, each with its term: people write the term."""
    return wrong(field, value, f"可用的值：{listed(kind)}", f"{kind}_unknown")


def industry_wrong(code: str) -> Reason | None:
    """Why a code is none of GB/T 4754; None when it is one."""
    try:
        industry_of(code)
    except ValueError as error:
        return wrong("industry", code, str(error), "industry_unknown")
    return None


def _codes(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else tuple(filter(None, (value,)))


def valid(model: type[M], given: dict[str, Any]) -> M:
    """What was handed in as the model has it. Refuses each wrong field."""
    try:
        return model.model_validate_json(json.dumps(given, default=str))
    except ValidationError as error:
        refuse(*(_with_what_there_is(model, one) for one in reasons_of(error)))


def _with_what_there_is(model: type[BaseModel], reason: Reason) -> Reason:
    """A field that is none with those that there are; a text that is no code of a need's field with the codes."""
    if reason.code == "field_unknown":
        return reason.but(text=f"{reason.text}；可用的字段：{'、'.join(model.model_fields)}")
    field = reason.values["field"]
    kind = FACTS_CODES.get(field.partition(".")[0])
    if kind and reason.code in ("wrong_format", "not_allowed"):
        return _no_code(field, reason.values["value"], kind)
    return reason


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


def count(field: str, text: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`. Refuses anything else."""
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        refuse(wrong(field, text, f"须为 {least} 至 {most} 的整数", "not_a_number"))
    return int(text)
