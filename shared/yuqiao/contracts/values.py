"""Values that events are made of. Money is a decimal string in yuan, a rate a decimal fraction, enums open for readers."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from yuqiao.contracts.base import Value

_DECIMAL = re.compile(r"^[0-9]{1,16}(\.[0-9]{1,6})?$")


def _plain_decimal(value: object) -> object:
    """Accept a Decimal or a plain decimal string; refuse floats, exponents, signs and separators."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _DECIMAL.match(value):
        return Decimal(value)
    raise ValueError('须为十进制字符串，如金额 "1000000.00"、利率 "0.0385"，不用逗号、科学计数法、负号或数字类型')


def _cents(value: Decimal) -> Decimal:
    if value != round(value, 2):
        raise ValueError("金额最多两位小数（元）")
    return value.quantize(Decimal("0.01"))


def _fraction(value: Decimal) -> Decimal:
    if value >= 1:
        raise ValueError("利率须为小数，如 0.0385 表示 3.85%，不得填百分数")
    return value


Money = Annotated[Decimal, BeforeValidator(_plain_decimal), Field(le=Decimal("1e14")), AfterValidator(_cents)]
"""Yuan (元), at most 2 decimals, not negative; a string on the wire."""

Rate = Annotated[Decimal, BeforeValidator(_plain_decimal), AfterValidator(_fraction)]
"""A fraction below 1: 0.0385 is 3.85 %."""


class NotWritten(ValueError):
    """A time that is not written as the contract says: a number of seconds or milliseconds, say."""

    code = "wrong_format"


_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)
_MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}", re.ASCII)


def _written_day(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise NotWritten('须为日期，如 "2023-06-30"')


def _written_moment(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.match(value)):
        return value
    raise NotWritten('须为带时区的时间，如 "2023-01-05T10:00:00+08:00"')


Day = Annotated[date, BeforeValidator(_written_day)]
"""A day as text: a number would be guessed to be seconds or milliseconds."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written_moment)]
"""A time with its offset as text."""

_ID = r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
_BANK = r"^[a-z0-9]{2,20}$"
_PRODUCT = r"^[a-zA-Z0-9_.-]{1,64}$"
_CODE = r"^[A-Za-z0-9_.]{1,64}$"
_INDUSTRY = r"^[A-T](\d{2,4})?$"
KEY_ID = r"^[A-Za-z0-9_.-]{1,64}$"
CLIENT = r"^[a-z0-9_]{2,40}$"
VISIBLE = r"^[^\x00-\x1f\x7f]+$"
WRITTEN = {
    _ID: "须为小写的 UUID，如 30ec019c-985e-5950-b2a4-67ed9f0dc0c9",
    _BANK: "须为 2 至 20 个小写字母或数字，如 bank01",
    _PRODUCT: "须为 1 至 64 个字母、数字或 _ . -",
    _CODE: "须为 1 至 64 个字母、数字或 _ .",
    _INDUSTRY: "须为门类字母 A 至 T，或字母加 2 至 4 位数字，如 C34",
    KEY_ID: "须为 1 至 64 个字母、数字或 _ . -",
    CLIENT: "须为 2 至 40 个小写字母、数字或 _",
    VISIBLE: "不得含控制字符",
}
"""What a pattern asks for, for people."""

Id = Annotated[str, StringConstraints(pattern=_ID)]
"""A lower-case UUID in canonical form. An enterprise's id is one too: opaque, never a USCC, name or phone."""

BankId = Annotated[str, StringConstraints(pattern=_BANK)]
ProductId = Annotated[str, StringConstraints(pattern=_PRODUCT)]
Code = Annotated[str, StringConstraints(pattern=_CODE)]
OfficeWords = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=VISIBLE)]
"""What the office says to a bank or an enterprise. It names no person and no enterprise: it is said in the clear."""
"""A code of an open set: readers must accept codes they do not know."""

SizeClass = Literal["large", "medium", "small", "micro", "undetermined"] | Code
RoutingMode = Literal["broadcast", "named", "platform", "single", "race"] | Code
TO_ALL = frozenset({"broadcast", "named"})
"""Modes that ask every bank that suits (and is named), whatever the places."""


class NeedFacts(Value):
    """What is known of a need, without anything that identifies the enterprise. None is unknown, not false."""

    kind: Code
    amount_cny: Money
    term_months: int | None = Field(default=None, ge=1, le=600)
    industry: str | None = Field(default=None, pattern=_INDUSTRY)
    size_class: SizeClass = "undetermined"
    entity_kind: Literal["enterprise", "individual", "cooperative"] | Code = "enterprise"
    region: Code | None = None
    tags: tuple[Code, ...] = ()
    guarantee_modes: tuple[Code, ...] = ()
    first_loan: bool | None = None
    max_annual_rate: Rate | None = None
    covid_affected: bool | None = None
    needed_by: date | None = None
    stated_on: date


class Routing(Value):
    """How a need is spread: to all, to all those it names, to the best `places`, to one, or to `places` as a race."""

    mode: RoutingMode = "platform"
    banks: tuple[BankId, ...] = ()
    places: int = Field(default=3, ge=1, le=200)


class Origin(Value):
    """Where a need came from; a need merged from several channels has several."""

    channel: Code
    list_id: Id | None = None
    list_version: int | None = None
    row: int | None = None
    client: Code | None = None


class Band(Value):
    """A half-open range `[at_least, below)`; `below` None is open-ended."""

    at_least: Money
    below: Money | None = None


class AnonymousNeed(Value):
    """What a bank may see before it accepts: coarse bands only, the same for many firms."""

    kind: Code
    amount_cny: Band
    term_months_up_to: int | None = None
    industry_section: str | None = None
    size_class: SizeClass = "undetermined"
    region: Code | None = None
    tags: tuple[Code, ...] = ()
    guarantee_modes: tuple[Code, ...] = ()
    first_loan: bool | None = None


class Reason(Value):
    """A coded reason with its values, and the same in a Chinese sentence."""

    code: Code
    values: dict[str, str] = Field(default_factory=dict)
    text: str


class MeasureApplied(Value):
    """A part of a measure of the notice that applies on the day the need was stated: why, until when, who leads.

    A clause stands once for each of its parts that apply; `part` is None where the clause has no other. `lead` is 牵头单位
    as the notice names it, several joined by 、; for 五, which names none, the configured one.
    """

    measure: int = Field(ge=1, le=17)
    part: Code | None = None
    clause: str
    title: str
    reason: str
    until: date | None = None
    lead: str | None = None


class Offer(Value):
    """One bank's product offered one need."""

    offer: Id
    bank: BankId
    product: ProductId
    score: Decimal
    reasons: tuple[Reason, ...] = ()


class Identity(Value):
    """Who the enterprise is. Exists in intake's schema and inside a JWE for one bank, nowhere else."""

    enterprise_name: str
    uscc: str
    contact_name: str
    contact_phone: str
    amount_cny: Money
    term_months: int | None = None
    purpose: str | None = None


class Borrower(Value):
    """Whom a bank has lent to: what it needs to find the loan, nothing of the need. Only inside a JWE for that bank."""

    enterprise_name: str
    uscc: str
