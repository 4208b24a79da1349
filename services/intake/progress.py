"""What an enterprise is shown of its need's case, after one more step. Events of two streams: either may be the first."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.intake.notes import DisputeAnswered, LenderAwaited, OffersNoted, ProgressNoted
from services.intake.shelves import OfferProgress, Progress, Word
from yuqiao.contracts.needs import EnterpriseConfirmed, EnterprisesWord, IdentitySealed, LenderSealed

ENDED = frozenset({"declined", "expired", "closed", "disbursed"})


def offered(before: Progress, step: OffersNoted) -> Progress:
    """The need has gone to banks. A bank that has been faster than this news keeps its stage."""
    offers = {
        offer: OfferProgress(offer=offer, bank=bank, stage="offered", reached=("offered",))
        for offer, bank in step.offers.items()
    } | {o.offer: o for o in before.offers}
    if step.measures is not None:
        before = before.but(measures=tuple(dict.fromkeys((*(before.measures or ()), *step.measures))))
    if before.outcome or _stage(offers.values()) != "offered":
        return before.but(offers=tuple(offers.values()))
    return _after(before, offers, _waiting(step, on="bank", until=step.due_at))


def disclosed(before: Progress, step: IdentitySealed) -> Progress:
    """A bank accepted, and knows the enterprise now: it has to call."""
    offers = {o.offer: o for o in before.offers}
    offers[step.offer] = _moved(offers.get(step.offer), step.offer, step.bank, "accepted", "disclosed")
    return _after(before, offers, _waiting(step, on="bank", until=step.contact_by))


def asked(before: Progress, step: LenderSealed) -> Progress:
    """The enterprise's lender is asked what it owes: no offer of the need, whose stage stays."""
    offers = {o.offer: o for o in before.offers}
    offers[step.offer] = _moved(None, step.offer, step.bank, "asked")
    return before.but(offers=tuple(offers.values()), at=step.at)


def untold(before: Progress, step: LenderAwaited) -> Progress:
    """The lender is not asked yet."""
    return before.but(offers=tuple(o for o in before.offers if o.offer != step.offer))


def advanced(before: Progress, step: ProgressNoted) -> Progress:
    """The case, or one bank's part in it, reached a stage."""
    change = _waiting(step, on=step.wait_on, until=step.due_at)
    if step.stage:
        change |= {"stage": step.stage, "outcome": step.outcome}
    if not (step.offer and step.bank and step.offer_stage):
        return before.but(**change)
    offers = {o.offer: o for o in before.offers}
    moved = _moved(offers.get(step.offer), step.offer, step.bank, step.offer_stage)
    amount = step.amount_cny or moved.amount_cny
    offers[step.offer] = moved.but(reason=step.reason, amount_cny=amount)
    return _after(before, offers, change)


def answered(before: Progress, step: EnterprisesWord) -> Progress:
    """The enterprise's word on what a bank reported, in the place of an earlier one. The case stays where it is."""
    word = Word(statement=step.statement, agreed=isinstance(step, EnterpriseConfirmed), at=step.at)
    return _said(before, step.offer, word)


def dispute_answered(before: Progress, step: DisputeAnswered) -> Progress:
    """The office's answer to what the enterprise disputes."""
    part = before.part(step.offer)
    word = part.word(step.statement) if part else None
    if word is None:
        return before
    told = word.but(answered_at=step.at, resolution=step.resolution, answer=step.answer)
    return _said(before, step.offer, told).but(at=step.at)


def _said(before: Progress, offer: str, word: Word) -> Progress:
    """One word of the enterprise's about a bank's part, in the place of an earlier one."""

    def now(one: OfferProgress) -> OfferProgress:
        if one.offer != offer:
            return one
        return one.but(words=(*(w for w in one.words if w.statement != word.statement), word))

    return before.but(offers=tuple(now(o) for o in before.offers))


def _waiting(
    step: OffersNoted | IdentitySealed | ProgressNoted, on: str | None, until: datetime | None
) -> dict[str, Any]:
    return {"at": step.at, "wait_on": on, "due_at": until, "provisional": step.provisional}


def _moved(before: OfferProgress | None, offer: str, bank: str, *stages: str) -> OfferProgress:
    reached = tuple(dict.fromkeys((*(before.reached if before else ()), *stages)))
    if before:
        return before.but(stage=stages[-1], reached=reached)
    return OfferProgress(offer=offer, bank=bank, stage=stages[-1], reached=reached)


def _after(before: Progress, offers: dict[str, OfferProgress], change: dict[str, Any]) -> Progress:
    """The offers as they are now; the case's stage follows from them, unless it is told or the case is over."""
    if "stage" not in change and not before.outcome:
        change["stage"] = _stage(offers.values())
    return before.but(offers=tuple(offers.values()), **change)


def _stage(offers: Iterable[OfferProgress]) -> str:
    stages = {o.stage for o in offers} - {"asked"}
    if stages - ENDED - {"offered"}:
        return "in_process"
    return "offered" if "offered" in stages else "waiting"
