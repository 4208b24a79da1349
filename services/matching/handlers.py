"""What matching does on each event, deadline and command."""

from collections.abc import Iterable, Iterator

from services.matching import products, reasons
from services.matching.book import MatchingBook
from services.matching.domain import assign
from services.matching.messages import ROUND, RoundDue, RunRound
from services.matching.nearest import nearest
from services.matching.notes import (
    AnswerNoted,
    BankNoted,
    NeedDropped,
    NeedNoted,
    ProductTaken,
    ReofferNoted,
    RestEnded,
    RoundAsked,
    RoundHeld,
)
from services.matching.room import Room
from services.matching.scoring import segment_of
from services.matching.seekers import Choice
from services.matching.snapshot import anonymous, measures_for
from services.matching.state import Candidate
from yuqiao.contracts.banks import BankDisabled, BankRegisterEvent
from yuqiao.contracts.cases import CaseResolved, OfferAccepted, OfferDeclined, OfferExpired, ReofferRequested
from yuqiao.contracts.from_bank import ProductPublished, ProductWithdrawn
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting, ProductListed, ProductRefused
from yuqiao.contracts.needs import NeedRegistered, NeedRevised, NeedWithdrawn
from yuqiao.contracts.problems import MOST_REASONS
from yuqiao.contracts.values import Reason
from yuqiao.runtime.messages import BadRecord, HeldTooLong, Hold, Moment, Out

Decision = NeedMatched | NeedWaiting | NeedUnmatched | RestEnded


def on_need_registered(book: MatchingBook, need: NeedRegistered, at: Moment) -> Iterator[Out]:
    """A live need is a round of one; a listed one waits for the next round."""
    if need.need in book.needs:
        return
    noted = NeedNoted(at=at.now, enterprise=need.enterprise, need=need.need, facts=need.facts, routing=need.routing)
    yield noted
    candidate = Candidate(
        need=need.need, enterprise=need.enterprise, facts=need.facts, routing=need.routing, places=need.routing.places
    )
    if need.batched:
        yield _waiting(book, candidate, "next_round", at)
    else:
        yield from _round(book, [candidate], at)


def on_need_revised(book: MatchingBook, revised: NeedRevised, at: Moment) -> Iterator[Out]:
    """What is stated anew counts from now on; a need without a bank tries again."""
    candidate = book.needs.get(revised.need)
    if candidate is None or candidate.status == "dropped":
        return
    yield NeedNoted(
        at=at.now, enterprise=revised.enterprise, need=revised.need, facts=revised.facts, routing=candidate.routing
    )
    if candidate.status == "unmatched":
        yield _waiting(book, candidate, "next_round", at)


def on_reoffer_requested(book: MatchingBook, request: ReofferRequested, at: Moment) -> Iterator[Out]:
    """Offered on in the next round, so that who asks first has no advantage."""
    candidate = book.needs.get(request.need)
    if candidate is None or candidate.status == "dropped" or (candidate.status == "waiting" and not candidate.rest):
        return
    yield ReofferNoted(
        at=at.now, enterprise=request.enterprise, need=request.need, exclude=request.exclude, places=request.places
    )
    yield _waiting(book, candidate, "next_round", at)


def on_offer_answered(
    book: MatchingBook, answer: OfferAccepted | OfferDeclined | OfferExpired, at: Moment
) -> Iterator[Out]:
    """How a bank first answers such needs, and how fast, is learnt; what it does later is not asked here."""
    candidate = book.needs.get(answer.need)
    asked_at = candidate.asked_at.get(answer.bank) if candidate else None
    if candidate is None or asked_at is None or not (isinstance(answer, OfferAccepted) or answer.stage == "offered"):
        return
    yield AnswerNoted(
        at=at.now,
        bank=answer.bank,
        segment=segment_of(candidate.facts).learnt_as,
        accepted=isinstance(answer, OfferAccepted),
        hours=book.calendar.working_hours_between(asked_at, answer.at),
    )


def on_need_ended(book: MatchingBook, ended: NeedWithdrawn | CaseResolved, at: Moment) -> Iterator[Out]:
    """A need that is withdrawn or whose case is resolved looks for banks no more."""
    candidate = book.needs.get(ended.need)
    if candidate and candidate.status != "dropped":
        reason = ended.reason if isinstance(ended, NeedWithdrawn) else ended.outcome
        yield NeedDropped(at=at.now, enterprise=ended.enterprise, need=ended.need, reason=reason)


def on_round_due(book: MatchingBook, due: RoundDue, at: Moment) -> Iterator[Out]:
    """All waiting needs meet all banks with room at once, in an order that arrival does not decide."""
    waiting = [c for c in book.needs if c.status == "waiting"]
    if due.number is None:
        yield from _round(book, [c for c in waiting if c.retry_on is not None and c.retry_on <= at.day], at)
    elif due.number > book.rounds[ROUND].held:
        yield RoundHeld(at=at.now, number=due.number)
        matched = set()
        for event in _round(book, [c for c in waiting if c.reason == "no_room" or c.rest], at):
            if isinstance(event, NeedMatched):
                matched.add(event.need)
            if event.need in matched:  # the others wait on as they did
                yield event


def on_run_round(book: MatchingBook, command: RunRound, at: Moment) -> Iterator[Out]:
    """The same at once, for everything that waits."""
    yield from _round(book, [c for c in book.needs if c.status == "waiting"], at)


