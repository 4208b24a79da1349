"""Which banks see which needs: a round of any number of needs. Pure, and the same whatever the order of arrival.

Both sides rank a pair by the same worth, a need's levels raised by its waiting. So deferred acceptance needs no
rejection: going down the levels, whoever meets first stays together, and that is the one stable assignment. No need and
no product with room would both rather have each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import chain
from operator import itemgetter, or_

from services.matching.bitmaps import without
from services.matching.catalogue import Catalogue, hashed
from services.matching.room import Room
from services.matching.scoring import segment_of
from services.matching.seekers import BY_TURN, Asking, Choice, Party, turn_of
from services.matching.state import Learnt, Wanted


def sought(wanted: Wanted, catalogue: Catalogue) -> int:
    """The products of banks that may see the need: not asked before, and in a named list those it names."""
    return _sought(wanted, catalogue, catalogue.index.listed.value)


def named(wanted: Wanted, catalogue: Catalogue, products: int) -> int:
    """Of these products, those of the banks that a named list names; in any other all."""
    if wanted.routing.mode != "named":
        return products
    return products & reduce(or_, [catalogue.of_bank(bank) for bank in wanted.routing.banks], 0)


def not_asked(wanted: Wanted, catalogue: Catalogue, products: int) -> int:
    """Of these products, those of banks that were not asked before."""
    for bank in wanted.exclude:
        products = without(products, catalogue.of_bank(bank))
    return products


def _sought(wanted: Wanted, catalogue: Catalogue, products: int) -> int:
    return not_asked(wanted, catalogue, named(wanted, catalogue, products))


def addressed(wanted: Wanted, room: Room) -> int:
    """Those of them that are offered: their bank is switched on, their total quota not used up."""
    return _sought(wanted, room.catalogue, room.offered)


def assign(wanted: Iterable[Wanted], room: Room, learnt: Mapping[str, Learnt]) -> list[Choice]:
    """All needs meet all products with room, which is taken. The choices come in an order that arrival does not decide."""
    parties = list(_parties(wanted, room, learnt))
    levels: dict[int, list[Party]] = {}
    _queue(levels, parties, room)
    while levels:
        here = levels.pop(max(levels))
        for seeker in sorted(chain.from_iterable([party.suited() for party in here]), key=BY_TURN):
            equals = seeker.suits & seeker.party.equals & room.open
            if equals:
                seeker.take(equals, room)
        _queue(levels, here, room)
    return [seeker.choice(room.catalogue) for party in parties for seeker in party.end()]


def _queue(levels: dict[int, list[Party]], parties: Iterable[Party], room: Room) -> None:
    for party in parties:
        if party.look(room):
            levels.setdefault(party.worth, []).append(party)


def _parties(wanted: Iterable[Wanted], room: Room, learnt: Mapping[str, Learnt]) -> Iterator[Party]:
    """The needs by all that decides what products are worth to them, in the order of that."""
    catalogue, index, day = room.catalogue, room.catalogue.index, str(room.day)
    alike: dict[tuple[str, str, bool, tuple[str, ...], int], list[Asking]] = {}
    for one in wanted:
        facts = one.facts
        suits = index.suiting(facts, room.day) & addressed(one, room)
        turn = turn_of((suits & room.open).bit_count(), hashed(day, one.need))
        kind = facts.kind, facts.size_class, facts.first_loan is True, index.unknown(facts), one.waited
        alike.setdefault(kind, []).append((turn, one, suits))
    for (*_, unknown, _), asking in sorted(alike.items(), key=itemgetter(0)):
        facts = asking[0][1].facts
        ranking = catalogue.ranking(segment_of(facts), learnt, room.day)
        yield Party(asking, ranking, index.unsure(unknown), room)
