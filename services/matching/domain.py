"""Which banks see which needs: a round of any number of needs. Pure, and the same whatever the order of arrival.

Both sides rank a pair by the same worth, a need's levels raised by its waiting. So deferred acceptance needs no
rejection: going down the levels, whoever meets first stays together, and that is the one stable assignment. No need and
no product with room would both rather have each other.
"""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import NamedTuple

from services.matching.catalogue import Catalogue, Ranking, hashed
from services.matching.room import Room
from services.matching.scoring import Segment, Standing, segment_of, weights
from services.matching.state import Learnt, Wanted

MANY = 1_000_000
BY_TURN = attrgetter("turn")
"""Needs in an order that arrival does not decide, another one every day."""


class Pick(NamedTuple):
    """A product chosen for a need: its slot, the level of the pair, and whether every condition is known to hold."""

    slot: int
    level: int
    sure: bool


class Choice(NamedTuple):
    """What became of a need: products; or no room under the quotas; or nothing suits (both false).

    `standings`: what had been learnt of each bank before such needs.
    """

    wanted: Wanted
    picks: tuple[Pick, ...]
    no_room: bool
    standings: Mapping[str, Standing]


def places_of(wanted: Wanted) -> int:
    """How many offers the routing mode asks for."""
    if wanted.routing.mode == "broadcast":
        return MANY
    return 1 if wanted.routing.mode == "single" else wanted.places


def sought(wanted: Wanted, catalogue: Catalogue) -> int:
    """The products of banks that may see the need: not asked before, and in a named list those it names."""
    found = catalogue.index.listed.value
    if wanted.routing.mode == "named":
        found = 0
        for bank in wanted.routing.banks:
            found |= catalogue.of_bank(bank)
    for bank in wanted.exclude:
        found &= ~catalogue.of_bank(bank)
    return found


def addressed(wanted: Wanted, room: Room) -> int:
    """Those of them that are offered: their bank is switched on, their total quota not used up."""
    return sought(wanted, room.catalogue) & room.catalogue.live & ~room.spent


class Seeker:
    """A need in a round, on its way down the levels. What it would take next is `equals`, each of them worth `worth`."""

    __slots__ = (
        "_at",
        "_bonus",
        "_steps",
        "equals",
        "picks",
        "places",
        "standings",
        "suited",
        "sure",
        "turn",
        "unsure",
        "wanted",
        "worth",
    )

    def __init__(self, wanted: Wanted, room: Room, ranking: Ranking) -> None:
        """`ranking`: of its segment."""
        index = room.catalogue.index
        suiting = index.suiting(wanted.facts, room.day) & addressed(wanted, room)
        self.unsure = suiting & index.unsure(wanted.facts)
        self.sure = suiting & ~self.unsure
        self.suited = suiting != 0
        self.wanted, self.places, self.picks = wanted, places_of(wanted), list[Pick]()
        self.turn = hashed(room.day, wanted.need)
        self.standings = ranking.banks
        self._steps, self._at, self._bonus = ranking.steps(), 0, wanted.waited * weights().waited
        self.equals, self.worth = 0, 0

    def look(self, room: Room) -> bool:
        """Find the best that is still to be had; False if there is nothing, or nothing more is wanted."""
        if len(self.picks) == self.places:
            return False
        sure, unsure = self.sure & room.open, self.unsure & room.open
        if not (sure or unsure):
            return False
        for at in range(self._at, len(self._steps)):
            level, of_sure, of_unsure = self._steps[at]
            equals = of_sure & sure | of_unsure & unsure
            if equals:
                self._at, self.equals, self.worth = at, equals, level + self._bonus
                return True
        return False

    def take(self, room: Room) -> None:
        """As many of the equals as there are places, one of each bank, the banks in turn."""
        equals = self.equals & room.open
        for of_bank in room.catalogue.in_turn(self.turn):
            mine = equals & of_bank
            if mine:
                slot = room.catalogue.first_of(mine)
                self.picks.append(Pick(slot, self.worth - self._bonus, sure=bool(self.sure >> slot & 1)))
                room.take(slot)
                equals &= ~of_bank
                self.sure &= ~of_bank
                self.unsure &= ~of_bank
                if not equals or len(self.picks) == self.places:
                    return

    def choice(self) -> Choice:
        """What became of it."""
        return Choice(self.wanted, tuple(self.picks), self.suited and not self.picks, self.standings)


def assign(wanted: Iterable[Wanted], room: Room, learnt: Mapping[str, Learnt]) -> list[Choice]:
    """All needs meet all products with room, which is taken. The choices come in an order that arrival does not decide."""
    rankings: dict[Segment, Ranking] = {}
    seekers, levels = [], dict[int, list[Seeker]]()
    for one in wanted:
        segment = segment_of(one.facts)
        if segment not in rankings:
            rankings[segment] = room.catalogue.ranking(segment, learnt, room.day)
        seekers.append(Seeker(one, room, rankings[segment]))
    seekers.sort(key=BY_TURN)
    _queue(levels, seekers, room)
    while levels:
        waiting = sorted(levels.pop(max(levels)), key=BY_TURN)
        for seeker in waiting:
            if seeker.equals & room.open:
                seeker.take(room)
        _queue(levels, waiting, room)
    return [seeker.choice() for seeker in seekers]


def _queue(levels: dict[int, list[Seeker]], seekers: Iterable[Seeker], room: Room) -> None:
    for seeker in seekers:
        if seeker.look(room):
            levels.setdefault(seeker.worth, []).append(seeker)