def _round(book: MatchingBook, waiting: Iterable[Candidate], at: Moment) -> Iterator[Decision]:
    by_need = {c.need: c for c in waiting}
    room = book.room(at.day)
    for choice in assign([c.wanted() for c in by_need.values()], room, dict(book.learnt.items())):
        yield from _tell(book, by_need[choice.wanted.need], choice, room, at)


def _tell(book: MatchingBook, candidate: Candidate, choice: Choice, room: Room, at: Moment) -> Iterator[Decision]:
    if choice.picks:
        yield NeedMatched(
            at=at.now,
            enterprise=candidate.enterprise,
            need=candidate.need,
            round=candidate.round + 1,
            mode=candidate.routing.mode,
            offers=reasons.offers(choice, room),
            measures=measures_for(candidate.facts),
            snapshot=anonymous(candidate.facts),
        )
    if choice.no_room:
        after = candidate.but(round=candidate.round + bool(choice.picks))
        yield _waiting(book, after, "rest_no_room" if choice.picks or candidate.rest else "no_room", at)
    elif candidate.rest and not choice.picks:
        yield RestEnded(at=at.now, enterprise=candidate.enterprise, need=candidate.need)
    elif not choice.picks:
        yield NeedUnmatched(
            at=at.now,
            enterprise=candidate.enterprise,
            need=candidate.need,
            round=candidate.round + 1,
            reasons=(reasons.no_bank(choice.wanted, room),),
            nearest=nearest(choice.wanted, room),
        )


def _waiting(book: MatchingBook, candidate: Candidate, reason: str, at: Moment) -> NeedWaiting:
    retry_on = book.calendar.add_working_days(at.day, 1).due
    return NeedWaiting(
        at=at.now,
        enterprise=candidate.enterprise,
        need=candidate.need,
        round=candidate.round,
        reason=reason,
        retry_on=retry_on,
        reasons=reasons.no_room(reason, retry_on),
    )


def on_bank(book: MatchingBook, bank: BankRegisterEvent, at: Moment) -> Iterator[Out]:
    """The register's entry is kept."""
    enabled = not isinstance(bank, BankDisabled)
    before = book.catalogue.banks.get(bank.bank)
    yield BankNoted(at=at.now, bank=bank.bank, daily_quota=bank.daily_quota, enabled=enabled)
    if before and enabled and bank.daily_quota > (before.daily_quota if before.enabled else 0):
        yield from _ask_for_round(book, at)


def _ask_for_round(book: MatchingBook, at: Moment) -> Iterator[Out]:
    """Room may have come: one round out of turn, however many products come before it is held."""
    rounds = book.rounds.get(ROUND)
    if rounds is None or rounds.asked == rounds.held:
        yield RoundAsked(at=at.now, number=rounds.asked + 1 if rounds else 1)


def on_product_published(book: MatchingBook, product: ProductPublished, at: Moment) -> Iterator[Out]:
    """A usable product is listed; another is refused, naming each condition that is wrong."""
    topic_bank = at.cause.bank or product.bank
    if topic_bank not in book.catalogue.banks:
        yield Hold(f"bank:{topic_bank}")
        return
    wrong = products.faults(product, topic_bank, at.day)
    if wrong:
        yield _refused(topic_bank, product.product, wrong, at)
        return
    before = book.catalogue.product(f"{topic_bank}/{product.product}")
    unchanged = before is not None and before.but(at=product.at) == product
    if not unchanged:
        yield ProductTaken(at=at.now, bank=topic_bank, product=product)
        if product.daily_quota:
            yield from _ask_for_round(book, at)
    yield _listed(topic_bank, product.product, "unchanged" if unchanged else "published", at)


def on_product_withdrawn(book: MatchingBook, product: ProductWithdrawn, at: Moment) -> Iterator[Out]:
    """The product is offered no more."""
    bank = at.cause.bank or product.bank
    if book.catalogue.product(f"{bank}/{product.product}"):
        yield _listed(bank, product.product, "withdrawn", at)
    else:
        text = f"没有产品 {product.product}"
        yield _refused(
            bank, product.product, (Reason(code="unknown_product", values={"field": "product"}, text=text),), at
        )


def on_bad_record(book: MatchingBook, bad: BadRecord, at: Moment) -> Iterator[Out]:
    """What cannot be read is refused; of a product, together with what is wrong with the fields that can be read."""
    wrong = bad.reasons
    if bad.readable and bad.record_type == ProductPublished.wire_type:
        wrong += products.faults_of_readable(bad.readable, bad.bank, at.day)
    yield _refused(bad.bank, bad.readable.get("product"), wrong[:MOST_REASONS], at)


def on_held_too_long(book: MatchingBook, held: HeldTooLong, at: Moment) -> Iterator[Out]:
    """A product of a bank that nobody registered."""
    if isinstance(held.message, ProductPublished):
        bank = at.cause.bank or held.message.bank
        text = f"银行 {bank} 尚未登记"
        yield _refused(
            bank, held.message.product, (Reason(code="bank_unknown", values={"field": "bank"}, text=text),), at
        )


def _listed(bank: str, product: str, action: str, at: Moment) -> ProductListed:
    return ProductListed(
        at=at.now, bank=bank, product=product, publication=at.cause.id, place=at.cause.place, action=action
    )


def _refused(bank: str, product: str | None, reasons: tuple[Reason, ...], at: Moment) -> ProductRefused:
    return ProductRefused(
        at=at.now, bank=bank, product=product, publication=at.cause.id, place=at.cause.place, reasons=reasons
    )
