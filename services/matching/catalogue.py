"""All products of all banks, ready to be searched. In memory: a snapshot of one version of what stands in Postgres."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256

from services.matching.bitmaps import Bits, slots_of
from services.matching.index import Index
from services.matching.scoring import Segment, Standing, Worth, standing_of, unsure_costs
from services.matching.state import BankEntry, Learnt, Tally
from services.matching.terms import Terms, terms_of
from yuqiao.contracts.from_bank import ProductPublished

UNHEARD = Tally()
ORDERS = 64
"""So many orders of the banks take turns, so that no bank gains by who stands before it."""


def hashed(*parts: object) -> int:
    """A number below 2^128 that depends on nothing but its parts: a fair order that nobody can arrive first in."""
    return int.from_bytes(sha256("/".join(map(str, parts)).encode()).digest()[:16])


class Ranking:
    """What products are worth to a segment, as levels of equals."""

    def __init__(self, segment: Segment, banks: Mapping[str, Standing]) -> None:
        """`banks`: what had been learnt of each."""
        self.banks, self._of = banks, Worth(segment, banks).of
        self._levels: dict[int, Bits] = {}
        self._worth: dict[int, int] = {}
        self._steps: list[tuple[int, int, int]] | None = None

    def add(self, slot: int, terms: Terms) -> None:
        """A product."""
        self._worth[slot] = worth = self._of(terms)
        self._levels.setdefault(worth, Bits()).add(slot)
        self._steps = None

    def discard(self, slot: int) -> None:
        """The product goes."""
        worth = self._worth.pop(slot, None)
        if worth is not None:
            self._levels[worth].discard(slot)
            self._steps = None

    def steps(self) -> list[tuple[int, int, int]]:
        """(level, products worth it if all their conditions are known to hold, those worth it if not), best first."""
        if self._steps is None:
            levels = {worth: bits.value for worth, bits in self._levels.items() if bits.value}
            less = unsure_costs()
            down = sorted(levels.keys() | {worth - less for worth in levels}, reverse=True)
            self._steps = [(n, levels.get(n, 0), levels.get(n + less, 0)) for n in down]
        return self._steps


class Catalogue:
    """Products, banks, the index over both, and a ranking for each segment that was asked for.

    A batch changes it in place; what it `touched` is read again from Postgres before the next batch relies on it, so a
    batch that was rolled back leaves no trace.
    """

    def __init__(self) -> None:
        """Empty, of no version."""
        self.version = 0
        self.touched: set[str] = set()
        self.banks: dict[str, BankEntry] = {}
        self.index = Index()
        self._products: dict[str, ProductPublished] = {}
        self._slots: dict[str, int] = {}
        self._terms: list[Terms | None] = []
        self._vacant: list[int] = []
        self._of_bank: dict[str, Bits] = {}
        self._paused = Bits()
        self._rankings: dict[Segment, Ranking] = {}
        self._of_banks: tuple[int, int] | None = None
        self._orders: dict[int, list[int]] = {}

    def product(self, key: str) -> ProductPublished | None:
        """A product as its bank published it."""
        return self._products.get(key)

    def terms(self, slot: int) -> Terms:
        """The product under a slot."""
        found = self._terms[slot]
        if found is None:
            raise KeyError(slot)
        return found

    def slot(self, key: str) -> int | None:
        """The slot of a product."""
        return self._slots.get(key)

    def of_bank(self, bank: str) -> int:
        """A bank's products."""
        bits = self._of_bank.get(bank)
        return bits.value if bits else 0

    @property
    def live(self) -> int:
        """The products of the banks that are switched on."""
        return self._gathered()[0]

    @property
    def open(self) -> int:
        """Those of them that are not paused: neither their own daily quota nor their bank's is 0."""
        return self._gathered()[1]

    def _gathered(self) -> tuple[int, int]:
        if self._of_banks is None:
            live = paused = 0
            for bank in self.banks.values():
                live |= self.of_bank(bank.bank) if bank.enabled else 0
                paused |= 0 if bank.daily_quota else self.of_bank(bank.bank)
            self._of_banks = (live, live & ~paused & ~self._paused.value)
        return self._of_banks

    def put_bank(self, bank: BankEntry) -> None:
        """A bank as the register has it."""
        self.banks[bank.bank] = bank
        self._changed(bank.bank)

    def drop_bank(self, bank: str) -> None:
        """A bank goes; nothing happens when there is none."""
        self.banks.pop(bank, None)
        self._changed(bank)

    def put(self, key: str, product: ProductPublished) -> None:
        """A product, new or changed."""
        self.drop(key)
        if self._vacant:
            slot = self._vacant.pop()
        else:
            slot = len(self._terms)
            self._terms.append(None)
        terms = terms_of(key, product)
        self._products[key], self._slots[key], self._terms[slot] = product, slot, terms
        self.index.add(slot, terms)
        self._of_bank.setdefault(terms.bank, Bits()).add(slot)
        if terms.daily_quota == 0:
            self._paused.add(slot)
        for ranking in self._rankings.values():
            ranking.add(slot, terms)
        self._changed(key)

    def drop(self, key: str) -> None:
        """A product goes; nothing happens when there is none."""
        slot = self._slots.pop(key, None)
        if slot is None:
            return
        terms = self.terms(slot)
        self.index.discard(slot, terms)
        self._of_bank[terms.bank].discard(slot)
        self._paused.discard(slot)
        for ranking in self._rankings.values():
            ranking.discard(slot)
        self._terms[slot] = None
        self._vacant.append(slot)
        del self._products[key]
        self._changed(key)

    def _changed(self, id_: str) -> None:
        self.touched.add(id_)
        self._of_banks = None
        self._orders.clear()

    def in_turn(self, number: int) -> list[int]:
        """Each bank's products, in one of the orders of the banks, from one of them on: any number gives a fair turn."""
        which, begin = number % ORDERS, number // ORDERS
        order = self._orders.get(which)
        if order is None:
            banks = sorted(self._of_bank, key=lambda bank: (hashed(which, bank), bank))
            order = self._orders[which] = [bits for bank in banks if (bits := self.of_bank(bank))]
        begin %= max(len(order), 1)
        return order[begin:] + order[:begin]

    def first_of(self, products: int) -> int:
        """Of one bank's products the cheapest; of equals the first by name."""
        if products & (products - 1) == 0:
            return products.bit_length() - 1
        return min(slots_of(products), key=lambda slot: (self.terms(slot).rate, self.terms(slot).key))

    def ranking(self, segment: Segment, learnt: Mapping[str, Learnt], day: date) -> Ranking:
        """The ranking for a segment on a day; made anew only when something had been learnt since."""
        banks = {}
        for bank in self.banks:
            known = learnt.get(bank)
            tally = known.until(day).get(segment.learnt_as) if known else None
            banks[bank] = standing_of(tally or UNHEARD)
        ranking = self._rankings.get(segment)
        if ranking is None or ranking.banks != banks:
            ranking = self._rankings[segment] = Ranking(segment, banks)
            for slot in self._slots.values():
                ranking.add(slot, self.terms(slot))
        return ranking
