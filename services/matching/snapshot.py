"""What a bank may see of a need before it accepts: coarse bands, the same for many firms."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from yuqiao.contracts.values import AnonymousNeed, Band, MeasureApplied, NeedFacts
from yuqiao.policy.measures import Applied, applicable

CUTS = [Decimal(f"{wan}0000.00") for wan in (0, 10, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000)]
MONTHS = (3, 6, 12, 24, 36, 60, 120, 360, 600)


def anonymous(facts: NeedFacts) -> AnonymousNeed:
    """The snapshot: amount and term in bands, industry by section, no day, no figure of the firm."""
    below = next((cut for cut in CUTS if facts.amount_cny < cut), None)
    at_least = max(cut for cut in CUTS if cut <= facts.amount_cny)
    months = facts.term_months
    return AnonymousNeed(
        kind=facts.kind,
        amount_cny=Band(at_least=at_least, below=below),
        term_months_up_to=None if months is None else next((m for m in MONTHS if months <= m), None),
        industry_section=facts.industry[0] if facts.industry else None,
        size_class=facts.size_class,
        region=facts.region,
        tags=facts.tags,
        guarantee_modes=facts.guarantee_modes,
        first_loan=facts.first_loan,
    )


class Said(NamedTuple):
    """What the measures' conditions look at: a few hundred sorts of needs."""

    kind: str
    entity_kind: str
    size_class: str
    tags: tuple[str, ...]
    first_loan: bool | None
    covid_affected: bool | None


def measures_for(facts: NeedFacts) -> tuple[MeasureApplied, ...]:
    """The measures of the notice that apply on the day the need was stated, a clause once for each part that applies."""
    return _applying(Said(*(getattr(facts, name) for name in Said._fields)), facts.stated_on)


@lru_cache(maxsize=4096)
def _applying(said: Said, on: date) -> tuple[MeasureApplied, ...]:
    return tuple(_said(applied) for applied in applicable(said, on))


def _said(applied: Applied) -> MeasureApplied:
    """The part as an event says it; its code only where the clause has others, since every offered need carries it."""
    measure = applied.measure
    return MeasureApplied(
        measure=measure.number,
        part=applied.part.code if len(measure.parts) > 1 else None,
        clause=measure.clause,
        title=measure.title,
        reason=applied.reason,
        until=applied.until,
        lead="、".join(measure.led_by),
    )
