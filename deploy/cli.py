"""The `yuqiao` command: the stack, the demo, what must hold, a round, cases, parked messages, a bank's first ten minutes."""

import asyncio
import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import asyncpg
import httpx
import typer
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException
from pydantic import ValidationError
from rich.table import Table

from deploy import cases, issues, parked, policy
from deploy.asking import FAILURE, FINDINGS, LOCAL, UNREACHABLE, USAGE, AsJson, Home, stack_at, stack_of
from deploy.bench.result import KEPT_IN, Void
from deploy.bench.run import bench
from deploy.demo.only import DemoRunning
from deploy.demo.quiet import Restless
from deploy.demo.run import Wanted, play
from deploy.rounds import hold_round
from deploy.stack.brokerage import load
from deploy.stack.daemon import NotStarted
from deploy.stack.prerequisites import MissingPrerequisite
from deploy.stack.stack import NoStack, Stack
from deploy.stack.streams import lag
from deploy.terminal import wide
from deploy.topology import diagram
from deploy.verify.invariants import COUNTED
from deploy.verify.run import as_json, verify
from services.intake.cli import import_list
from services.intake.sheet import MOST_ROWS
from yuqiao.bank.cli import app as bank_app
from yuqiao.contracts.problems import reasons_of
from yuqiao.runtime.settings import BadSetting, Settings

