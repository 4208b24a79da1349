"""What the quotas leave: of each product and of each bank for one local day, and of a product's total."""

from collections import Counter
from collections.abc import Mapping
from copy import copy
from datetime import date
from typing import Self

from services.matching.catalogue import Catalogue
from services.matching.state import Total, Used


class Room:
    """The room of one day, for one round, which takes it.

    `open`: the products of which one more offer may be made; `spent`: those whose total quota is used up.
    """

    def __init__(
        self, catalogue: Catalogue, day: date, quotas: Mapping[str, Used], totals: Mapping[str, Total]
    ) -> None:
        """What was used before: `quotas` by day and name of a product (`bank/product`) or bank, `totals` by product."""
        self.catalogue, self.day = catalogue, day
        self.open, self.spent = catalogue.open, 0
        self._today: Counter[str] = Counter()
        self._total: Counter[str] = Counter()
        for name, total in totals.items():
            self._total[name] = total.used
            self._shut_product(name)
        for quota, used in quotas.items():
            if used.day == day:
                name = quota.partition("/")[2]
                self._today[name] = used.used
                self._shut_product(name)
                self._shut_bank(name)

    def fork(self) -> Self:
        """The same room, to take from without a trace in this one."""
        other = copy(self)
        other._today, other._total = self._today.copy(), self._total.copy()
        return other

    def take(self, slot: int) -> None:
        """One offer of a product is made."""
        terms = self.catalogue.terms(slot)
        self._total[terms.key] += 1
        self._today[terms.key] += 1
        self._today[terms.bank] += 1
        self._shut_product(terms.key)
        self._shut_bank(terms.bank)

    def _shut_product(self, name: str) -> None:
        """If it is one that is listed, and has no room left."""
        slot = self.catalogue.slot(name)
        if slot is None:
            return
        terms = self.catalogue.terms(slot)
        if terms.total_quota is not None and self._total[name] >= terms.total_quota:
            self.spent |= 1 << slot
            self.open &= ~(1 << slot)
        elif self._today[name] >= terms.daily_quota:
            self.open &= ~(1 << slot)

    def _shut_bank(self, name: str) -> None:
        bank = self.catalogue.banks.get(name)
        if bank is not None and self._today[name] >= bank.daily_quota:
            self.open &= ~self.catalogue.of_bank(name)
