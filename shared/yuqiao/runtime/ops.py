"""The operations port: liveness, readiness with reasons, metrics, and a page about the service that loads nothing."""

import asyncio
import contextlib
import time
from html import escape
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaError
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from yuqiao.contracts.base import BankEvent
from yuqiao.runtime import metrics
from yuqiao.runtime.http import make_app
from yuqiao.runtime.kafka import client_options
from yuqiao.runtime.messages import BEIJING
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.unread import bank_unread_seconds

if TYPE_CHECKING:
    from yuqiao.runtime.process import Process

Q = Queries.beside(__file__)
LIVE_SECONDS = 90


def make_ops_app(process: "Process[Any]") -> FastAPI:
    """/health/live, /health/ready, /metrics, /docs."""
    app = make_app(f"yuqiao {process.service.name} operations", documented=False)

    @app.get("/health/live")
    async def live() -> JSONResponse:
        still = time.monotonic() - process.loop.last_turn
        return JSONResponse(
            {"live": still < LIVE_SECONDS, "seconds_since_turn": round(still, 1)}, 200 if still < LIVE_SECONDS else 503
        )

    @app.get("/health/ready")
    async def ready() -> JSONResponse:
        reasons = await process.not_ready_because()
        return JSONResponse({"ready": not reasons, "why": reasons}, 503 if reasons else 200)

    @app.get("/metrics")
    async def scrape() -> PlainTextResponse:
        await refresh(process)
        return PlainTextResponse(metrics.generate_latest(metrics.REGISTRY), media_type="text/plain; version=0.0.4")

    @app.get("/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(process))

    return app


async def refresh(process: "Process[Any]") -> None:
    """Read what is counted in Postgres."""
    async with process.reading() as conn:
        (row,) = await conn.fetch(Q.counts)
        now = await process.clock.read(conn)
        due = [d for d in await process.store.due(conn, now, 1000) if d.due_at <= now]
        for event in await conn.fetch(Q.events_by_type):
            metrics.log_events.labels(event["type"]).set(event["count"])
        for gauge, value in (await _own_gauges(process, conn)).items():
            metrics.show(gauge, value)
        await _bank_gauges(process, conn)
    metrics.unsent_events.set(row["unsent"])
    metrics.oldest_unsent_seconds.set(row["oldest_unsent"])
    metrics.parked_messages.set(row["parked"])
    metrics.held_messages.set(row["held"])
    metrics.late_deadlines.set(len(due))
    late = max((now - d.due_at.astimezone(BEIJING) for d in due), default=None)
    metrics.oldest_deadline_seconds.set(late.total_seconds() if late else 0)


async def _bank_gauges(process: "Process[Any]", conn: Any) -> None:
    """For the service that writes to the banks: who does not read. Without a broker the last values stand."""
    writes_to_banks = any(issubclass(e, BankEvent) for e in process.service.emits)
    if not writes_to_banks or not process.inlet.positions:
        return
    with contextlib.suppress(KafkaError, TimeoutError):
        reading = bank_unread_seconds(client_options(process.settings), process.inlet.ends, conn)
        for bank, seconds in (await asyncio.wait_for(reading, 5)).items():
            metrics.bank_unread_seconds.labels(bank).set(seconds)


async def _own_gauges(process: "Process[Any]", conn: Any) -> dict[Any, float]:
    """What only this service can count: its store's `gauges(conn)`, by metric name."""
    own = getattr(process.store, "gauges", None)
    found: dict[str, float] = await own(conn) if own else {}
    return {getattr(metrics, name): value for name, value in found.items()}


def page(process: "Process[Any]") -> str:
    """What the service is for, hears and says, and its HTTP routes."""
    service = process.service
    hears = "".join(f"<li>{escape(_name(kind))}</li>" for kind in service.on)
    says = "".join(
        f"<li><code>{escape(e.wire_type)}</code> {escape((e.__doc__ or '').strip())}</li>" for e in service.emits
    )
    routes = ""
    if service.routes:
        for route in service.routes(process).routes:
            methods = " ".join(sorted(getattr(route, "methods", None) or []))
            routes += f"<li><code>{escape(methods)} {escape(getattr(route, 'path', ''))}</code></li>"
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>yuqiao {service.name}</title>"
        f"<h1>yuqiao {service.name}</h1><p>{escape(service.purpose)}</p>"
        f"<h2>hears</h2><ul>{hears}</ul><h2>says</h2><ul>{says}</ul><h2>HTTP</h2><ul>{routes}</ul>"
    )


def _name(kind: type) -> str:
    wire = getattr(kind, "wire_type", "")
    return f"{wire} ({kind.__name__})" if wire else kind.__name__
