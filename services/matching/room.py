"""What the quotas leave: of each product and of each bank for one local day, and of a product's total."""

from collections import defaultdict
from collections.abc import Mapping
from copy import copy
from datetime import date
from typing import Self

from services.matching.bitmaps import without
from services.matching.catalogue import Catalogue
from services.matching.state import Total, Used
from services.matching.terms import Terms


class Room:
    """The room of one day, for one round, which takes it.

    `open`: the products of which one more offer may be made; `offered`: those of banks that are switched on, their total
    quota not used up.
    """

    def __init__(
        self, catalogue: Catalogue, day: date, quotas: Mapping[str, Used], totals: Mapping[str, Total]
    ) -> None:
        """What was used before: `quotas` by day and name of a product (`bank/product`) or bank, `totals` by product."""
        self.catalogue, self.day = catalogue, day
        self.open, self.offered = catalogue.open, catalogue.live
        self._today: dict[str, int] = defaultdict(int)
        self._total: dict[str, int] = defaultdict(int, {name: total.used for name, total in totals.items()})
        for quota, used in quotas.items():
            if used.day == day:
                self._today[quota.partition("/")[2]] = used.used
        for name in {*self._today, *self._total}:
            slot = catalogue.slot(name)
            if slot is not None:
                self._shut_product(slot, catalogue.terms(slot))
            self._shut_bank(name)

    def fork(self) -> Self:
        """The same room, to take from without a trace in this one."""
        other = copy(self)
        other._today, other._total = self._today.copy(), self._total.copy()
        return other

    def ever(self, key: str) -> int:
        """How many offers of a product were made at all."""
        return self._total[key]

    def take(self, slot: int) -> None:
        """One offer of a product is made."""
        terms, today = self.catalogue.terms(slot), self._today
        key, bank = terms.key, terms.bank
        today[key] += 1
        today[bank] += 1
        if terms.total_quota is not None:
            self._total[key] += 1
        self._shut_product(slot, terms)
        self._shut_bank(bank)

    def _shut_product(self, slot: int, terms: Terms) -> None:
        """If it has no room left."""
        if terms.total_quota is not None and self._total[terms.key] >= terms.total_quota:
            self.offered = without(self.offered, 1 << slot)
        elif self._today[terms.key] < terms.daily_quota:
            return
        self.open = without(self.open, 1 << slot)

    def _shut_bank(self, name: str) -> None:
        bank = self.catalogue.banks.get(name)
        if bank is not None and self._today[name] >= bank.daily_quota:
            self.open = without(self.open, self.catalogue.of_bank(name))
