"""What came of a need under a measure, as it is handed in to be checked: refused by its field when it cannot be."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from yuqiao.policy.measures import Part, measure, measures
from yuqiao.policy.states import known_codes, listed
from yuqiao.policy.written import Day, FeeRate, Miswritten, Share, YearlyRate

PLACED_BY = ("measure", "part", "on")
"""Which promises are meant, and when."""

JUDGED_BY: dict[str, tuple[str, ...]] = {
    "rate_cut_relative": ("rate_before", "rate_after"),
    "max_fee_rate": ("fee_rate",),
    "occupancy_fee_rate": ("occupancy_fee_rate",),
    "penalty_rate": ("penalty_rate",),
    "premium_support": ("premium_support",),
    "loan_due": ("loan_due",),
    "latest_due": ("new_due", "exception_reason"),
    "currency": ("amount", "currency"),
    "max_amount": ("amount", "currency"),
    "labels": ("label",),
    "methods": ("method",),
    "without_application": ("applied_for",),
    "without_advance": ("advanced",),
}
"""The fields that each promise looks at."""


class Outcome(BaseModel):
    """What was reported; None was not. Rates are fractions (0.0342), amounts in `currency`.

    `on`: the day it came about (利率下浮、放款、延期、承保之日), by which the promise is in force or not. Without it the
    promise is judged as if in force, and the answer says so. `exception_reason`: why a day is later than 原则上 allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: int
    part: str | None = None
    on: Day | None = None
    rate_before: YearlyRate | None = None
    rate_after: YearlyRate | None = None
    fee_rate: FeeRate | None = None
    occupancy_fee_rate: FeeRate | None = None
    penalty_rate: YearlyRate | None = None
    premium_support: Share | None = None
    loan_due: Day | None = None
    new_due: Day | None = None
    exception_reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = (
        None
    )
    amount: Decimal | None = Field(default=None, ge=0)
    currency: Literal["CNY", "USD"] | None = None
    label: str | None = None
    method: str | None = None
    applied_for: bool | None = None
    advanced: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _an_amount_alone_is_yuan(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("amount") is not None and given.get("currency") is None:
            return given | {"currency": "CNY"}
        return given

    @field_validator("measure", mode="before")
    @classmethod
    def _by_number_or_clause(cls, given: Any) -> int:
        for one in measures():
            if given in (one.number, str(one.number), one.clause):
                return one.number
        raise Miswritten("out_of_range", "须为 1 至 17，或条文的序号 一 至 十七：措施二为 2 或 二")

    @field_validator("measure")
    @classmethod
    def _promises_something(cls, number: int) -> int:
        if not measure(number).checkable():
            raise ValueError(f"措施{measure(number).clause}没有可核对的承诺")
        return number

    @field_validator("part")
    @classmethod
    def _part_known(cls, part: str | None, info: ValidationInfo) -> str | None:
        if part is None or "measure" not in info.data:
            return part
        clause = measure(info.data["measure"])
        if part not in [one.code for one in clause.checkable()]:
            known = part in [one.code for one in clause.parts]
            said = "这一部分没有可核对的承诺；" if known else ""
            raise ValueError(f"{said}可用的值：{'、'.join(f'{one.code} {one.term}' for one in clause.checkable())}")
        return part

    @field_validator("new_due")
    @classmethod
    def _not_before_the_old_day(cls, new: date | None, info: ValidationInfo) -> date | None:
        due = info.data.get("loan_due")
        if new and due and new < due:
            raise ValueError(f"不得早于原到期日 loan_due：须为 {due} 或其后的日子")
        return new

    @field_validator("currency")
    @classmethod
    def _promised_in_it(cls, currency: str | None, info: ValidationInfo) -> str | None:
        if currency is None or "measure" not in info.data:
            return currency
        parts = _named(info.data["measure"], info.data.get("part"))
        promised = [part.promise.currency for part in parts if part.promise.currency]
        if promised and currency not in promised:
            raise ValueError(f"{parts[0].term}的金额须以 {'、'.join(promised)} 计，未写明即 CNY")
        if not promised and currency != "CNY":
            raise ValueError(f"措施{measure(info.data['measure']).clause}没有承诺金额，只能以 CNY 计")
        return currency

    @field_validator("label")
    @classmethod
    def _label_known(cls, label: str | None) -> str | None:
        if label is not None and label not in known_codes("product_label"):
            raise ValueError(f"可用的值：{listed('product_label')}")
        return label

    def reported(self, promise: str) -> tuple[Any, ...]:
        """The values of the fields that a promise looks at. Raises KeyError for none of JUDGED_BY."""
        return tuple(getattr(self, field) for field in JUDGED_BY[promise])

    def named(self) -> tuple[Part, ...]:
        """The named part, else all of the measure that can be checked."""
        return _named(self.measure, self.part)

    def parts(self) -> tuple[Part, ...]:
        """The parts that are meant: the named one, else those of its currency, without those past which its label speaks.

        A label speaks past a part with other labels where it is a label of another part, or the need that one is for.
        """
        parts = self.named()
        spoken_of = [part for part in parts if self.label is None or _is_of(self.label, part)]
        return tuple(
            part
            for part in parts
            if None in (self.currency, part.promise.currency) or self.currency == part.promise.currency
            if part in spoken_of or not spoken_of or not part.promise.labels
        )


def _is_of(label: str, part: Part) -> bool:
    """转贷 is of the part for needs of that kind, unless the part has labels of its own."""
    return label in (part.promise.labels or [kind for one in part.when for kind in one.kinds])


def _named(number: int, code: str | None) -> tuple[Part, ...]:
    return tuple(part for part in measure(number).checkable() if code in (None, part.code))
