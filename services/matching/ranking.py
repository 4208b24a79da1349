"""What products are worth to needs that banks treat alike, ready to give the best of any set of products."""

from collections.abc import Mapping
from datetime import date

from services.matching.bitmaps import Bits
from services.matching.scoring import Segment, Standing, Worth, unsure_costs
from services.matching.state import Learnt
from services.matching.terms import Terms

DIGITS = 7
"""Levels are at most 100."""


class Ranking:
    """The levels of all products to a segment: for each binary digit, the products whose level has it.

    `learnt` and `day`: from what the banks' standings follow; no day if they have to be made anew.
    """

    def __init__(self, segment: Segment, banks: Mapping[str, Standing]) -> None:
        """`banks`: what had been learnt of each."""
        self.banks, self._of = banks, Worth(segment, banks).of
        self.learnt: Mapping[str, Learnt] = {}
        self.day: date | None = None
        self._level: dict[int, int] = {}
        self._digits = [Bits() for _ in range(DIGITS)]
        self._down: list[tuple[int, int]] = []

    def rests_on(self, learnt: Mapping[str, Learnt], day: date) -> bool:
        """Whether the banks' standings are those that follow from this. Asked again with the same, it says so at once."""
        if self.day != day or self.learnt != learnt:
            return False
        self.learnt = learnt
        return True

    def add(self, slot: int, terms: Terms) -> None:
        """A product."""
        self._level[slot] = level = self._of(terms)
        for having in self._having(level):
            having.add(slot)

    def discard(self, slot: int) -> None:
        """The product goes."""
        for having in self._having(self._level.pop(slot)):
            having.discard(slot)

    def _having(self, level: int) -> list[Bits]:
        self._down = []
        return [having for digit, having in enumerate(self._digits) if level >> digit & 1]

    def level(self, slot: int) -> int:
        """Of a product all of whose conditions are known to hold."""
        return self._level[slot]

    def best(self, sure: int, unsure: int) -> tuple[int, int]:
        """(the highest level among these products, those that have it). `unsure`: with a condition that is unknown."""
        if not unsure:
            return self._best(sure)
        less, those = self._best(unsure)
        less -= unsure_costs()
        if not sure:
            return less, those
        level, these = self._best(sure)
        if level == less:
            return level, these | those
        return (level, these) if level > less else (less, those)

    def _best(self, products: int) -> tuple[int, int]:
        if not self._down:
            self._down = [(1 << digit, self._digits[digit].value) for digit in reversed(range(DIGITS))]
        level = 0
        for worth, having in self._down:
            upper = products & having
            if upper:
                level, products = level + worth, upper
        return level, products
