"""matching over HTTP, for the operator: a round now, the catalogue, why a need was matched as it was."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request

from services.matching.handlers import Decision
from services.matching.messages import ROUND, RunRound
from services.matching.notes import RestEnded
from services.matching.state import Candidate
from services.matching.store import Q
from yuqiao.contracts.base import Event, event_type
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting
from yuqiao.runtime.gateway import Gateway
from yuqiao.runtime.http import require_operator
from yuqiao.runtime.messages import Refused

DECISIONS = [NeedMatched.wire_type, NeedUnmatched.wire_type, NeedWaiting.wire_type]
NUMBERS: dict[type[Event], str] = {
    NeedMatched: "matched",
    NeedWaiting: "waiting",
    NeedUnmatched: "unmatched",
    RestEnded: "rest_ended",
}
"""What became of a need in a round."""


def numbers_of(events: Iterable[Event]) -> dict[str, int]:
    """How many needs became what: each counts once, by what was decided first; one that goes to banks may wait for others."""
    became: dict[str, type[Event]] = {}
    for event in events:
        if isinstance(event, Decision):
            became.setdefault(event.need, type(event))
    found = Counter(became.values())
    return {name: found[kind] for kind, name in NUMBERS.items()}


def routes(gateway: Gateway) -> APIRouter:
    """POST /rounds, GET /products, GET /needs/{need}/match."""
    router = APIRouter()

    @router.post("/rounds")
    async def run_round(request: Request) -> dict[str, int]:
        require_operator(request, gateway.settings)
        outcome = await gateway.submit(RunRound(id=str(uuid4())))
        return numbers_of(outcome.events)

    @router.get("/products")
    async def products(request: Request) -> list[dict[str, Any]]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            rows = await conn.fetch(Q.listed_products)
        return [ProductPublished.model_validate_json(r["body"]).model_dump(mode="json") for r in rows]

    @router.get("/needs/{need}/match")
    async def match(need: str, request: Request) -> dict[str, Any]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            body = await conn.fetchval(Q.need_by_id, need)
            if body is None:
                raise Refused("not_found", f"没有需求 {need[:40]}", 404)
            candidate = Candidate.model_validate_json(body)
            row = await conn.fetchrow(Q.last_decision, [candidate.enterprise, ROUND], DECISIONS, need)
        kind = event_type(row["type"]) if row else None
        decision = kind.from_json(row["body"].encode()).model_dump(mode="json") if kind and row else None
        return {"need": need, "status": candidate.status, "round": candidate.round, "decision": decision}

    return router
