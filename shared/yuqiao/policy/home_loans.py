"""Clause 十四 (个人住房贷款) as aggregate counts alone: a natural person (自然人) never enters the list, nor any field here."""

from collections.abc import Iterable

from pydantic import Field, model_validator

from yuqiao.policy.datafile import Row

WAYS = {"postponed": "延后还款时间", "extended": "延长贷款期限", "principal_deferred": "延迟还本"}
HIDDEN_BELOW = 5
"""A smaller count, 0 apart, could point at a person: it is not shown."""


class HomeLoanCounts(Row):
    """One bank's counts for one month: borrowers hit by the epidemic who asked, and how many got which way out.

    Ways can be combined, so they need not add up to `asked`. No name, no loan, no amount, no remark: other fields are refused.
    """

    bank: str = Field(pattern=r"^[a-z0-9]{2,20}$")
    month: str = Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")
    asked: int = Field(ge=0, strict=True)
    postponed: int = Field(default=0, ge=0, strict=True)
    extended: int = Field(default=0, ge=0, strict=True)
    principal_deferred: int = Field(default=0, ge=0, strict=True)

    @model_validator(mode="after")
    def _no_more_than_asked(self) -> "HomeLoanCounts":
        for way, term in WAYS.items():
            if getattr(self, way) > self.asked:
                raise ValueError(
                    f"{way}（{term}）的值 {getattr(self, way)} 有误：不得大于 asked（申请户数）{self.asked}"
                )
        return self


def totals(reports: Iterable[HomeLoanCounts], hidden_below: int = HIDDEN_BELOW) -> dict[str, int | None]:
    """The sums over all banks and months; None where a sum is too small to be shown.

    Raises ValueError when a bank reports a month twice: it would be counted twice.
    """
    rows = tuple(reports)
    if len({(row.bank, row.month) for row in rows}) != len(rows):
        raise ValueError("同一银行同一月份只能报一次：请合并后再报")
    sums = {name: sum(getattr(row, name) for row in rows) for name in ("asked", *WAYS)}
    return {name: None if 0 < count < hidden_below else count for name, count in sums.items()}
