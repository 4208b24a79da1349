"""Which products suit a need, which of them are chosen, and why. Pure: the same input gives the same answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256

from services.matching.terms import Check, Terms, checks
from yuqiao.contracts.values import NeedFacts, Offer, Reason, Routing
from yuqiao.runtime.messages import derived_id

WEIGHTS = {"fit": Decimal("0.5"), "cost": Decimal("0.3"), "first_loan": Decimal("0.1"), "rotation": Decimal("0.1")}
"""What a score is made of; the parts are between 0 and 1."""
DEAREST = Decimal("0.12")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need that looks for banks: `places` more, none of `exclude`. `waited`: how often there was no room."""

    need: str
    facts: NeedFacts
    routing: Routing
    places: int
    exclude: frozenset[str] = frozenset()
    waited: int = 0


@dataclass(frozen=True, slots=True)
class Suited:
    """An eligible product: its score, the conditions that were tried and the parts of the score."""

    terms: Terms
    score: Decimal
    checks: list[Check]
    parts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of a need: offers; or no room under the quotas; or no suitable product at all, with what is missing."""

    offers: tuple[Offer, ...] = ()
    no_room: bool = False
    nearest: tuple[Reason, ...] = ()


@dataclass(slots=True)
class Room:
    """How many more offers may be made today: by product, and by bank over all its products."""

    products: dict[str, int] = field(default_factory=dict)
    banks: dict[str, int] = field(default_factory=dict)

    def has(self, terms: Terms) -> bool:
        """Whether one more offer of this product may be made."""
        return self.products.get(terms.key, 0) > 0 and self.banks.get(terms.bank, 0) > 0

    def take(self, terms: Terms) -> None:
        """One place less."""
        self.products[terms.key] -= 1
        self.banks[terms.bank] -= 1


def hashed(*parts: object) -> int:
    """A number between 0 and 2^32 that depends on nothing but its parts: a fair order that nobody can arrive first in."""
    return int.from_bytes(sha256("/".join(map(str, parts)).encode()).digest()[:4])


def score(found: Sequence[Check], terms: Terms, wanted: Wanted, day: date) -> tuple[Decimal, dict[str, Decimal]]:
    """The score of an eligible product and its parts, each between 0 and 1."""
    known = [c for c in found if c.holds is not None]
    parts = {
        "fit": Decimal(len(known)) / Decimal(max(len(found), 1)),
        "cost": max(Decimal(0), 1 - terms.rate / DEAREST),
        "first_loan": Decimal(bool(wanted.facts.first_loan and terms.first_loan_friendly)),
        "rotation": Decimal(hashed(day, wanted.need, terms.bank)) / Decimal(2**32),
    }
    total = sum((WEIGHTS[name] * value for name, value in parts.items()), Decimal(0))
    return round(total, 4), {name: round(value, 4) for name, value in parts.items()}


def shortlist(wanted: Wanted, catalogue: Iterable[Terms], day: date) -> list[Suited]:
    """The best eligible product of each bank, best first. A bank in `exclude` or outside a named list is left out."""
    best: dict[str, Suited] = {}
    for terms in catalogue:
        if not _addressed(terms.bank, wanted):
            continue
        found = checks(terms, wanted.facts, day)
        if any(c.holds is False for c in found):
            continue
        total, parts = score(found, terms, wanted, day)
        before = best.get(terms.bank)
        if before is None or (total, terms.key) > (before.score, before.terms.key):
            best[terms.bank] = Suited(terms, total, found, parts)
    return sorted(best.values(), key=lambda suited: (-suited.score, suited.terms.key))


def _addressed(bank: str, wanted: Wanted) -> bool:
    if bank in wanted.exclude:
        return False
    return wanted.routing.mode != "named" or bank in wanted.routing.banks


def _offer(wanted: Wanted, suited: Suited) -> Offer:
    terms = suited.terms
    offer = derived_id("offer", wanted.need, terms.bank)  # a bank sees a need at most once, in whatever round
    why = reasons(suited.checks, suited.parts)
    return Offer(offer=offer, bank=terms.bank, product=terms.product, score=suited.score, reasons=why)


def reasons(found: Sequence[Check], parts: Mapping[str, Decimal]) -> tuple[Reason, ...]:
    """The conditions met, those that cannot be judged, and the parts of the score."""
    met = [c.term for c in found if c.holds]
    unknown = [c.term for c in found if c.holds is None]
    out = [
        Reason(
            code="conditions_met",
            values={"codes": " ".join(c.code for c in found if c.holds)},
            text="符合：" + "、".join(met),
        )
    ]
    if unknown:
        codes = " ".join(c.code for c in found if c.holds is None)
        out.append(Reason(code="conditions_unknown", values={"codes": codes}, text="待核实：" + "、".join(unknown)))
    values = {name: str(value) for name, value in parts.items()}
    shown = f"匹配度 {parts['fit']}，成本 {parts['cost']}，首贷 {parts['first_loan']}，轮转 {parts['rotation']}"
    return (*out, Reason(code="score", values=values, text=shown))


def nearest_misses(wanted: Wanted, catalogue: Iterable[Terms], day: date, most: int = 3) -> tuple[Reason, ...]:
    """The products that fail fewest conditions: what would have to change."""
    missed: list[tuple[int, str, list[Check]]] = []
    for terms in catalogue:
        if _addressed(terms.bank, wanted):
            failing = [c for c in checks(terms, wanted.facts, day) if c.holds is False]
            missed.append((len(failing), terms.key, failing))
    return tuple(
        Reason(
            code="would_match_if",
            values={"product": key, "codes": " ".join(c.code for c in failing)},
            text=f"若{'，且'.join(c.change for c in failing)}，则可匹配 {key}",
        )
        for count, key, failing in sorted(missed, key=lambda m: m[:2])[:most]
        if count
    )


def places_of(wanted: Wanted) -> int:
    """How many offers the routing mode asks for."""
    if wanted.routing.mode == "broadcast":
        return 1_000_000
    return 1 if wanted.routing.mode == "single" else wanted.places


def assign(wanted: Iterable[Wanted], catalogue: Sequence[Terms], room: Room, day: date) -> list[tuple[Wanted, Choice]]:
    """All needs meet all products with room, in an order that arrival does not decide: who waited longest comes first."""
    queue = sorted(wanted, key=lambda w: (-w.waited, hashed(day, w.need), w.need))
    return [(need, choose(need, catalogue, room, day)) for need in queue]


def choose(wanted: Wanted, catalogue: Sequence[Terms], room: Room, day: date) -> Choice:
    """The best products with room, which is taken."""
    listed = shortlist(wanted, catalogue, day)
    if not listed:
        return Choice(nearest=nearest_misses(wanted, catalogue, day))
    chosen = [suited for suited in listed if room.has(suited.terms)][: places_of(wanted)]
    for suited in chosen:
        room.take(suited.terms)
    return Choice(offers=tuple(_offer(wanted, suited) for suited in chosen), no_room=not chosen)
