"""The needs of a round on their way down the levels."""

from collections.abc import Mapping
from functools import reduce
from operator import attrgetter, itemgetter, or_
from typing import NamedTuple

from services.matching.bitmaps import without
from services.matching.catalogue import Catalogue
from services.matching.ranking import Ranking
from services.matching.room import Room
from services.matching.scoring import Standing, weights
from services.matching.state import Wanted
from yuqiao.contracts.values import TO_ALL

MANY = 1_000_000
HASHES = 2**128
BY_TURN = attrgetter("turn")
Asking = tuple[int, Wanted, int]
"""A need's turn, the need, and the products that suit it."""


def turn_of(suiting: int, hashed: int) -> int:
    """When it is a need's turn among equals: the sooner, the fewer products suit it; then as a hash says.

    Who can go elsewhere leaves the place to who cannot: so fewer stay without, and no order of arrival decides.
    """
    return suiting * HASHES + hashed


class Pick(NamedTuple):
    """A product chosen for a need: its slot, the level of the pair, and whether every condition is known to hold."""

    slot: int
    level: int
    sure: bool


class Choice(NamedTuple):
    """What became of a need: products; or no room under the quotas; or nothing suits (both false).

    Both, for a need that goes to all: some of its banks have no room. `standings`: what had been learnt of each bank.
    """

    wanted: Wanted
    picks: tuple[Pick, ...]
    no_room: bool
    standings: Mapping[str, Standing]


class Seeker:
    """A need in a round. `suits`: the products that it may still take, none once it has enough."""

    __slots__ = ("_suited", "party", "picks", "places", "suits", "turn", "wanted")

    def __init__(self, asking: Asking, party: "Party", room: Room) -> None:
        """`party`: the needs to which products are worth the same."""
        self.turn, self.wanted, suits = asking
        self._suited, self.suits = suits, suits & room.open
        self.party, self.picks, self.places = party, tuple[Pick, ...](), _places_of(self.wanted)

    def take(self, equals: int, room: Room) -> None:
        """As many of these as there are places, one of each bank, the banks in turn."""
        catalogue, party = room.catalogue, self.party
        for slot in catalogue.in_turn(equals, self.turn % HASHES):
            self.picks += (Pick(slot, party.level, sure=not party.unsure >> slot & 1),)
            room.take(slot)
            if len(self.picks) == self.places:
                self.suits = 0
                party.wanting -= 1
                return
            self.suits = without(self.suits, catalogue.of_bank(catalogue.terms(slot).bank))

    def choice(self, catalogue: Catalogue) -> Choice:
        """What became of it."""
        to_all = self.picks and self.wanted.routing.mode in TO_ALL
        no_room = self._lacks_a_bank(catalogue) if to_all else self._suited != 0 and not self.picks
        return Choice(self.wanted, self.picks, no_room, self.party.ranking.banks)

    def _lacks_a_bank(self, catalogue: Catalogue) -> bool:
        """Whether a bank suits and had no room."""
        asked = [catalogue.of_bank(catalogue.terms(pick.slot).bank) for pick in self.picks]
        return without(self._suited, reduce(or_, asked)) != 0


def _places_of(wanted: Wanted) -> int:
    """How many offers the routing mode asks for; a named list names them all, and no other bank suits."""
    if wanted.routing.mode in TO_ALL:
        return MANY
    return 1 if wanted.routing.mode == "single" else wanted.places


class Party:
    """Needs of a round to which every product is worth the same, in turn; `wanting`: how many of them have places left.

    Their next level is `level`, of the products `equals`; with what they gain by waiting it is their `worth`.
    """

    __slots__ = ("_bonus", "_left", "_seekers", "equals", "level", "ranking", "unsure", "wanting", "worth")

    def __init__(self, asking: list[Asking], ranking: Ranking, unsure: int, room: Room) -> None:
        """`ranking`: of their segment; `unsure`: the products with a condition that they leave unknown."""
        self.ranking, self.unsure = ranking, unsure
        # made one after another, so that a level finds them side by side in memory: three times faster
        self._seekers = [Seeker(one, self, room) for one in sorted(asking, key=itemgetter(0))]
        self.wanting = len(asking)
        self._left = reduce(or_, [seeker.suits for seeker in self._seekers])
        self._bonus = asking[0][1].waited * weights().waited
        self.level = self.equals = self.worth = 0

    def look(self, room: Room) -> bool:
        """Find the best that is still to be had; False if there is nothing, or nobody wants more."""
        left = self._left & room.open
        if not (left and self.wanting):
            return False
        unsure = left & self.unsure
        self.level, self.equals = self.ranking.best(left ^ unsure, unsure)
        self._left, self.worth = left ^ self.equals, self.level + self._bonus
        return True

    def suited(self) -> list[Seeker]:
        """Those whom some of the equals suit."""
        equals = self.equals
        return [seeker for seeker in self._seekers if seeker.suits & equals]

    def end(self) -> list[Seeker]:
        """All of them, who leave: they know their party, and a circle would wait for the garbage collector."""
        seekers, self._seekers = self._seekers, []
        return seekers
