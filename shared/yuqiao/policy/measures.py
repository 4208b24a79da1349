"""The 17 measures of 渝北金〔2022〕16号 as data (data/measures.yaml), and which of them apply to a need on a day."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

from pydantic import Field, TypeAdapter, model_validator

from yuqiao.policy.datafile import Row, read_yaml
from yuqiao.policy.states import term

UntilBasis = Literal["stated", "derived"]
Unlisted = Literal["broken", "open_list", "not_eligible"]
"""What another value than those listed means: the promise broken, a list that the clause leaves open (等), or not meant."""


class Facts(Protocol):
    """What the conditions look at. None is unknown, and unknown never meets a condition."""

    @property
    def kind(self) -> str:
        """融资类型, a code of need_kind."""

    @property
    def entity_kind(self) -> str:
        """主体类型: 个体工商户 is `individual`, never a 小微企业."""

    @property
    def size_class(self) -> str | None:
        """企业划型; `undetermined` counts as unknown."""

    @property
    def tags(self) -> tuple[str, ...]:
        """重点领域, codes of tag."""

    @property
    def first_loan(self) -> bool | None:
        """首贷."""

    @property
    def covid_affected(self) -> bool | None:
        """受疫情影响, in the enterprise's own word."""


class Conditions(Row):
    """A conjunction: every condition that is given must hold. An empty one is no condition.

    `unless_first_loan`: whoever is known to seek a first loan has no existing one; who did not say may have one.
    """

    kinds: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    covid: Literal[True] | None = None
    first_loan: Literal[True] | None = None
    unless_first_loan: Literal[True] | None = None

    def failing(self, facts: Facts) -> Iterator[str]:
        """The names of the conditions that `facts` does not meet; none when all hold."""
        if self.kinds and facts.kind not in self.kinds:
            yield "kinds"
        if self.entities and facts.entity_kind not in self.entities:
            yield "entities"
        if self.sizes and facts.size_class not in self.sizes:
            yield "sizes"
        if self.tags_any and set(self.tags_any).isdisjoint(facts.tags):
            yield "tags_any"
        if self.covid and not _hit_by_covid(facts):
            yield "covid"
        if self.first_loan and facts.first_loan is not True:
            yield "first_loan"
        if self.unless_first_loan and facts.first_loan is True:
            yield "unless_first_loan"

    def hold(self, facts: Facts) -> bool:
        """Whether `facts` meets all of them."""
        return next(self.failing(facts), None) is None

    def reason(self, facts: Facts) -> str:
        """In Chinese, the facts that make the conditions hold; for facts that none of them fails."""
        said = []
        if self.kinds:
            said.append(f"融资类型：{term('need_kind', facts.kind)}")
        if self.entities:
            said.append(f"主体类型：{term('entity_kind', facts.entity_kind)}")
        if self.sizes and facts.size_class:
            said.append(f"企业划型：{term('size_class', facts.size_class)}")
        if self.tags_any:
            said.append(f"重点领域：{'、'.join(term('tag', tag) for tag in self.tags_any if tag in facts.tags)}")
        if self.covid:
            said.append("受疫情影响")
        if self.first_loan:
            said.append("首次贷款")
        return "；".join(said)


def _hit_by_covid(facts: Facts) -> bool:
    """The enterprise's own word counts; the list's tag stands in where it said nothing."""
    if facts.covid_affected is None:
        return "covid_hit" in facts.tags
    return facts.covid_affected


class Promise(Row):
    """What the clause promises, as numbers to check outcomes against. Rates are fractions, amounts in `currency`.

    A `currency` without `max_amount` is promised for any amount; a soft `latest_due` (原则上) admits exceptions with a reason.
    """

    penalty_rate: Decimal | None = None
    loan_due_from: date | None = None
    loan_due_until: date | None = None
    latest_due: date | None = None
    latest_due_is_soft: bool = False
    rate_cut_relative: Decimal | None = None
    methods: tuple[str, ...] = ()
    unlisted_method: Unlisted = "broken"
    without_application: bool = False
    occupancy_fee_rate: Decimal | None = None
    labels: tuple[str, ...] = ()
    unlisted_label: Unlisted = "broken"
    max_amount: Decimal | None = None
    currency: Literal["CNY", "USD"] | None = None
    max_fee_rate: Decimal | None = None
    premium_support: Decimal | None = None
    without_advance: bool = False
    contact_every_enterprise: bool = False

    def checkable(self) -> bool:
        """Whether one outcome can keep or break anything of it; whether every enterprise was met, one outcome cannot say."""
        return bool(self.model_dump(exclude_defaults=True, exclude={"contact_every_enterprise"}))


