"""HTTP plumbing: problem+json (RFC 9457), the operator's key, servers that leave signals alone."""

import contextlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from yuqiao.contracts.values import Reason
from yuqiao.runtime.messages import Refused
from yuqiao.runtime.settings import Settings

log = structlog.get_logger()

WHAT_TO_DO = {
    400: "请按 reasons 中的提示修改请求",
    401: "请在请求头 Authorization 中提供有效的密钥",
    403: "请联系区金融办为该密钥开通权限",
    404: "请核对编号",
    409: "请刷新后再试；仍有问题请联系区金融办",
    413: "请拆分后再提交",
    422: "请按 reasons 中的提示修改请求",
    500: "请稍后重试；仍有问题请把 trace_id 告知区金融办",
    503: "请稍后重试",
}


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
        "what_to_do": WHAT_TO_DO.get(status, WHAT_TO_DO[500]),
        "trace_id": trace_id or uuid4().hex,
    }
    return JSONResponse(body, status, media_type="application/problem+json")


def problem(refused: Refused) -> JSONResponse:
    """The answer to a refused command."""
    return problem_response(refused.status, refused.code, refused.text, refused.reasons)


def require_operator(request: Request, settings: Settings) -> None:
    """Raise Refused (401) unless the request carries the operator's key."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    wanted = settings.operator_key.get_secret_value()
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Refused("unauthorized", "密钥缺失或无效", 401)


def make_app(title: str) -> FastAPI:
    """An app whose every error is a problem+json; no page of it loads anything from the net."""
    app = FastAPI(title=title, docs_url=None, redoc_url=None)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return problem(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        reasons = [
            Reason(code="invalid", values={"field": ".".join(str(p) for p in e["loc"])}, text=str(e["msg"])[:200])
            for e in error.errors()[:20]
        ]
        return problem_response(422, "invalid_request", "请求参数有误", reasons)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        return problem_response(
            error.status_code, code, "没有这个地址或方法" if error.status_code < 500 else "服务出错"
        )

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
