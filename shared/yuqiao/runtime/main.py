"""The command line of a service: `python -m services.<name> [run|migrate|config]`."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from typing import Any

import asyncpg

from yuqiao.runtime import logs
from yuqiao.runtime.database import MigrationChanged, migrate, migration_files
from yuqiao.runtime.process import service_folder, start
from yuqiao.runtime.service import Service
from yuqiao.runtime.settings import BadSetting, Settings

UNREACHABLE = 4
COLLECT_AFTER = (50_000, 1, 1)
"""Nobody looks while a batch is decided (`loop`). What is left between two is little: soon all of it is looked through."""


def main(service: Service[Any]) -> None:
    """Run the command; exits 0 ok, 1 failure, 2 usage, 4 when a dependency is unreachable."""
    command = sys.argv[1] if len(sys.argv) > 1 else "run"
    os.environ.setdefault("YUQIAO_SERVICE", service.name)
    try:
        settings = Settings.load()
    except BadSetting as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    logs.configure(settings.log_level, service.name)
    actions = {"run": _run, "migrate": _migrate}
    if command == "config":
        for name, value in settings.printable().items():
            print(f"{name}={value}")
        return
    if command not in actions:
        print(f"usage: python -m services.{service.name} [run|migrate|config]", file=sys.stderr)
        sys.exit(2)
    try:
        asyncio.run(actions[command](service, settings))
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InvalidPasswordError) as error:
        print(f"unreachable: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(UNREACHABLE)
    except MigrationChanged as error:
        print(error, file=sys.stderr)
        sys.exit(1)


async def _run(service: Service[Any], settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers: there it ends as it is told to
            loop.add_signal_handler(number, stop.set)
    gc.freeze()  # modules and models live as long as the process: no collection need look at them again
    gc.set_threshold(*COLLECT_AFTER)
    await start(service, settings, stop)


async def _migrate(service: Service[Any], settings: Settings) -> None:
    conn = await asyncpg.connect(settings.postgres_dsn.get_secret_value(), timeout=10)
    try:
        for name in await migrate(conn, migration_files(service_folder(service.name))):
            print(f"applied {service.name} {name}", file=sys.stderr)
    finally:
        await conn.close()
