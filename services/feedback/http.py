"""feedback over HTTP, for the operator: cases with their next deadline, the issue list, the funnel."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Query, Request

from services.feedback.case import LADDER, Case, Issue
from services.feedback.messages import ResolveIssue
from services.feedback.store import Q
from yuqiao.contracts.values import Code, Reason
from yuqiao.policy.states import known_codes, term
from yuqiao.runtime.gateway import Gateway
from yuqiao.runtime.http import require_operator
from yuqiao.runtime.messages import BEIJING, Refused

Resolution = Annotated[Code, Query()]


def routes(gateway: Gateway) -> APIRouter:
    """GET /cases, /cases/{need}, /issues, /funnel; POST /issues/{issue}/resolve."""
    router = APIRouter()

    @router.get("/cases")
    async def cases(
        request: Request, waiting: str | None = None, overdue: bool = False, limit: int = 100
    ) -> list[dict[str, Any]]:
        require_operator(request, gateway.settings)
        if waiting is not None and waiting not in known_codes("party"):
            text = f"可选值：{'、'.join(known_codes('party'))}"
            reason = Reason(code="not_allowed", values={"field": "query.waiting"}, text=text)
            raise Refused("invalid_request", f"waiting 有误，{text}", 422, (reason,))
        until = await gateway.now() if overdue else None
        async with gateway.reading() as conn:
            rows = await conn.fetch(Q.list_cases, waiting, until, max(1, min(limit, 10_000)))
        return [_row(dict(r)) for r in rows]

    @router.get("/cases/{need}")
    async def case(need: str, request: Request) -> dict[str, Any]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            body = await conn.fetchval(Q.case_by_id, need)
            if body is None:
                raise Refused("not_found", f"没有案件 {need[:40]}", 404)
            found = Case.model_validate_json(body)
            timeline = await conn.fetch(Q.timeline, found.enterprise, need)
        return _whole(found, [dict(r) for r in timeline])

    @router.get("/issues")
    async def issues(request: Request, limit: int = 100) -> list[dict[str, Any]]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            rows = await conn.fetch(Q.list_issues, max(1, min(limit, 10_000)))
        return [_issue(json.loads(r["body"])) for r in rows]

    @router.post("/issues/{issue}/resolve")
    async def resolve(issue: str, request: Request, resolution: Resolution = "answered") -> dict[str, Any]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            body = await conn.fetchval(Q.issue_by_id, issue)
        if body is None:
            raise Refused("not_found", f"没有问题 {issue[:40]}", 404)
        found = Issue.model_validate_json(body)
        command = ResolveIssue(id=str(uuid4()), enterprise=found.enterprise, issue=issue, resolution=resolution)
        await gateway.submit(command)
        return {"issue": issue, "resolution": resolution}

    @router.get("/funnel")
    async def funnel(request: Request) -> list[dict[str, Any]]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            return funnel_of([dict(r) for r in await conn.fetch(Q.funnel)])

    return router


def funnel_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """[{stage, term, count, amount_cny}]: how many cases came at least to each stage, then how many ended in each outcome.

    Amounts are what was asked for; for `financed` and `credited` what was lent or granted.
    """
    found = []
    for number, stage in enumerate(LADDER[:-1]):
        further = [r for r in rows if LADDER.index(r["reached"]) >= number]
        amount = sum((Decimal(r["amount_cny"]) for r in further), Decimal("0.00"))
        row = {"stage": stage, "term": term("case_stage" if stage == "registered" else "offer_stage", stage)}
        found.append(row | {"count": sum(r["count"] for r in further), "amount_cny": str(amount)})
    for outcome in sorted({r["outcome"] for r in rows if r["outcome"]}):
        ended = [r for r in rows if r["outcome"] == outcome]
        column = "outcome_cny" if outcome in {"financed", "credited"} else "amount_cny"
        amount = sum((Decimal(r[column] or "0") for r in ended), Decimal("0.00"))
        row = {"stage": outcome, "term": term("case_outcome", outcome), "count": sum(r["count"] for r in ended)}
        found.append(row | {"amount_cny": str(amount)})
    return found


def _row(row: dict[str, Any]) -> dict[str, Any]:
    due_at: datetime | None = row["due_at"]
    row["stage_term"] = term("case_stage", row["stage"])
    row["waiting_on_term"] = term("party", row["waiting_on"]) if row["waiting_on"] else None
    row["due_at"] = due_at.astimezone(BEIJING).isoformat() if due_at else None
    return row


def _issue(issue: dict[str, Any]) -> dict[str, Any]:
    about = "issue_category" if issue["raised_by"] == "bank" else "issue_found"
    terms = {"raised_by": "party", "category": about, "level": "issue_level"}
    return issue | {f"{name}_term": term(kind, issue[name]) for name, kind in terms.items()}


def _whole(case: Case, timeline: list[dict[str, Any]]) -> dict[str, Any]:
    wait = case.next_wait()
    whole = case.model_dump(mode="json")
    whole["stage_term"] = term("case_stage", case.stage)
    whole["outcome_term"] = term("case_outcome", case.outcome) if case.outcome else None
    whole["next_deadline"] = wait.model_dump(mode="json") if wait else None
    whole["waiting_on_term"] = term("party", wait.on) if wait else None
    for offer in whole["offers"].values():
        offer["stage_term"] = term("offer_stage", offer["stage"])
    whole["timeline"] = [
        {"at": r["at"].astimezone(BEIJING).isoformat(), "type": r["type"], "event": json.loads(r["body"])}
        for r in timeline
    ]
    return whole
