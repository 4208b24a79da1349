"""feedback over HTTP, for the operator: cases with their next deadline, the issue list, the funnel."""

import json
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Body, Query, Request

from services.feedback.case import Case, Issue
from services.feedback.encryption import reader
from services.feedback.messages import FinishTask, ResolveIssue
from services.feedback.store import Q
from services.feedback.views import funnel_of, happened, issue_of, row_of, whole_of
from yuqiao.contracts.values import Code, OfficeWords, Reason
from yuqiao.policy.states import known_codes
from yuqiao.runtime.gateway import Gateway
from yuqiao.runtime.http import require_operator
from yuqiao.runtime.messages import Refused

Resolution = Annotated[Code, Query()]
Answer = Annotated[OfficeWords | None, Body(embed=True)]
"""In the body: an address stands in every proxy's log."""
TOLD = frozenset({"bank", "enterprise"})
"""Who is told what became of an issue that it raised: the bank by `issue.answered`, the enterprise on its page."""


def routes(gateway: Gateway) -> APIRouter:
    """GET /cases, /cases/{need}, /issues, /funnel; POST /cases/{need}/tasks/{task}/done, /issues/{issue}/resolve."""
    router = APIRouter()
    _shown(router, gateway)
    _asked(router, gateway)
    return router


def _shown(router: APIRouter, gateway: Gateway) -> None:
    words = reader(gateway.settings.secret.get_secret_value())

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
        return [row_of(dict(r)) for r in rows]

    @router.get("/cases/{need}")
    async def case(need: str, request: Request) -> dict[str, Any]:
        require_operator(request, gateway.settings)
        found = await _case_of(gateway, need)
        async with gateway.reading() as conn:
            timeline = await conn.fetch(Q.timeline, found.enterprise, need)
        return whole_of(found, [happened(r, words) for r in timeline])

    @router.get("/issues")
    async def issues(request: Request, limit: int = 100) -> list[dict[str, Any]]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            rows = await conn.fetch(Q.list_issues, max(1, min(limit, 10_000)))
        return [issue_of(json.loads(r["body"]), words(r["sealed"], r["place"]) if r["place"] else None) for r in rows]

    @router.get("/funnel")
    async def funnel(request: Request) -> list[dict[str, Any]]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            return funnel_of([dict(r) for r in await conn.fetch(Q.funnel)])


def _asked(router: APIRouter, gateway: Gateway) -> None:
    @router.post("/cases/{need}/tasks/{task}/done")
    async def finish(need: str, task: str, request: Request) -> dict[str, Any]:
        require_operator(request, gateway.settings)
        found = await _case_of(gateway, need)
        await gateway.submit(FinishTask(id=str(uuid4()), enterprise=found.enterprise, need=need, task=task))
        return {"need": need, "task": task, "done": True}

    @router.post("/issues/{issue}/resolve")
    async def resolve(
        issue: str, request: Request, resolution: Resolution = "answered", answer: Answer = None
    ) -> dict[str, Any]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            body = await conn.fetchval(Q.issue_by_id, issue)
        if body is None:
            raise Refused("not_found", f"没有问题 {issue[:40]}", 404)
        found = Issue.model_validate_json(body)
        command = ResolveIssue(
            id=str(uuid4()), enterprise=found.enterprise, issue=issue, resolution=resolution, answer=answer
        )
        await gateway.submit(command)
        told = found.raised_by if found.raised_by in TOLD else None
        return {"issue": issue, "resolution": resolution, "answer": answer, "told": told}


async def _case_of(gateway: Gateway, need: str) -> Case:
    async with gateway.reading() as conn:
        body = await conn.fetchval(Q.case_by_id, need)
    if body is None:
        raise Refused("not_found", f"没有案件 {need[:40]}", 404)
    return Case.model_validate_json(body)
