"""HTTP plumbing: problem+json (RFC 9457), the operator's key, servers that leave signals alone."""

import contextlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Any, cast
from uuid import uuid4

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from yuqiao.contracts.problems import by_field
from yuqiao.contracts.values import Reason
from yuqiao.runtime.docs import page
from yuqiao.runtime.messages import Refused
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.what_to_do import what_to_do

log = structlog.get_logger()

_HTTP_ERRORS = {404: ("not_found", "没有这个地址"), 405: ("method_not_allowed", "这个地址没有此方法")}


def problem_response(
    status: int, code: str, text: str, reasons: Sequence[Reason] = (), trace_id: str | None = None
) -> JSONResponse:
    """An RFC 9457 answer: a stable `code`, a Chinese `detail`, the fields concerned, what to do, a trace id."""
    body: dict[str, Any] = {
        "type": f"urn:yuqiao:problem:{code}",
        "title": code,
        "status": status,
        "code": code,
        "detail": text,
        "reasons": [r.model_dump(mode="json") for r in reasons],
        "what_to_do": what_to_do(code),
        "trace_id": trace_id or uuid4().hex,
    }
    return JSONResponse(body, status, media_type="application/problem+json")


def problem(refused: Refused) -> JSONResponse:
    """The answer to a refused command."""
    return problem_response(refused.status, refused.code, refused.text, refused.reasons, trace_of(refused))


def trace_of(refused: Refused) -> str:
    """An id to ask about a refusal with; one that is our fault stands in the log under it."""
    trace_id = uuid4().hex
    if refused.status >= 500:
        log.error("http.refused", code=refused.code, trace_id=trace_id)
    return trace_id


def require_operator(request: Request, settings: Settings) -> None:
    """Raise Refused (401) unless the request carries the operator's key."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    wanted = settings.operator_key.get_secret_value()
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Refused("unauthorized", "密钥缺失或无效", 401)


class NoNul:
    """Refuses addresses with U+0000 in them: no text of a database can hold it."""

    def __init__(self, app: ASGIApp) -> None:
        """In front of `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """422 `has_nul`, or on to the app."""
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            await problem_response(422, "has_nul", "地址中含有空字符 U+0000")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def make_app(title: str, *, documented: bool = True) -> FastAPI:
    """An app whose every error is a problem+json; no page of it loads anything from the net, /docs of its routes neither."""
    app = FastAPI(title=title, docs_url=None, redoc_url=None)
    app.add_middleware(NoNul)
    if documented:

        @app.get("/docs", include_in_schema=False)
        async def docs() -> HTMLResponse:
            return HTMLResponse(page(app.openapi()))

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return problem(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        reasons = by_field(cast("Sequence[ErrorDetails]", error.errors()))
        return problem_response(422, "invalid_request", "请求参数有误", reasons)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        code, text = _HTTP_ERRORS.get(error.status_code, ("http_error", "请求有误"))
        return problem_response(error.status_code, code, text)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        trace_id = uuid4().hex
        log.error("http.unexpected", error=type(error).__name__, trace_id=trace_id, path=request.url.path)
        return problem_response(500, "internal", "服务出错，已记录", (), trace_id)

    return app


class QuietServer(uvicorn.Server):
    """A uvicorn server inside our own loop: signals stay with the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signal handlers alone."""
        yield


def make_server(app: FastAPI, host: str, port: int) -> QuietServer:
    """One server, bounded in header size and idle connections."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return QuietServer(config)
