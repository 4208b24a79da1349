"""Products and needs to try, some of them random."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any

from services.matching.catalogue import Catalogue
from services.matching.room import Room
from services.matching.state import BankEntry, Wanted
from services.matching.terms import Terms, terms_of
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.values import NeedFacts, Routing
from yuqiao.policy.states import known_codes
from yuqiao.runtime.messages import BEIJING, derived_id

DAY = date(2022, 12, 29)
PRODUCT = {
    "at": datetime(2022, 12, 28, 9, tzinfo=BEIJING),
    "product": "p",
    "name": "测试",
    "min_amount_cny": "100000.00",
    "max_amount_cny": "5000000.00",
    "min_term_months": 3,
    "max_term_months": 36,
    "annual_rate": "0.0385",
    "daily_quota": 10,
    "valid_from": "2022-01-01",
    "valid_until": "2023-12-31",
}
INDUSTRIES = ("C", "C34", "C348", "C3484", "G", "G54", "G59", "F51")


def product(bank: str = "bank01", **fields: Any) -> ProductPublished:
    return ProductPublished.model_validate(PRODUCT | {"bank": bank} | fields)


def terms(bank: str = "bank01", **fields: Any) -> Terms:
    return terms_of(f"{bank}/p", product(bank, **fields))


def facts(**fields: Any) -> NeedFacts:
    return NeedFacts.model_validate({"kind": "new_loan", "amount_cny": "1000000.00", "stated_on": DAY} | fields)


def wanted(
    number: int = 0,
    *,
    places: int = 3,
    exclude: frozenset[str] = frozenset(),
    waited: int = 0,
    routing: Routing | None = None,
    **fields: Any,
) -> Wanted:
    routing = routing or Routing(places=places)
    return Wanted(derived_id("need", number), facts(**fields), routing, places, exclude, waited)


def catalogue(*listed: ProductPublished, bank_quota: int = 1000) -> Catalogue:
    made = Catalogue()
    for bank in sorted({one.bank for one in listed}):
        made.put_bank(BankEntry(bank=bank, daily_quota=bank_quota, enabled=True))
    for one in listed:
        made.put(f"{one.bank}/{one.product}", one)
    return made


def room(*listed: ProductPublished, bank_quota: int = 1000) -> Room:
    return Room(catalogue(*listed, bank_quota=bank_quota), DAY, {}, {})


def some(chance: Random, codes: Sequence[str], share: float) -> tuple[str, ...]:
    """None of the codes, or a few."""
    return tuple(chance.sample(codes, chance.randint(1, 3))) if chance.random() < share else ()


def random_product(chance: Random, number: int, banks: int = 5) -> ProductPublished:
    low, months = chance.choice([1, 5, 10, 50]) * 10_000, chance.choice([1, 3, 12])
    return product(
        f"bank{chance.randint(1, banks):02d}",
        product=f"p{number:03d}",
        kinds=some(chance, known_codes("need_kind"), 0.4),
        min_amount_cny=Decimal(low),
        max_amount_cny=Decimal(low * chance.choice([2, 20, 200])),
        min_term_months=months,
        max_term_months=months + chance.choice([0, 12, 24]),
        annual_rate=Decimal(chance.choice([300, 385, 480, 600])) / 10_000,
        guarantee_modes=some(chance, known_codes("guarantee_mode"), 0.4),
        industries=some(chance, INDUSTRIES, 0.3),
        size_classes=some(chance, ["large", "medium", "small", "micro"], 0.3),
        regions=some(chance, known_codes("region")[:4], 0.2),
        tags=some(chance, known_codes("tag")[:4], 0.2),
        first_loan_friendly=chance.random() < 0.3,
        daily_quota=chance.randint(0, 4),
        total_quota=chance.choice([None, None, 4, 6]),
        valid_from=chance.choice([date(2022, 1, 1), DAY, date(2022, 12, 30)]),
        valid_until=chance.choice([date(2022, 12, 30), date(2023, 12, 31)]),
    )


def random_facts(chance: Random) -> NeedFacts:
    return facts(
        kind=chance.choice(known_codes("need_kind")[:4]),
        amount_cny=Decimal(chance.choice([1, 5, 10, 20, 100, 300, 1000])) * 10_000,
        term_months=chance.choice([None, 1, 3, 12, 15, 36]),
        industry=chance.choice([None, *(code for code in INDUSTRIES)]),
        size_class=chance.choice(["undetermined", "large", "medium", "small", "micro"]),
        region=chance.choice([None, *known_codes("region")[:4]]),
        tags=some(chance, known_codes("tag")[:4], 0.3),
        guarantee_modes=some(chance, known_codes("guarantee_mode"), 0.6),
        first_loan=chance.choice([None, True, False]),
        max_annual_rate=chance.choice([None, Decimal("0.0385"), Decimal("0.05")]),
    )