MOST_REPLICAS = min(topic["partitions"] for topic in load("topics.yaml")["shared"].values())
"""Of a service: each reads a partition of every shared stream at least."""
AWAY = (
    OSError,
    KafkaException,
    KafkaError,
    httpx.TransportError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""Every way in which something that a command needs can be missing or refuse."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(bank_app, name="bank", help="What a bank does: read its topics, reply.")
app.add_typer(cases.app, name="case", help="One case.")
app.add_typer(issues.app, name="issue", help="The issue list, open to banks and enterprises (银企双方问题清单).")
app.add_typer(parked.app, name="parked", help="Messages that could not be decided, and those held or refused.")
app.add_typer(policy.app, name="policy", help="The measures, promises, size classes, due days, credit codes.")
app.command("cases")(cases.list_cases)
app.command("import")(import_list)
app.command("round")(hold_round)


def _up_to(most: int) -> Any:
    """An option from 1 to `most`; typer's own range does not say the value."""

    def checked(value: int) -> int:
        if not 1 <= value <= most:
            raise typer.BadParameter(f"{value} is not from 1 to {most}")
        return value

    return typer.Option(callback=checked, help=f"from 1 to {most}")


Banks = Annotated[int, _up_to(len(load("banks.yaml")))]


@app.command()
def up(banks: Banks = 8, home: Home = LOCAL) -> None:
    """Start the stack with the real clock and keep it running. Doing it again changes nothing."""
    print(f"starting under {home}", file=sys.stderr)
    stack = stack_of(home)
    stack.up(list(load("banks.yaml"))[:banks])
    _show_status(stack)
    print(f"each bank's way in: {home / 'banks'}/<bank>.env", file=sys.stderr)


@app.command()
def down(home: Home = LOCAL) -> None:
    """Stop the stack; data stay. Where none was ever started there is nothing to stop."""
    try:
        stack_at(home).down()
    except NoStack as error:
        print(error, file=sys.stderr)
    else:
        print("stopped", file=sys.stderr)


@app.command()
def status(home: Home = LOCAL, as_json_: AsJson = False) -> None:
    """Each process with its health; the streams with their lag; parked and held messages."""
    stack = stack_at(home)
    processes = stack.status()
    if as_json_:
        print(json.dumps(_status(stack), ensure_ascii=False))
    elif not any(p["pid"] for p in processes):
        typer.echo("not running; start it with make up", err=True)
    else:
        _show_status(stack)
    if not all(p["ready"] for p in processes) or not processes:
        raise typer.Exit(FAILURE)


def _status(stack: Stack) -> dict[str, Any]:
    streams: list[dict[str, Any]]
    waiting: Mapping[str, int | None]
    try:
        streams, waiting = asyncio.run(lag(stack.provision))
    except (OSError, KafkaError, asyncpg.PostgresError, TimeoutError):
        streams, waiting = [], {"parked": None, "held": None}
    return {"processes": stack.status(), "streams": streams, **waiting}


def _show_status(stack: Stack) -> None:
    found = _status(stack)
    console = wide()
    table = Table("process", "pid", "url", "ready", "why not")
    for p in found["processes"]:
        table.add_row(p["name"], str(p["pid"]), p["url"], "yes" if p["ready"] else "no", "; ".join(p["why"]))
    console.print(table)
    table = Table("service", "stream", "lag")
    for s in found["streams"]:
        table.add_row(s["service"], s["stream"], str(s["lag"]))
    console.print(table)
    parked_, held = ("?" if found[name] is None else found[name] for name in ("parked", "held"))
    console.print(f"parked {parked_}, held {held}", highlight=False)
    intake = stack.url("intake")
    console.print(
        f"each service's url has /health/live, /health/ready, /metrics, /docs; its HTTP port, as {intake}, /docs of its routes",
        highlight=False,
    )


@app.command()
def demo(
    needs: Annotated[int, _up_to(MOST_ROWS)] = 1662,
    banks: Banks = 8,
    seed: int = 16,
    keep: bool = False,
    matching: Annotated[int, _up_to(MOST_REPLICAS)] = 1,
) -> None:
    """A need list through all services to closed cases. Exits 0 only if all are closed and every invariant holds."""
    report = play(Wanted(needs, banks, seed, keep, matching))
    if not report.clean:
        raise typer.Exit(FINDINGS)


@app.command("verify")
def verify_command(home: Home = LOCAL, as_json_: AsJson = False) -> None:
    """Read Postgres and every topic and check what must always hold; exits 3 on a finding."""
    verdicts = asyncio.run(verify(stack_at(home).provision))
    if as_json_:
        print(json.dumps(as_json(verdicts), ensure_ascii=False))
    for verdict in verdicts if not as_json_ else ():
        counted = COUNTED[verdict.name].english
        print(f"{verdict.name}: {verdict.checked} checked ({counted}), {len(verdict.findings)} findings")
        for finding in verdict.findings:
            print(f"   {finding}")
    if any(v.findings for v in verdicts):
        raise typer.Exit(FINDINGS)


class Part(StrEnum):
    """What `bench` measures."""

    MATCHING = "matching"
    PIPELINE = "pipeline"


@app.command("bench")
def bench_command(needs: int = 10_000, rounds: int = 5, only: Annotated[Part | None, typer.Option()] = None) -> None:
    """Measure matching beside trying all products and the best assignment, and the pipeline beside raw Kafka.

    Writes build/bench.json; with --only, one part's figures beside what it holds of the other.
    """
    medians: dict[str, float] = {}
    if only is None:
        KEPT_IN.unlink(missing_ok=True)
    if only != Part.PIPELINE:
        from deploy.bench.matching import measure  # needs OR-tools, which only developers have

        medians |= measure(rounds)
    if only != Part.MATCHING:
        medians |= bench(needs, rounds)["medians"]
    print(json.dumps(medians, indent=1))


@app.command()
def config() -> None:
    """The effective settings of this environment, without secrets."""
    for name, value in Settings.load().printable().items():
        print(f"{name}={value}")


@app.command()
def topology() -> None:
    """The architecture as a Mermaid diagram, derived from the four services."""
    print(diagram())


def main() -> None:
    """Run the command; turns what can be absent into one line and exit code 4."""
    try:
        app()
    except (MissingPrerequisite, NoStack) as error:
        _end(str(error), UNREACHABLE)
    except BadSetting as error:
        _end(str(error), USAGE)
    except ValidationError as error:
        _end("；".join(reason.text for reason in reasons_of(error)), USAGE)
    except AWAY as error:
        _end(
            f"unreachable: {_where(error)}{type(error).__name__}: {' '.join(str(error).split())}{_hint(error)}",
            UNREACHABLE,
        )
    except (NotStarted, DemoRunning, Restless, Void, httpx.HTTPStatusError) as error:
        _end(str(error), FAILURE)


def _where(error: Exception) -> str:
    """The address that was asked over HTTP; the other clients' errors say it themselves."""
    if not isinstance(error, httpx.TransportError):
        return ""
    url = error.request.url
    return f"{url.scheme}://{url.netloc.decode()}: "


def _hint(error: Exception) -> str:
    """What starts a stack, where it was connecting that failed: not reading a file, not a password, not an answer too late."""
    late = isinstance(error, httpx.TransportError) and not isinstance(error, httpx.ConnectError)
    if late or isinstance(error, asyncpg.PostgresError) or (isinstance(error, OSError) and error.filename):
        return ""
    return "; make up starts the stack"


def _end(text: str, code: int) -> None:
    print(text, file=sys.stderr)
    sys.exit(code)
