"""What the quotas leave: of each product and of each bank for one local day, and of a product's total for ever."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from services.matching.catalogue import Catalogue
from services.matching.state import FOR_EVER, Used
from services.matching.terms import Terms


def day_quota(day: date, name: str) -> str:
    """Under which id the offers of a day are counted, for a product (`bank/product`) or a bank."""
    return f"{day}/{name}"


def total_quota(product: str) -> str:
    """Under which id a product's offers are counted for ever."""
    return f"{FOR_EVER}/{product}"


class Room:
    """The room of one day, for one round, which takes it.

    `open`: the products of which one more offer may be made; `spent`: those whose total quota is used up.
    """

    def __init__(self, catalogue: Catalogue, day: date, quotas: Mapping[str, Used]) -> None:
        """`quotas`: what was used before."""
        self.catalogue, self.day = catalogue, day
        self.open, self.spent = catalogue.live, 0
        self._today: Counter[str] = Counter()
        self._ever: Counter[str] = Counter()
        for name, row in quotas.items():
            of = name.partition("/")[2]
            if row.day == FOR_EVER:
                self._ever[of] = row.used
            elif row.day == day:
                self._today[of] = row.used
        for name in self._today.keys() | self._ever.keys():
            slot = catalogue.slot(name)
            if slot is None:
                self._shut_bank(name)
            else:
                self._shut(slot, catalogue.terms(slot))

    def take(self, slot: int) -> None:
        """One offer of a product is made."""
        terms = self.catalogue.terms(slot)
        self._today[terms.key] += 1
        self._today[terms.bank] += 1
        self._ever[terms.key] += 1
        self._shut(slot, terms)
        self._shut_bank(terms.bank)

    def _shut(self, slot: int, terms: Terms) -> None:
        """A product whose quota is used up."""
        if terms.total_quota is not None and self._ever[terms.key] >= terms.total_quota:
            self.spent |= 1 << slot
            self.open &= ~(1 << slot)
        elif self._today[terms.key] >= terms.daily_quota:
            self.open &= ~(1 << slot)

    def _shut_bank(self, name: str) -> None:
        bank = self.catalogue.banks.get(name)
        if bank is not None and self._today[name] >= bank.daily_quota:
            self.open &= ~self.catalogue.of_bank(name)
