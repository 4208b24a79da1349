"""What came of a need under a measure, as it is handed in to be checked: refused by its field when it cannot be."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from yuqiao.policy.measures import Part, measure
from yuqiao.policy.states import known_codes
from yuqiao.policy.written import Day, FeeRate, Share, YearlyRate


class Outcome(BaseModel):
    """What was reported; None was not. Rates are fractions (0.0342), amounts in `currency`.

    `on`: the day it came about (利率下浮、放款、延期、承保之日), by which the promise is in force or not. Without it the
    promise is judged as if in force, and the answer says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: int = Field(ge=1, le=17)
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
    amount: Decimal | None = Field(default=None, ge=0)
    currency: Literal["CNY", "USD"] = Field(default="CNY", validate_default=True)
    label: str | None = None
    method: str | None = None
    applied_for: bool | None = None
    advanced: bool | None = None

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
            raise ValueError(f"{said}可用的值：{'、'.join(one.code for one in clause.checkable())}")
        return part

    @field_validator("currency")
    @classmethod
    def _one_currency(cls, currency: str, info: ValidationInfo) -> str:
        if "measure" not in info.data or info.data.get("amount") is None:
            return currency
        parts = _named(info.data["measure"], info.data.get("part"))
        right = [part.promise.currency for part in parts if part.promise.currency]
        if right and currency not in right:
            raise ValueError(f"{parts[0].term}的金额须以 {'、'.join(right)} 计")
        return currency

    @field_validator("label")
    @classmethod
    def _label_known(cls, label: str | None) -> str | None:
        if label is not None and label not in known_codes("product_label"):
            raise ValueError(f"可用的值：{'、'.join(known_codes('product_label'))}")
        return label

    def parts(self) -> tuple[Part, ...]:
        """The parts of the measure that are meant: the named one, else those its label and currency do not rule out.

        A label or currency that no part promises rules out none: then it is the outcome that is at fault.
        """
        parts = _named(self.measure, self.part)
        return tuple(part for part in parts if self._may_mean(part)) or parts

    def _may_mean(self, part: Part) -> bool:
        promise = part.promise
        other_label = bool(promise.labels) and self.label is not None and self.label not in promise.labels
        other_currency = self.amount is not None and promise.currency not in (None, self.currency)
        return not other_label and not other_currency


def _named(number: int, code: str | None) -> tuple[Part, ...]:
    return tuple(part for part in measure(number).checkable() if code in (None, part.code))
