"""The best that any assignment could do: a round as a min-cost flow, solved by OR-tools."""

import time
from array import array
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from deploy.bench.result import Void
from services.matching.bitmaps import slots_of
from services.matching.domain import addressed
from services.matching.room import Room
from services.matching.scoring import segment_of, unsure_costs
from services.matching.state import Learnt, Wanted

BEST = 100
"""No level is higher. A place that stays empty costs as much as the best offer would bring."""
SINK = 0


class Optimum(NamedTuple):
    """The highest sum of levels under the quotas, with how many offers, and the solver's seconds."""

    total: int
    offers: int
    seconds: float


class Flow:
    """Arcs of a network, kept as columns."""

    def __init__(self) -> None:
        """Only the sink."""
        self.nodes = 1
        self.tails, self.heads, self.room, self.costs = array("i"), array("i"), array("q"), array("q")

    def node(self) -> int:
        """A new node."""
        self.nodes += 1
        return self.nodes - 1

    def arc(self, tail: int, head: int, room: int, cost: int = 0) -> int:
        """So much may flow from one node to another, at a cost each."""
        for column, value in zip(
            (self.tails, self.heads, self.room, self.costs), (tail, head, room, cost), strict=True
        ):
            column.append(value)
        return len(self.tails) - 1


def optimum(wanted: Sequence[Wanted], room: Room, learnt: Mapping[str, Learnt]) -> Optimum:
    """Of all assignments that keep what a round keeps, the one with the highest sum of levels. Raises Void.

    A need has `places` and at most one offer of a bank; a product and a bank have their quotas; a place may stay empty.
    Nobody's turn, waiting or envy counts: a round cannot be better.
    """
    flow, catalogue = Flow(), room.catalogue
    banks = {name: flow.node() for name in catalogue.banks}
    products: dict[int, int] = {}
    for name, node in banks.items():
        flow.arc(node, SINK, catalogue.banks[name].daily_quota)
        for slot in slots_of(catalogue.of_bank(name) & room.open):
            products[slot] = flow.node()
            flow.arc(products[slot], node, catalogue.terms(slot).daily_quota)
    empty = [_add(one, room, learnt, flow, products) for one in wanted]
    began = time.perf_counter()
    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(flow.tails, flow.heads, flow.room, flow.costs)
    for one, arc in zip(wanted, empty, strict=True):
        solver.set_node_supply(flow.tails[arc], one.places)
    places = sum(one.places for one in wanted)
    solver.set_node_supply(SINK, -places)
    if solver.solve() != solver.OPTIMAL:
        raise Void("the flow has no optimum")
    offers = places - sum(solver.flow(arc) for arc in empty)
    return Optimum(BEST * places - solver.optimal_cost(), offers, time.perf_counter() - began)


def _add(one: Wanted, room: Room, learnt: Mapping[str, Learnt], flow: Flow, products: Mapping[int, int]) -> int:
    """A need's node and arcs; gives the arc of its empty places."""
    catalogue, index = room.catalogue, room.catalogue.index
    suiting = index.suiting(one.facts, room.day) & addressed(one, room) & room.open
    unsure = index.unsure(index.unknown(one.facts))
    ranking = catalogue.ranking(segment_of(one.facts), learnt, room.day)
    need = flow.node()
    slots = sorted(slots_of(suiting), key=lambda slot: catalogue.terms(slot).bank)
    for _, of_bank in groupby(slots, key=lambda slot: catalogue.terms(slot).bank):
        bank = flow.node()
        flow.arc(need, bank, 1)
        for slot in of_bank:
            level = ranking.level(slot) - (unsure >> slot & 1) * unsure_costs()
            flow.arc(bank, products[slot], 1, BEST - level)
    return flow.arc(need, SINK, one.places, BEST)
