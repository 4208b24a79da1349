"""A market to measure matching on: the needs of the sample list, and the sample's products varied, as many as wanted."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any

from deploy.sample.make_sample import rows
from deploy.stack.brokerage import load
from services.matching.bitmaps import slots_of
from services.matching.catalogue import Catalogue
from services.matching.state import BankEntry, Learnt, Tally, Wanted
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.values import NeedFacts, Routing
from yuqiao.policy.size_class import classify
from yuqiao.policy.states import code_of, known_codes
from yuqiao.runtime.messages import BEIJING, derived_id

DAY = date(2023, 1, 3)
SEED = 16
PRODUCTS_OF_A_BANK = 50
INDUSTRIES = ("A", "C", "C36", "C3484", "E", "F51", "F52", "G", "H62", "I", "I65", "M")
"""Those of the sample list, in all depths."""


def needs(count: int) -> list[Wanted]:
    """The first rows of the sample list, each looking for three banks."""
    return [Wanted(derived_id("bench", n), _facts(row), Routing(), 3) for n, row in enumerate(rows(count, SEED))]


def _facts(row: dict[str, Any]) -> NeedFacts:
    """A row as intake understands it."""
    amount, revenue, assets = (
        Decimal(row[name]) * 10_000 for name in ("金额(万元)", "营业收入(万元)", "资产总额(万元)")
    )
    rate = row["期望利率(%)"]
    return NeedFacts(
        kind=_code("need_kind", row["融资类型"]),
        amount_cny=amount,
        term_months=row["期限(月)"],
        industry=row["行业代码"],
        size_class=classify(row["行业代码"], row["从业人员"], revenue, assets).code,
        entity_kind=_code("entity_kind", row["主体类型"]),
        region=_code("region", row["镇街/园区"]),
        tags=tuple(_code("tag", term) for term in (row["重点领域"] or "").split("、") if term),
        guarantee_modes=(_code("guarantee_mode", row["担保方式"]),),
        first_loan=row["是否首贷"] == "是",
        max_annual_rate=None if rate is None else Decimal(str(rate)) / 100,
        stated_on=DAY,
    )


def _code(kind: str, term: str) -> str:
    code = code_of(kind, term)
    if code is None:
        raise ValueError(f"{term}: not a term of {kind}")
    return code


@lru_cache(maxsize=1)
def _sample() -> list[dict[str, Any]]:
    return [product for listed in load("sample/products.yaml").values() for product in listed]


def products(count: int) -> Iterator[ProductPublished]:
    """Each like one of the sample's, with other amounts, terms, rate and quota, and some with further conditions."""
    chance = Random(SEED)
    banks = max(1, count // PRODUCTS_OF_A_BANK)

    def some(given: list[str], codes: tuple[str, ...], share: float) -> tuple[str, ...]:
        further = chance.sample(codes, chance.randint(1, 3)) if chance.random() < share else ()
        return tuple(given) or tuple(further)

    for number in range(count):
        like = chance.choice(_sample())
        low = Decimal(like["min_amount_cny"]) * chance.choice([1, 1, 2, 5])
        high = Decimal(like["max_amount_cny"]) / chance.choice([1, 2, 5, 10, 20])
        varied = {
            "at": datetime(2022, 12, 28, 9, tzinfo=BEIJING),
            "bank": f"bank{number % banks:05d}",
            "product": f"p{number}",
            "min_amount_cny": low,
            "max_amount_cny": max(low * 10, high),
            "max_term_months": max(like["min_term_months"], like["max_term_months"] // chance.choice([1, 1, 2, 3])),
            "annual_rate": Decimal(like["annual_rate"]) + Decimal(chance.randrange(0, 200, 5)) / 10_000,
            "guarantee_modes": some(like["guarantee_modes"], known_codes("guarantee_mode"), 0.3),
            "industries": some(like["industries"], INDUSTRIES, 0.1),
            "size_classes": some(like["size_classes"], ("large", "medium", "small", "micro"), 0.3),
            "regions": some(like["regions"], known_codes("region"), 0.1),
            "daily_quota": like["daily_quota"] * chance.choice([1, 2, 3]),
            "valid_until": date(2023, chance.randint(1, 12), 28),
        }
        yield ProductPublished.model_validate(like | varied)


def catalogue(listed: Sequence[ProductPublished], places: int | None = None) -> Catalogue:
    """Products and their banks. `places`: quotas make room for so many offers; every second bank's cuts a fifth off."""
    wide = places / sum(product.daily_quota for product in listed) if places else 1
    made = Catalogue()
    for product in listed:
        quota = max(1, round(product.daily_quota * wide))
        made.put(f"{product.bank}/{product.product}", product.model_copy(update={"daily_quota": quota}))
    for number, bank in enumerate(sorted({product.bank for product in listed})):
        whole = sum(made.terms(slot).daily_quota for slot in slots_of(made.of_bank(bank)))
        made.put_bank(BankEntry(bank=bank, daily_quota=whole * 4 // 5 if number % 2 else whole, enabled=True))
    return made


def learnt(made: Catalogue) -> dict[str, Learnt]:
    """What some weeks of answers taught of each bank."""
    chance, found = Random(SEED), {}
    segments = [
        f"{kind}/{size}" for kind in ("new_loan", "renewal", "extension") for size in ("micro", "small", "medium")
    ]
    for bank in made.banks:
        before = {}
        for segment in segments:
            answered = chance.randint(0, 60)
            accepted = answered * chance.randint(3, 9) // 10
            hours = Decimal(accepted * chance.randint(1, 40))
            before[segment] = Tally(answered=answered, accepted=accepted, hours=hours)
        found[bank] = Learnt(bank=bank, day=date(2023, 1, 2), before=before)
    return found
