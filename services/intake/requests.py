"""JSON bodies as partners and pages send them, checked field by field."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from services.intake import fields
from services.intake.coded import OneOf
from services.intake.filing import ANY_BANK, ConsentStated, Filing, Private, Statement
from services.intake.identity import BadValue, canonical_uscc
from yuqiao.contracts.values import CLIENT, BankId, Code, Id, Money, Rate
from yuqiao.policy.written import HIGHEST_RATE, within

MOST_IN_BATCH = 500
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)


def _cleaned(text: str) -> str:
    return fields.clean(text)


def _some(text: str) -> str:
    if not (said := _cleaned(text)):
        raise BadValue("required", "不得空白")
    return said


def _iso_day(value: object) -> object:
    if not isinstance(value, str) or not _ISO.match(value):
        raise BadValue("date_invalid", '须为日期字符串，如 "2023-06-30"')
    return fields.day(value)


def _positive(amount: Decimal) -> Decimal:
    if not 0 < amount <= fields.MOST_WAN * fields.WAN:
        raise BadValue("amount_out_of_range", f"单位是元，须大于 0 且不超过 {fields.MOST_WAN * fields.WAN} 元")
    return amount


def _checked(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda text: check(fields.clean(text)))


Words = Annotated[str, Field(max_length=500), AfterValidator(_cleaned)]
Day = Annotated[date, BeforeValidator(_iso_day)]
Amount = Annotated[Money, AfterValidator(_positive)]
AskedRate = Annotated[Rate, AfterValidator(partial(within, HIGHEST_RATE))]
Banks = Annotated[tuple[BankId, ...], Field(max_length=200)]


class Body(BaseModel):
    """A request's body: an unknown field is an error, because a misspelt one would be lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ConsentBody(Body):
    """A letter of authorisation. `banks` are codes of banks, or `*`: any that the need is offered to, and the `lender`."""

    letter: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_some)]
    banks: Annotated[tuple[BankId | Literal["*"], ...], Field(min_length=1, max_length=200)] = (ANY_BANK,)
    expires_on: Day


class RoutingBody(Body):
    """How the need is spread."""

    mode: Annotated[str, OneOf("routing_mode")] = "platform"
    banks: Banks = ()
    places: Annotated[StrictInt, Field(ge=1, le=200)] = 3


class NeedBody(Body):
    """A need stated live. Money is yuan (元) as a decimal string, a rate a fraction (up to 0.24), a code one of its list."""

    enterprise_name: Annotated[str, _checked(fields.name)]
    uscc: Annotated[str, AfterValidator(canonical_uscc)]
    kind: Annotated[str, OneOf("need_kind")]
    amount_cny: Amount
    contact_name: Annotated[str, _checked(fields.name)]
    contact_phone: Annotated[str, _checked(fields.phone)]
    term_months: Annotated[StrictInt, Field(ge=1, le=600)] | None = None
    purpose: Words | None = None
    industry: Annotated[str, AfterValidator(fields.industry)] | None = None
    staff: Annotated[StrictInt, Field(ge=0, le=10_000_000)] | None = None
    revenue_cny: Money | None = None
    assets_cny: Money | None = None
    entity_kind: Annotated[str, OneOf("entity_kind")] = "enterprise"
    region: Annotated[str, OneOf("region")] | None = None
    tags: Annotated[tuple[Annotated[str, OneOf("tag")], ...], Field(max_length=20)] = ()
    guarantee_modes: Annotated[tuple[Annotated[str, OneOf("guarantee_mode")], ...], Field(max_length=10)] = ()
    first_loan: StrictBool | None = None
    max_annual_rate: AskedRate | None = None
    covid_affected: StrictBool | None = None
    needed_by: Day | None = None
    lender: Words | None = None
    channel: Annotated[str, OneOf("channel")] = "online"
    routing: RoutingBody = RoutingBody()
    consent: ConsentBody | None = None

    def filing(self) -> Filing:
        """The same as a filing."""
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        shared = set(values) & set(Statement.model_fields)
        private = set(values) & set(Private.model_fields)
        consent = self.consent
        return Filing(
            channel=self.channel,
            statement=Statement(**{name: values[name] for name in shared}),
            private=Private(letter=consent.letter if consent else None, **{name: values[name] for name in private}),
            consent=ConsentStated(banks=consent.banks, expires_on=consent.expires_on) if consent else None,
            banks=self.routing.banks,
        )


class NamedNeedBody(NeedBody):
    """A need of several; `id` is the client's own name for the request, as `Idempotency-Key` is for one alone."""

    id: Annotated[str, Field(min_length=1, max_length=200)]


class NeedsBody(Body):
    """Needs that are sent together; each is answered by itself."""

    needs: Annotated[tuple[NamedNeedBody, ...], Field(min_length=1, max_length=MOST_IN_BATCH)]


class GrantBody(Body):
    """Consent for a bank, or `*`."""

    bank: BankId | Literal["*"]
    expires_on: Day


class RevokeBody(Body):
    """Consent taken back."""

    bank: BankId | Literal["*"]


class WordBody(Body):
    """The enterprise's word on a bank's report."""

    offer: Id
    statement: Literal["contacted", "visited", "approved", "disbursed"]


class WithdrawBody(Body):
    """Nothing more needs to be said."""


class ClientBody(Body):
    """A partner that is to get a key."""

    id: Annotated[Code, Field(pattern=CLIENT)]
    scopes: Annotated[tuple[Literal["lists:write", "needs:write"], ...], Field(min_length=1)]
