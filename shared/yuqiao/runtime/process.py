"""A service as a process: pool, broker, loop, relay and the two HTTP ports, wired once and stopped in order."""

import asyncio
import contextlib
import importlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any, Generic, TypeVar

import structlog
from asyncpg import Connection, Pool

from yuqiao.contracts.streams import read_pattern
from yuqiao.runtime import ops
from yuqiao.runtime.book import Book
from yuqiao.runtime.clock import Clock, SteppedClock, SystemClock
from yuqiao.runtime.consuming import SESSION_SECONDS, KafkaInlet
from yuqiao.runtime.database import DATABASE_AWAY, borrowed, make_pool, migration_files, missing_migrations
from yuqiao.runtime.ends import Ends
from yuqiao.runtime.gateway import Outcome
from yuqiao.runtime.http import make_app, make_server
from yuqiao.runtime.kafka import KafkaPublisher, client_options, make_broker
from yuqiao.runtime.loop import Loop
from yuqiao.runtime.messages import Command, Refused
from yuqiao.runtime.pace import Pace
from yuqiao.runtime.relay import Relay
from yuqiao.runtime.service import Service
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shell import Shell
from yuqiao.runtime.sql import Queries

B = TypeVar("B", bound=Book)
Q = Queries.beside(__file__)
INBOX_DAYS = 60
SHORTEST_DELAY, LONGEST_DELAY = 0.2, SESSION_SECONDS + 2
"""A static member whose old partitions are no longer to be had fails on them until its session has ended."""
log = structlog.get_logger()

GATHER = 0.05
"""Seconds: under load an answer over HTTP comes so much later, and many share one commit; alone it comes at once."""
MARK_AFTER = 0.1
"""Seconds, about: so long a killed process may have published what its successor publishes again."""


