"""The enterprise's own page behind its signed link: progress, reasons, consent for each bank, its word on banks' reports."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel
from uuid_utils import uuid7

from services.intake.bodies import read_body, read_json, understood
from services.intake.commands import ConfirmReport, DisputeReport, GrantConsent, RevokeConsent, WithdrawNeed
from services.intake.domain import Consent, Need, is_live
from services.intake.filing import ANY_BANK
from services.intake.identity import Keys, read_link
from services.intake.requests import GrantBody, RevokeBody, WithdrawBody, WordBody
from services.intake.shelves import Bank, NeedPrivate, OfferProgress, Progress, Word
from services.intake.showing import HEADERS, PageRoute, page
from services.intake.store import Q, need_by_id
from yuqiao.policy import decline_reasons
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.states import term
from yuqiao.runtime.docs import takes
from yuqiao.runtime.gateway import Gateway
from yuqiao.runtime.messages import BEIJING, Command, Refused, derived_id

M = TypeVar("M", bound=BaseModel)
_MOST = 16 * 1024
_USUAL_CONSENT = timedelta(days=180)
_CONFIRMABLE = {"contacted": "已联系", "visited": "已走访", "approved": "已授信", "disbursed": "已放款"}


@dataclass(frozen=True, slots=True)
class View:
    """What is known of one need, today."""

    need: Need
    private: NeedPrivate
    progress: Progress
    consents: dict[str, Consent]
    banks: dict[str, Bank]
    day: date

    def as_json(self) -> dict[str, Any]:
        """The page's content: codes with their terms, amounts in yuan (元) and 万元, times with offset."""
        facts, progress = self.need.facts, self.progress
        return {
            "need": self.need.id,
            "open": self.need.open,
            "enterprise_name": self.private.enterprise_name,
            "kind": facts.kind,
            "kind_term": term("need_kind", facts.kind),
            "amount_cny": str(facts.amount_cny),
            "amount_wan": f"{(facts.amount_cny / 10000).normalize():f}",
            "stated_on": facts.stated_on.isoformat(),
            "stage": progress.stage,
            "stage_term": term("case_stage", progress.stage),
            "outcome": progress.outcome,
            "outcome_term": term("case_outcome", progress.outcome) if progress.outcome else None,
            "waiting_on": progress.wait_on,
            "waiting_on_term": term("party", progress.wait_on) if progress.wait_on else None,
            "due_at": _beijing(progress.due_at),
            "provisional": progress.due_at is not None and (progress.provisional or not _covered(progress.due_at)),
            "updated_at": _beijing(progress.at),
            "consent": self._consent(ANY_BANK),
            "banks": [self._offer(offer) for offer in progress.offers],
        }

    def _consent(self, bank: str) -> dict[str, Any]:
        own = self.consents.get(bank)
        return {
            "live": is_live(self.consents.get, bank, self.day),
            "revoked": own.revoked if own else False,
            "expires_on": own.expires_on.isoformat() if own and own.expires_on else None,
        }

    def _offer(self, offer: OfferProgress) -> dict[str, Any]:
        reason = decline_reasons.reason(offer.reason) if offer.reason else None
        bank = self.banks.get(offer.bank)
        return {
            "offer": offer.offer,
            "bank": offer.bank,
            "bank_name": bank.name if bank else offer.bank,
            "stage": offer.stage,
            "stage_term": term("offer_stage", offer.stage),
            "reason": offer.reason,
            "reason_term": reason.term if reason else None,
            "amount_cny": str(offer.amount_cny) if offer.amount_cny is not None else None,
            "consent": self._consent(offer.bank),
            "reported": [code for code in _CONFIRMABLE if code in offer.reached],
            "answers": {w.statement: _word_shown(w) for w in offer.words},
        }


def _word_shown(word: Word) -> dict[str, Any]:
    """The enterprise's word; `office` is what the office answered to a dispute, None until then."""
    office = None
    if word.answered_at and word.resolution:
        told = {"resolution": word.resolution, "resolution_term": term("issue_resolution", word.resolution)}
        office = told | {"at": _beijing(word.answered_at), "text": word.answer}
    return {"agreed": word.agreed, "at": _beijing(word.at), "office": office}


