"""What somebody files: a need as it was stated, whom it is about, and what consent came with it."""

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from yuqiao.contracts.base import Value
from yuqiao.contracts.values import BankId, Code, Money, NeedFacts, Rate
from yuqiao.policy.size_class import classify

ANY_BANK = "*"


class Statement(Value):
    """A need as stated: the facts without the day, which is the day it is accepted; figures, of which a size class follows."""

    kind: Code
    amount_cny: Money
    term_months: int | None = Field(default=None, ge=1, le=600)
    industry: str | None = None
    staff: int | None = None
    revenue_cny: Money | None = None
    assets_cny: Money | None = None
    entity_kind: Code = "enterprise"
    region: Code | None = None
    tags: tuple[Code, ...] = ()
    guarantee_modes: tuple[Code, ...] = ()
    first_loan: bool | None = None
    max_annual_rate: Rate | None = None
    covid_affected: bool | None = None
    needed_by: date | None = None

    def facts(self, stated_on: date) -> NeedFacts:
        """The facts with the day on which the need was stated, and the size class by the standard of that day."""
        size = classify(self.industry, self.staff, self.revenue_cny, self.assets_cny, on=stated_on)
        told = self.model_dump(exclude={"staff", "revenue_cny", "assets_cny"})
        return NeedFacts(stated_on=stated_on, size_class=size.code, **told)


class Private(Value):
    """What identifies the enterprise or is nobody else's business. It stays in intake's schema, and out of errors' texts."""

    model_config = ConfigDict(hide_input_in_errors=True)

    enterprise_name: str
    uscc: str
    contact_name: str
    contact_phone: str
    purpose: str | None = None
    number: str | None = None
    letter: str | None = None
    lender: str | None = None
    reporter: str | None = None
    remark: str | None = None


class ConsentStated(Value):
    """A letter of authorisation (授权书): for these banks (`*`: any), until and including `expires_on`."""

    banks: tuple[BankId | Literal["*"], ...]
    expires_on: date


class Filing(Value):
    """One need as filed, checked field by field; `banks` are those the enterprise prefers (意向银行)."""

    channel: Code
    statement: Statement
    private: Private
    consent: ConsentStated | None = None
    banks: tuple[BankId, ...] = ()