class Process(Generic[B]):
    """One running service."""

    def __init__(self, service: Service[B], settings: Settings, pool: "Pool[Any]") -> None:
        """Wired, not started."""
        self.service, self.settings, self.pool = service, settings, pool
        self.clock: Clock = SteppedClock() if settings.clock == "stepped" else SystemClock()
        self.broker = make_broker(settings)
        member = (f"yuqiao.{service.name}", f"{service.name}-{settings.instance}")
        pattern = read_pattern(service.name)
        pace = Pace(service.hurried, waits=settings.clock == "system")  # everybody waits for a stepped clock
        ends = Ends(client_options(settings))
        self.inlet = KafkaInlet(self.broker, pattern, member, pool, ends, settings.batch_size, pace)
        self.publisher = KafkaPublisher(settings)
        mark_after = MARK_AFTER if pace.waits else 0.0
        self.relay = Relay(service.name, pool, self.publisher, settings.poll_seconds, mark_after)
        self.store = service.store(settings)
        writer = f"{os.uname().nodename}/{os.getpid()}/{token_hex(4)}"  # in containers the first two come again
        held_for = timedelta(days=settings.held_days)
        self.shell = Shell(service, self.store, pool, self.clock, writer=writer, held_for=held_for)
        gather, poll = GATHER if pace.waits else 0.0, settings.poll_seconds
        self.loop = Loop(self.shell, self.relay, self.inlet, size=settings.batch_size, poll=poll, gather=gather)
        self.connected = False

    async def submit(self, command: Command) -> Outcome:
        """Run a command to its commit."""
        return await self.loop.submit(command)

    async def submit_all(self, commands: Sequence[Command]) -> list[Outcome | BaseException]:
        """Run many commands together; refusals come back in place."""
        return await asyncio.gather(*(self.loop.submit(c) for c in commands), return_exceptions=True)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection in a read-only transaction. Raises Refused (503) when the database is away."""
        try:
            async with borrowed(self.pool, 5) as conn, conn.transaction(readonly=True):
                yield conn
        except DATABASE_AWAY as error:
            raise Refused("database_unavailable", "数据库暂不可用", 503) from error

    async def now(self) -> datetime:
        """Business time, Beijing."""
        async with self.reading() as conn:
            return await self.clock.read(conn)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set or a part fails."""
        servers = [self._ops_server()]
        if self.service.routes:
            app = make_app(f"yuqiao {self.service.name}")
            app.include_router(self.service.routes(self))
            servers.append(make_server(app, self.settings.host, self.settings.http_port))
        tasks = [asyncio.create_task(self.loop.run(), name="loop")]
        tasks += [
            asyncio.create_task(self.relay.run(), name="relay"),
            asyncio.create_task(self._connect(), name="kafka"),
        ]
        tasks += [
            asyncio.create_task(self._listen(), name="listen"),
            asyncio.create_task(self._forget(), name="forget"),
        ]
        tasks += [asyncio.create_task(server.serve(), name="http") for server in servers]
        stopping = asyncio.create_task(stop.wait(), name="stop")
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        await self._shut_down(tasks, servers)
        stopping.cancel()
        for task in done - {stopping}:
            if not task.cancelled() and (error := task.exception()):
                raise error

    def _ops_server(self) -> Any:
        return make_server(ops.make_ops_app(self), self.settings.host, self.settings.ops_port)

    async def _shut_down(self, tasks: list["asyncio.Task[None]"], servers: list[Any]) -> None:
        """Finish the batch in flight, publish what it committed, leave the group."""
        for server in servers:
            server.should_exit = True
        self.loop.stop()
        await asyncio.wait([t for t in tasks if t.get_name() in ("loop", "http")], timeout=15)
        deadline = asyncio.get_running_loop().time() + 5
        while self.relay.leading and not self.relay.idle and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)  # bounded: what is not published now is published by the next process
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.inlet.stop()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.broker.stop(), 5)
        await self.publisher.stop()
        await self.relay.resign()

    async def _connect(self) -> None:
        """Subscribe as soon as the broker is there; nobody is restarted because it is not."""
        delay = SHORTEST_DELAY
        while True:
            try:
                await asyncio.wait_for(self.broker.start(), 30)
                self.connected, delay = True, SHORTEST_DELAY
                self.loop.look()
                await self.inlet.ended()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # every way in which a broker can be absent: say it and try again
                log.warning("kafka unreachable", error=type(error).__name__, detail=str(error)[:200], seconds=delay)
                self.connected = False
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(self.broker.stop(), 5)
                self.inlet.forget_consumer()
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY)

    async def _listen(self) -> None:
        """Wake-ups from the database; a look now and then stands behind each of them."""
        channels = {"yuqiao_clock": self.loop.look, f"yuqiao_{self.service.name}": self._woken}
        while True:
            try:
                async with borrowed(self.pool) as conn:
                    for channel, action in channels.items():
                        await conn.add_listener(channel, _calling(action))
                        action()  # what was said before nobody heard
                    while not conn.is_closed():
                        await asyncio.sleep(1)
                        await conn.execute("SELECT")
            except DATABASE_AWAY as error:
                log.warning("listen failed", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _forget(self) -> None:
        """Claims are kept twice as long as a topic keeps records, or for ever: nothing older can come again."""
        while True:
            with contextlib.suppress(*DATABASE_AWAY):
                await self.pool.execute(Q.forget_inbox, INBOX_DAYS)
            await asyncio.sleep(3600)

    def _woken(self) -> None:
        self.relay.look()
        self.loop.look()

    async def not_ready_because(self) -> list[str]:
        """Reasons why this process cannot do its work now; empty when it can."""
        reasons = []
        try:
            async with borrowed(self.pool, 2) as conn:
                missing = await missing_migrations(conn, migration_files(service_folder(self.service.name)))
                reasons += [f"migration {name} is missing" for name in missing]
                await self.clock.read(conn)
        except Exception as error:  # whatever the database's absence looks like, it is a reason
            reasons.append(f"database: {type(error).__name__}")
        if not self.connected or not self.inlet.positions:
            reasons.append("broker: not subscribed yet")
        elif not self.inlet.connected:
            reasons.append("broker: away")
        if self.relay.behind:
            reasons.append("broker: publication fails")
        return reasons


def _calling(action: Callable[[], None]) -> Callable[..., None]:
    return lambda *_: action()


def service_folder(name: str) -> Path:
    """The folder of a service's code."""
    module = importlib.import_module(f"services.{name}")
    return Path(str(module.__file__)).parent


async def start(service: Service[B], settings: Settings, stop: asyncio.Event) -> None:
    """Connect to the database (waiting for it, bounded) and run."""
    for attempt in range(60):
        try:
            pool = await make_pool(settings)
            break
        except DATABASE_AWAY as error:
            if attempt == 59 or stop.is_set():
                raise
            print(f"waiting for the database: {type(error).__name__}", file=sys.stderr)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1)
    async with pool:
        await Process(service, settings, pool).run(stop)
