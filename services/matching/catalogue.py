"""All products of all banks, ready to be searched. In memory: a snapshot of one version of what stands in Postgres."""

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from itertools import chain, islice
from math import isqrt

from services.matching.bitmaps import Bits, slots_of
from services.matching.index import Index
from services.matching.ranking import Ranking
from services.matching.scoring import Segment, standing_of
from services.matching.state import BankEntry, Learnt, Tally
from services.matching.terms import Terms, terms_of
from yuqiao.contracts.from_bank import ProductPublished

UNHEARD = Tally()
ORDERS = 64
"""So many orders of the banks take turns, so that no bank gains by who stands before it."""


FEW = 4
"""Up to the root of so many times the banks, products are sorted by their banks' turns; above, trying is sooner done."""


def hashed(of: object, name: str) -> int:
    """A number below 2^128 that depends on nothing but these: a fair order that nobody can arrive first in."""
    return int.from_bytes(sha256(f"{of}/{name}".encode()).digest()[:16])


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
        self._orders: dict[int, dict[str, int]] = {}

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
        self._bank_changed(bank.bank)

    def drop_bank(self, bank: str) -> None:
        """A bank goes; nothing happens when there is none."""
        self.banks.pop(bank, None)
        self._bank_changed(bank)

    def _bank_changed(self, bank: str) -> None:
        for ranking in self._rankings.values():
            ranking.day = None
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
        self._join(terms.bank, slot)
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
        self._leave(terms.bank, slot)
        self._paused.discard(slot)
        for ranking in self._rankings.values():
            ranking.discard(slot)
        self._terms[slot] = None
        self._vacant.append(slot)
        del self._products[key]
        self._changed(key)

    def _join(self, bank: str, slot: int) -> None:
        if not self.of_bank(bank):
            self._orders.clear()
        self._of_bank.setdefault(bank, Bits()).add(slot)

    def _leave(self, bank: str, slot: int) -> None:
        self._of_bank[bank].discard(slot)
        if not self.of_bank(bank):
            self._orders.clear()

    def _changed(self, id_: str) -> None:
        self.touched.add(id_)
        self._of_banks = None

    def in_turn(self, products: int, number: int) -> Iterable[int]:
        """Of these products one of each bank, its cheapest, in one of the orders of the banks, from one of them on.

        Any number gives a fair turn. Few products are sorted; among many the next bank is soon found by trying.
        """
        if products & (products - 1) == 0:
            return (products.bit_length() - 1,) if products else ()
        order = self._order(number % ORDERS)
        begin, most = number // ORDERS % len(order), isqrt(FEW * len(order))
        few = list(islice(slots_of(products), most + 1))
        if len(few) > most:
            banks = chain(islice(order, begin, None), islice(order, begin))
            return (self._cheapest(slots_of(mine)) for bank in banks if (mine := products & self.of_bank(bank)))
        by_turn: dict[int, int] = {}
        for slot in few:
            turn = (order[self.terms(slot).bank] - begin) % len(order)
            by_turn[turn] = self._cheapest((by_turn[turn], slot)) if turn in by_turn else slot
        return [by_turn[turn] for turn in sorted(by_turn)]

    def _cheapest(self, slots: Iterable[int]) -> int:
        """Of one bank's products; of equals the first by name."""
        return min(slots, key=lambda slot: (self.terms(slot).rate, self.terms(slot).key))

    def _order(self, number: int) -> dict[str, int]:
        """The banks with products, and the place of each, in one of the orders."""
        found = self._orders.get(number)
        if found is None:
            banks = sorted((bank for bank in self._of_bank if self.of_bank(bank)), key=lambda b: (hashed(number, b), b))
            found = self._orders[number] = {bank: place for place, bank in enumerate(banks)}
        return found

    def ranking(self, segment: Segment, learnt: Mapping[str, Learnt], day: date) -> Ranking:
        """The ranking for a segment on a day; made anew only when something had been learnt since."""
        ranking = self._rankings.get(segment)
        if ranking is not None and ranking.rests_on(learnt, day):
            return ranking
        banks = {}
        for bank in self.banks:
            known = learnt.get(bank)
            tally = known.until(day).get(segment.learnt_as) if known else None
            banks[bank] = standing_of(tally or UNHEARD)
        if ranking is None or ranking.banks != banks:
            ranking = self._rankings[segment] = Ranking(segment, banks)
            for slot in self._slots.values():
                ranking.add(slot, self.terms(slot))
        ranking.learnt, ranking.day = learnt, day
        return ranking
