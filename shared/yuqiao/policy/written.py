"""How rates and days are written in what people hand in. A percent where a fraction is meant is refused, never guessed."""

import re
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

HIGHEST_RATE = Decimal("0.24")
"""More than any loan may cost in a year: above it somebody wrote a percent."""

HIGHEST_FEE = Decimal("0.1")
"""More than any guarantee or bridge costs; low enough that 0.8 (meant: 0.8 %) is seen."""

_PERCENT = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*[%％]\s*", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Miswritten(ValueError):
    """What was written is not what the field wants; `code` is stable, the text (Chinese) says what would be right."""

    def __init__(self, code: str, text: str) -> None:
        """Carries its code."""
        super().__init__(text)
        self.code = code


def no_percent_sign(value: object) -> object:
    """Anything but a text like "0.8%". Raises Miswritten with the fraction it means."""
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value)):
        raise Miswritten("wrong_format", f"须为小数，不得填百分数：{_meaning(Decimal(found[1]))}")
    return value


def within(highest: Decimal, value: Decimal) -> Decimal:
    """A fraction not above `highest`. Raises Miswritten, and names the fraction if `value` can be a percent."""
    if value <= highest:
        return value
    percent = value if value / 100 <= highest else Decimal("3.85")
    raise Miswritten("out_of_range", f"须为不超过 {highest} 的小数，如 {_meaning(percent)}，不得填百分数")


def written_day(value: object) -> object:
    """A day as text, YYYY-MM-DD: a number would be guessed to be seconds. Raises Miswritten."""
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise Miswritten("wrong_format", "须为日期，如 2022-12-28")


def _meaning(percent: Decimal) -> str:
    return f"{(percent / 100).normalize():f} 表示 {percent.normalize():f}%"


YearlyRate = Annotated[
    Decimal, Field(ge=0), BeforeValidator(no_percent_sign), AfterValidator(partial(within, HIGHEST_RATE))
]
"""Of a loan: 0.0385 is 3.85 %."""

FeeRate = Annotated[
    Decimal, Field(ge=0), BeforeValidator(no_percent_sign), AfterValidator(partial(within, HIGHEST_FEE))
]
"""Of what is guaranteed or lent for a bridge: 0.008 is 0.8 %."""

Share = Annotated[Decimal, Field(ge=0), BeforeValidator(no_percent_sign), AfterValidator(partial(within, Decimal(1)))]
"""A part of the whole: 1 is all of it."""

Day = Annotated[date, BeforeValidator(written_day)]
"""YYYY-MM-DD."""
