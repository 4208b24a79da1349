"""matching over HTTP, for the operator: a round now, the catalogue, why a need was matched as it was."""

from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request

from services.matching.messages import ROUND, RunRound
from services.matching.state import Candidate
from services.matching.store import Q
from yuqiao.contracts.base import event_type
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting
from yuqiao.runtime.gateway import Gateway
from yuqiao.runtime.http import require_operator
from yuqiao.runtime.messages import Refused

DECISIONS = [NeedMatched.wire_type, NeedUnmatched.wire_type, NeedWaiting.wire_type]


def routes(gateway: Gateway) -> APIRouter:
    """POST /rounds, GET /products, GET /needs/{need}/match."""
    router = APIRouter()

    @router.post("/rounds")
    async def run_round(request: Request) -> dict[str, Any]:
        require_operator(request, gateway.settings)
        outcome = await gateway.submit(RunRound(id=str(uuid4())))
        kinds = [type(e).__name__ for e in outcome.events]
        return {
            "matched": kinds.count("NeedMatched"),
            "waiting": kinds.count("NeedWaiting"),
            "unmatched": kinds.count("NeedUnmatched"),
        }

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