class Part(Row):
    """One promise within a clause, to whom and until when. `when` is a list of alternatives."""

    code: str
    term: str
    when: tuple[Conditions, ...] = Field(min_length=1)
    promise: Promise
    to_verify: tuple[str, ...] = ()
    valid_until: date | None = None
    until_basis: UntilBasis | None = None

    def reason(self, met: Conditions, facts: Facts) -> str:
        """In Chinese, why the part applies under the conditions that are met."""
        unasked = "免申即享，企业无须申请" if self.promise.without_application else ""
        return "；".join(filter(None, (met.reason(facts), unasked)))


class Measure(Row):
    """One clause: its text as published, who leads, who is responsible, how long it holds."""

    number: int = Field(ge=1, le=17)
    clause: str
    title: str
    text: str
    lead: tuple[str, ...]
    configured_lead: str | None = None
    responsible: tuple[str, ...] = Field(min_length=1)
    responsible_set: Literal["banks", "financial_institutions", "other"]
    valid_from: date
    valid_until: date | None = None
    until_basis: UntilBasis | None = None
    scope: Literal["need", "process", "person"]
    parts: tuple[Part, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "Measure":
        if (self.scope == "need") != bool(self.parts):
            raise ValueError(f"措施{self.clause}：scope 为 need 时须有 parts，否则不得有")
        if not self.lead and self.configured_lead is None:
            raise ValueError(f"措施{self.clause}：条文无牵头单位，须设 configured_lead")
        return self

    @property
    def led_by(self) -> tuple[str, ...]:
        """Who leads, in the notice's words; the configured lead where the clause names none."""
        return self.lead or tuple(filter(None, (self.configured_lead,)))

    def until(self, part: Part | None) -> date | None:
        """The last day `part` holds: its own, else the clause's; None when the notice names none."""
        return (part and part.valid_until) or self.valid_until

    def until_basis_of(self, part: Part | None) -> UntilBasis | None:
        """Whether the notice states that day, or it follows from the clause (一: there is nothing left to postpone to)."""
        return part.until_basis if part and part.valid_until else self.until_basis

    def outside(self, part: Part | None, on: date) -> tuple[Literal["not_yet", "expired"], str] | None:
        """Why `part` (None: the clause) does not hold on a day, as a code and words (Chinese); None while it does."""
        until = self.until(part)
        if on < self.valid_from:
            return "not_yet", f"自 {self.valid_from} 起执行"
        if until is not None and on > until:
            return "expired", f"执行至 {until}"
        return None

    def checkable(self) -> tuple[Part, ...]:
        """The parts with a promise that an outcome can keep or break."""
        return tuple(part for part in self.parts if part.promise.checkable())


class Applied(NamedTuple):
    """A part of a measure that applies: its term, the facts that make it apply (Chinese), its last day."""

    measure: Measure
    part: Part
    term: str
    reason: str
    until: date | None


def applicable(facts: Facts, on: date) -> list[Applied]:
    """The parts of measures that apply to a need on the day it was stated, in the order of the clauses.

    A clause may appear once for each of its parts. What facts cannot tell is in the part's `to_verify`.
    """
    found = []
    for measure in measures():
        for part in measure.parts:
            if measure.outside(part, on):
                continue
            met = next((one for one in part.when if one.hold(facts)), None)
            if met is not None:
                found.append(Applied(measure, part, part.term, part.reason(met, facts), measure.until(part)))
    return found


def measure(number: int) -> Measure:
    """Measure 1 to 17. Raises KeyError for another number."""
    if not 1 <= number <= len(measures()):
        raise KeyError(number)
    return measures()[number - 1]


@lru_cache(maxsize=1)
def measures() -> tuple[Measure, ...]:
    """All 17, by number."""
    rows = read_yaml("measures.yaml", TypeAdapter(tuple[Measure, ...]))
    if [row.number for row in rows] != list(range(1, 18)):
        raise ValueError("措施须为一至十七，依次各一条")
    return rows
