"""Why a bank was chosen: the conditions met, those that cannot be judged, and the parts of the score. Or why none was."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from services.matching.catalogue import UNHEARD
from services.matching.domain import sought
from services.matching.room import Room
from services.matching.scoring import WHOLE, Standing, parts, segment_of, standing_of, weights
from services.matching.seekers import Choice, Pick
from services.matching.state import Wanted
from services.matching.terms import Terms, checks
from yuqiao.contracts.values import Offer, Reason
from yuqiao.runtime.messages import derived_id

NAMES = {"fit": "匹配度", "cost": "成本", "acceptance": "受理率", "speed": "时效", "first_loan": "首贷"}
NO_ROOM = {
    "no_room": "符合条件的产品当日额度已用完",
    "rest_no_room": "已推送当日有额度的银行，其余符合条件的银行当日额度已用完",
}


def offers(choice: Choice, room: Room) -> tuple[Offer, ...]:
    """An offer for each product that was picked, best first."""
    return tuple(_offer(choice, pick, room.catalogue.terms(pick.slot), room.day) for pick in choice.picks)


def _offer(choice: Choice, pick: Pick, terms: Terms, day: date) -> Offer:
    return Offer(
        offer=derived_id("offer", choice.wanted.need, terms.bank),  # a bank sees a need at most once, in whatever round
        bank=terms.bank,
        product=terms.product,
        score=Decimal(pick.level) / 100,
        reasons=(*_conditions(choice.wanted, terms, day), _score(choice, pick, terms)),
    )


def _conditions(wanted: Wanted, terms: Terms, day: date) -> list[Reason]:
    found = checks(terms, wanted.facts, day)
    shown = []
    for holds, code, text in ((True, "conditions_met", "符合"), (None, "conditions_unknown", "待核实")):
        these = [check for check in found if check.holds is holds]
        if these:
            values = {"codes": " ".join(check.code for check in these)}
            shown.append(Reason(code=code, values=values, text=f"{text}：" + "、".join(check.term for check in these)))
    return shown


def _score(choice: Choice, pick: Pick, terms: Terms) -> Reason:
    bank = choice.standings.get(terms.bank) or standing_of(UNHEARD)
    return _told(tuple(parts(terms, segment_of(choice.wanted.facts), bank, sure=pick.sure).items()), bank)


@lru_cache(maxsize=4096)
def _told(shares: tuple[tuple[str, int], ...], bank: Standing) -> Reason:
    """The same for all needs that a bank's product is worth the same to."""
    found = dict(shares)
    prior = weights().prior
    values = _as_shares(found) | {
        "answers": str(bank.answered),
        "prior_answers": str(prior.answers),
        "prior_acceptance": str(prior.acceptance),
        "prior_hours": str(prior.hours),
    }
    shown = "，".join(f"{NAMES[name]} {values[name]}" for name in found)
    learnt = f"受理率与时效依据该行 {bank.answered} 次答复及先验（{prior.acceptance}、{prior.hours} 小时，计 {prior.answers} 次）"
    return Reason(code="score", values=values, text=f"{shown}；{learnt}")


def _as_shares(found: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{value / WHOLE:.2f}" for name, value in found.items()}


def no_room(reason: str, retry_on: date) -> tuple[Reason, ...] | None:
    """Why a need waits, and until when; None where it waits for nothing but the next round."""
    text = NO_ROOM.get(reason)
    if text is None:
        return None
    return (Reason(code=reason, values={"retry_on": str(retry_on)}, text=f"{text}，{retry_on} 再次匹配"),)


def no_bank(wanted: Wanted, room: Room) -> Reason:
    """Why nobody sees the need, or nobody any more."""
    catalogue, asked = room.catalogue, sought(wanted, room.catalogue)
    suiting = asked & catalogue.index.suiting(wanted.facts, room.day)
    if wanted.exclude and not suiting:
        text = f"已推送 {len(wanted.exclude)} 家银行，没有其他银行的产品符合条件"
        return Reason(code="no_bank_left", values={"offered": str(len(wanted.exclude))}, text=text)
    if suiting & catalogue.live:
        return Reason(code="quota_spent", text="符合条件的产品总额度已用完")
    if suiting:
        return Reason(code="bank_disabled", text="产品符合条件的银行已停用")
    if not asked and wanted.routing.mode == "named":
        return Reason(code="named_without_product", text="企业指定的银行没有在架产品")
    return Reason(code="no_product", text="没有银行的产品符合该需求的条件")
