"""How pages are shown: templates, headers that keep an address secret, and a refusal as a page for who reads pages."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader

from yuqiao.policy.calendar import until
from yuqiao.runtime.http import trace_of
from yuqiao.runtime.messages import Refused
from yuqiao.runtime.what_to_do import what_to_do

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
}
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True)
_TEMPLATES.filters["until"] = until
_OF_THE_LINK = frozenset({"link_invalid", "link_expired", "need_unknown"})


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template as a page that is not kept, passed on or framed."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(**values), status, HEADERS)


class PageRoute(APIRoute):
    """A route of pages: what is refused there is a page for a browser, problem+json for everybody else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, with its refusals shown."""
        answered = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await answered(request)
            except Refused as refused:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                return _refusal(request, refused)

        return handler


def _refusal(request: Request, refused: Refused) -> Response:
    """With the way back to the enterprise's page, unless it is the link itself that is refused."""
    token = request.path_params.get("token") if refused.code not in _OF_THE_LINK else None
    told = {"refused": refused, "advice": what_to_do(refused.code), "trace_id": trace_of(refused)}
    return page("refused.html", refused.status, token=token, **told)
