"""What would have to change so that a need finds a bank: the fewest conditions, and of these the smallest changes."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import reduce
from heapq import nsmallest
from itertools import combinations
from operator import and_
from typing import TypeVar

from services.matching.bitmaps import slots_of
from services.matching.domain import named, not_asked
from services.matching.room import Room
from services.matching.state import Wanted
from services.matching.terms import Terms
from yuqiao.contracts.values import NeedFacts, Reason
from yuqiao.policy.industries import industry
from yuqiao.policy.states import term

T = TypeVar("T", Decimal, int, date)
SHOWN = 3
"""So many products are named."""
FIGURES = {
    "amount": ("金额", Decimal("0.0001"), " 万元"),
    "term": ("期限", Decimal(1), " 个月"),
    "rate": ("可接受的年利率", Decimal(100), "%"),
}
"""Conditions on a figure: its name, by what it is multiplied to be shown, and its unit."""


def nearest(wanted: Wanted, room: Room) -> tuple[Reason, ...]:
    """The products that fail fewest conditions, then those that ask for the smallest change; equals by their name."""
    catalogue = room.catalogue
    asked = not_asked(wanted, catalogue, catalogue.live)
    conditions = catalogue.index.conditions(wanted.facts, room.day) + _beyond_the_need(wanted, room, asked)
    found = [(code, asked & met) for code, met in conditions if asked & met != asked]
    for count in range(1, len(found) + 1):
        failing = list(_failing(found, count, asked))
        if failing:
            return _smallest(failing, wanted.facts, room)
    return ()


def _beyond_the_need(wanted: Wanted, room: Room, asked: int) -> list[tuple[str, int]]:
    """What else stands in the way: the enterprise names other banks; the bank's total quota is used up."""
    return [("bank", named(wanted, room.catalogue, asked)), ("total_quota", room.offered)]


def _failing(found: list[tuple[str, int]], count: int, asked: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """(codes, the products that fail just these), for every choice of `count` conditions that some product fails."""
    for failing in combinations([code for code, _ in found], count):
        rest = reduce(and_, (met for code, met in found if code not in failing), asked)
        if rest:
            yield failing, rest


def _smallest(failing: list[tuple[tuple[str, ...], int]], need: NeedFacts, room: Room) -> tuple[Reason, ...]:
    catalogue = room.catalogue
    sizes = (
        (
            sum(_change(code, catalogue.terms(slot), need, room.day) for code in codes),
            catalogue.terms(slot).key,
            codes,
            slot,
        )
        for codes, products in failing
        for slot in slots_of(products)
    )
    return tuple(_reason(codes, catalogue.terms(slot), need, room) for _, _, codes, slot in nsmallest(SHOWN, sizes))


def _change(code: str, terms: Terms, need: NeedFacts, day: date) -> float:
    """How much would have to change, relative to what is: half as much is 0.5; another code altogether counts 1."""
    if code == "validity":
        return abs((_nearer(terms.valid, day) - day).days) / 365
    bound = _bound(code, terms, need)
    if bound is None:
        return 1.0
    said, asked = bound
    return float(abs(asked - said) / max(said, Decimal("0.0001")))


def _bound(code: str, terms: Terms, need: NeedFacts) -> tuple[Decimal, Decimal] | None:
    """What the need says, and the nearest that the product takes, for conditions that are figures."""
    if code == "amount":
        return need.amount_cny, _nearer(terms.amounts, need.amount_cny)
    if code == "term" and need.term_months is not None:
        return Decimal(need.term_months), Decimal(_nearer(terms.months, need.term_months))
    if code == "rate" and need.max_annual_rate is not None:
        return need.max_annual_rate, terms.rate
    return None


def _nearer(bounds: tuple[T, T], value: T) -> T:
    low, high = bounds
    return low if value < low else high


def _reason(codes: Iterable[str], terms: Terms, need: NeedFacts, room: Room) -> Reason:
    changes = {code: _asked(code, terms, need, room) for code in codes}
    values = {"product": terms.key, "codes": " ".join(changes)} | {code: value for code, (value, _) in changes.items()}
    product = room.catalogue.product(terms.key)
    name = f"{product.name}（{terms.key}）" if product else terms.key
    text = f"若{'，且'.join(text for _, text in changes.values())}，则可匹配 {name}"
    return Reason(code="would_match_if", values=values, text=text)


def _asked(code: str, terms: Terms, need: NeedFacts, room: Room) -> tuple[str, str]:
    """The value that would be right, and the change in words."""
    bound = _bound(code, terms, need)
    if bound is not None:
        said, asked = bound
        name, times, unit = FIGURES[code]
        word = "至少" if asked > said else "至多"
        before, after = (f"{(value * times).normalize():f}{unit}" for value in (said, asked))
        return f"{asked:f}", f"{name}由 {before}改为{word} {after}"
    if code == "validity":
        begin, end = terms.valid
        return f"{begin}/{end}", f"申请日在 {begin} 至 {end} 之间"
    if code == "bank":
        return terms.bank, f"在意向银行中增加 {terms.bank}"
    if code == "total_quota":
        least = room.ever(terms.key) + 1
        return str(least), f"{terms.bank} 将总额度由 {terms.total_quota} 笔提高到至少 {least} 笔"
    kind, wanted, text = {
        "kind": ("need_kind", sorted(terms.kinds), "融资类型为"),
        "guarantee": ("guarantee_mode", sorted(terms.guarantee_modes), "可提供担保方式"),
        "industry": ("", sorted(terms.industries), "行业属于"),
        "size_class": ("size_class", sorted(terms.size_classes), "划型为"),
        "region": ("region", sorted(terms.regions), "位于"),
        "tags": ("tag", sorted(terms.tags), "属于"),
    }[code]
    return " ".join(wanted), text + "或".join(term(kind, one) if kind else industry(one).name for one in wanted)
