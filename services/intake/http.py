"""What partners and the operator call: lists, needs, keys. The enterprise's own page is in `pages`."""

import asyncio
from pathlib import PurePath
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from services.intake import pages, report
from services.intake.bodies import read_file, read_json, understood
from services.intake.clients import OPERATOR, Clients
from services.intake.domain import Need
from services.intake.fields import clean
from services.intake.filing import Private
from services.intake.identity import Keys
from services.intake.importing import Upload, import_list
from services.intake.lists import MOST_PLACES
from services.intake.live import Answered, Asked, idempotency_key, page_address, register, remarks, several
from services.intake.requests import ClientBody, NeedBody, NeedsBody
from services.intake.sheet import MOST_BYTES
from services.intake.shelves import NeedPrivate
from services.intake.store import Q, need_by_id
from yuqiao.policy.states import known_codes, term
from yuqiao.runtime.docs import takes
from yuqiao.runtime.gateway import Gateway
from yuqiao.runtime.messages import Refused
from yuqiao.runtime.what_to_do import what_to_do

log = structlog.get_logger()
MOST_NEED = 64 * 1024
MOST_BATCH = 4 * 1024 * 1024
Places = Annotated[int, Query(ge=1, le=MOST_PLACES)]
"""So many banks are asked for a need of a list in `platform` and `race`; the other modes say it themselves."""
_FILE = {
    "schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def routes(gateway: Gateway) -> APIRouter:
    """All routes of intake."""
    keys = Keys.of(gateway.settings.secret.get_secret_value())
    clients = Clients(gateway)
    router = APIRouter()
    _lists(router, gateway, keys, clients)
    _needs(router, gateway, keys, clients)
    router.include_router(pages.routes(gateway, keys))

    @router.post("/clients", status_code=201, openapi_extra=takes(ClientBody))
    async def post_client(request: Request) -> dict[str, Any]:
        """A partner gets a key, which is shown this once. For the operator."""
        clients.require_operator(request)
        body = understood(ClientBody, await read_json(request, MOST_NEED))
        return {"id": body.id, "scopes": body.scopes, "key": await clients.register(body.id, body.scopes)}

    return router


def _lists(router: APIRouter, gateway: Gateway, keys: Keys, clients: Clients) -> None:
    importing = asyncio.Lock()

    @router.post("/lists", openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": _FILE}}})
    async def post_list(
        request: Request, dry_run: bool = False, routing: str = "platform", places: Places = 3, name: str = ""
    ) -> Any:
        """A need list, .xlsx or CSV; a list of the same `name` is its new version."""
        client = await clients.require(request, "lists:write")
        if routing not in known_codes("routing_mode"):
            raise Refused("routing_unknown", f"routing 可选值：{'、'.join(known_codes('routing_mode'))}", 422)
        file_name, content = await read_file(request, MOST_BYTES)
        named = clean(name or PurePath(file_name).stem, 100) or "list"
        async with importing:  # one at a time: memory for one large file, not for ten
            return await import_list(gateway, keys, Upload(client, named, routing, content, dry_run, places))

    async def filed(request: Request, list_id: str) -> str:
        """The list's report, for its owner and the operator."""
        client = await clients.require(request, "lists:write")
        async with gateway.reading() as conn:
            (owner,) = await conn.fetch(Q.list_owner, list_id) or ({"client": None, "body": None},)
        if owner["body"] is None or client not in (OPERATOR, owner["client"]):
            raise Refused("list_unknown", "没有这份清单，或还没有导入完毕", 404)
        return str(owner["body"])

    @router.get("/lists/{list_id}")
    async def get_list(request: Request, list_id: str) -> Response:
        body = await filed(request, list_id)
        return Response(await run_in_threadpool(report.result_of, body), media_type="application/json")

    @router.get("/lists/{list_id}/report.xlsx")
    async def get_report(request: Request, list_id: str) -> Response:
        body = await filed(request, list_id)
        url, now = gateway.settings.public_url, await gateway.now()
        content = await run_in_threadpool(report.annotated, body, lambda need: page_address(url, keys, need, now))
        return Response(content, media_type=_XLSX, headers={"Cache-Control": "no-store"})


def _needs(router: APIRouter, gateway: Gateway, keys: Keys, clients: Clients) -> None:
    def shown(answered: Answered) -> dict[str, Any]:
        answer = answered.answer
        link = page_address(gateway.settings.public_url, keys, answer.need, answer.at)
        return {
            "need": answer.need,
            "merged": answer.merged,
            "received_at": answer.at.isoformat(),
            "link": link,
            "remarks": [remark.model_dump(mode="json") for remark in remarks(answer)],
        }

    @router.post("/needs", status_code=201, openapi_extra=takes(NeedBody, headers=["Idempotency-Key"]))
    async def post_need(request: Request) -> JSONResponse:
        """One need, which goes to banks at once. Sent again with the same Idempotency-Key it gets the same answer."""
        client = await clients.require(request, "needs:write")
        key = idempotency_key(request.headers.get("idempotency-key", ""))
        body = await read_json(request, MOST_NEED)
        (result,) = await register(gateway, keys, client, [Asked(key, body)], batched=False)
        if isinstance(result, Refused):
            raise result
        headers = {"Idempotent-Replay": "true"} if result.replayed else {}
        return JSONResponse(shown(result), 201, headers)

    @router.get("/needs/{need}")
    async def get_need(request: Request, need: str) -> JSONResponse:
        """Whom a need is of, whom to call, how it came, the link of its page. For the operator alone."""
        clients.require_operator(request)
        async with gateway.reading() as conn:
            found, private, _ = await need_by_id(conn, need)
        log.info("need.shown", need=need)  # who it is was asked for
        link = page_address(gateway.settings.public_url, keys, need, await gateway.now())
        return JSONResponse(whose(found, private) | {"link": link}, headers={"Cache-Control": "no-store"})

    @router.post("/needs/batch", openapi_extra=takes(NeedsBody))
    async def post_batch(request: Request, batched: bool = False) -> dict[str, Any]:
        """Several needs, each answered by itself; `batched` ones go to banks in the next round."""
        client = await clients.require(request, "needs:write")
        asked = several(await read_json(request, MOST_BATCH))
        results = await register(gateway, keys, client, asked, batched=batched)
        return {
            "results": [
                {"id": one.key, "problem": problem_of(result)}
                if isinstance(result, Refused)
                else {"id": one.key, "replayed": result.replayed, **shown(result)}
                for one, result in zip(asked, results, strict=True)
            ]
        }


def whose(need: Need, private: NeedPrivate) -> dict[str, Any]:
    """Who stated a need, and each way on which it came, a list's with its row."""
    ways = [way.model_dump(exclude_none=True) | {"channel_term": term("channel", way.channel)} for way in need.origins]
    return {
        "need": need.id,
        **private.model_dump(include=set(Private.model_fields), exclude_none=True),
        "origins": ways,
    }


def problem_of(refused: Refused) -> dict[str, Any]:
    """A refusal inside a list of results: as in problem+json, without what belongs to a whole response."""
    reasons = [reason.model_dump(mode="json") for reason in refused.reasons]
    said = {"status": refused.status, "code": refused.code, "detail": refused.text, "reasons": reasons}
    return said | {"what_to_do": what_to_do(refused.code)}