def _covered(due_at: datetime) -> bool:
    """Whether the day that ends then lies on the calendar; if not, it may turn out later (暂算)."""
    return WorkingCalendar.load().covers((due_at.astimezone(BEIJING) - timedelta(seconds=1)).date())


def _beijing(moment: datetime | None) -> str | None:
    return moment.astimezone(BEIJING).isoformat(timespec="minutes") if moment else None


async def _view(gateway: Gateway, keys: Keys, token: str) -> View:
    day = (await gateway.now()).astimezone(BEIJING).date()
    need_id = read_link(keys, token, day)
    async with gateway.reading() as conn:
        need, private, progress = await need_by_id(conn, need_id)
        consents = await conn.fetch(Q.load_consents, [need.enterprise])
        banks = await conn.fetch(Q.load_banks)
    return View(
        need=need,
        private=private,
        progress=progress,
        consents={c.bank: c for c in (Consent.model_validate_json(r["body"]) for r in consents)},
        banks={r["id"]: Bank.model_validate_json(r["body"]) for r in banks},
        day=day,
    )


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def _answer(request: Request, view: View, token: str) -> Response:
    content = view.as_json()
    if _wants_json(request):
        return JSONResponse(content, headers=HEADERS)
    until = view.day + _USUAL_CONSENT
    return page("enterprise.html", view=content, token=token, any_bank=ANY_BANK, usual_until=until, words=_CONFIRMABLE)


async def _read(request: Request, model: type[M]) -> M:
    """The body, from a form of the page or as JSON."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return understood(model, await read_json(request, _MOST))
    body = (await read_body(request, _MOST)).decode("utf-8", "replace")
    try:
        return understood(model, dict(parse_qsl(body, max_num_fields=10)))
    except ValueError:
        raise Refused("invalid_request", "表单最多 10 项", 422) from None


def routes(gateway: Gateway, keys: Keys) -> APIRouter:
    """The page, and what the enterprise can do there."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/e/{token}")
    async def get_page(request: Request, token: str) -> Response:
        return _answer(request, await _view(gateway, keys, token), token)

    async def back(token: str) -> Response:
        """A form's address, opened by itself, as when a browser opens a closed tab again."""
        return RedirectResponse(f"/e/{token}", 303, HEADERS)

    def add(action: str, model: type[M], command: Callable[[Need, M], Command]) -> None:
        async def post(request: Request, token: str) -> Response:
            view = await _view(gateway, keys, token)
            await gateway.submit(command(view.need, await _read(request, model)))
            if not _wants_json(request):
                return await back(token)
            return _answer(request, await _view(gateway, keys, token), token)

        handler: Callable[..., Awaitable[Response]] = post
        router.add_api_route(
            f"/e/{{token}}/{action}", handler, methods=["POST"], name=action, openapi_extra=takes(model)
        )
        router.add_api_route(f"/e/{{token}}/{action}", back, include_in_schema=False)

    add("withdraw", WithdrawBody, _withdraw)
    add("consent", GrantBody, _grant)
    add("revoke", RevokeBody, _revoke)
    add("confirm", WordBody, _confirm)
    add("dispute", WordBody, _dispute)
    return router


def _withdraw(need: Need, body: WithdrawBody) -> Command:
    return WithdrawNeed(id=derived_id("intake", "withdraw", need.id), enterprise=need.enterprise, need=need.id)


def _grant(need: Need, body: GrantBody) -> Command:
    return GrantConsent(id=str(uuid7()), enterprise=need.enterprise, bank=body.bank, expires_on=body.expires_on)


def _revoke(need: Need, body: RevokeBody) -> Command:
    return RevokeConsent(id=str(uuid7()), enterprise=need.enterprise, bank=body.bank)


def _confirm(need: Need, body: WordBody) -> Command:
    return ConfirmReport(**_word(need, body))


def _dispute(need: Need, body: WordBody) -> Command:
    return DisputeReport(**_word(need, body))


def _word(need: Need, body: WordBody) -> dict[str, Any]:
    """A command of its own each time: a mind may change, and change back. The handlers see what was said already."""
    said = body.model_dump(include={"offer", "statement"})
    return {"id": str(uuid7()), "enterprise": need.enterprise, "need": need.id, **said}
