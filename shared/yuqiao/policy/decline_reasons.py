"""Why a bank says no, and what follows: data/decline-reasons.yaml."""

from functools import lru_cache
from typing import Literal

from pydantic import Field, TypeAdapter, model_validator

from yuqiao.policy.datafile import Row, read_yaml

Axis = Literal["need", "entity", "credit", "finance", "guarantee", "documents", "use", "bank", "other"]


class DeclineReason(Row):
    """One reason. `outcome` is the case's outcome (states.py) when it is not offered on: exactly then it is set."""

    code: str = Field(pattern=r"^[A-Z]\d?$")
    term: str = Field(min_length=1)
    axis: Axis
    repairable: bool
    owner_dept: str | None
    reroute: bool
    outcome: str | None = None
    system_only: bool = False
    note_required: bool = False

    @model_validator(mode="after")
    def _complete(self) -> "DeclineReason":
        if self.reroute == (self.outcome is not None):
            raise ValueError(f"{self.code}：不改推的须写 outcome，改推的不写")
        if self.repairable and self.owner_dept is None:
            raise ValueError(f"{self.code}：可修复的须写 owner_dept")
        return self


def reason(code: str) -> DeclineReason | None:
    """The reason with this code, or None when the taxonomy has none."""
    return _by_code().get(code)


def known() -> tuple[str, ...]:
    """All codes, in the order of the taxonomy. Those that a bank may send: the ones not `system_only`."""
    return tuple(_by_code())


@lru_cache(maxsize=1)
def _by_code() -> dict[str, DeclineReason]:
    rows = read_yaml("decline-reasons.yaml", TypeAdapter(tuple[DeclineReason, ...]))
    return {row.code: row for row in rows}
