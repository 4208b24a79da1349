"""What a demo leaves: a funnel on stdout, report.json for programs, report.html for people, all computed from Postgres."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from rich.table import Table

from deploy.demo import legend
from deploy.demo.history import digest
from deploy.demo.quiet import Q
from deploy.stack.brokerage import load
from deploy.terminal import wide
from deploy.verify.invariants import COUNTED, Verdict
from services.feedback.views import funnel_of
from yuqiao.policy import decline_reasons
from yuqiao.policy.states import term


@dataclass
class Report:
    """The result of a demo. Amounts in yuan as decimal strings."""

    seed: int
    ended: str
    funnel: list[dict[str, Any]]
    no_bank: list[dict[str, Any]]
    banks: list[dict[str, Any]]
    stage_times: list[dict[str, Any]]
    daily: list[dict[str, Any]]
    history_digest: str
    invariants: list[dict[str, Any]]
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """No invariant has a finding."""
        return not any(i["findings"] for i in self.invariants)


async def collect(conn: Any, seed: int, ended: datetime, verdicts: list[Verdict]) -> Report:
    """Read the result."""
    names = load("banks.yaml")
    async with conn.transaction():
        history = await digest(conn.cursor(Q.history, prefetch=5000))
    banks = [dict(r) | {"name": names[r["bank"]]["name"]} for r in await conn.fetch(Q.banks)]
    daily = [{k: str(v) if k == "day" else v for k, v in dict(r).items()} for r in await conn.fetch(Q.daily)]
    return Report(
        seed=seed,
        ended=ended.isoformat(),
        funnel=funnel_of([dict(r) for r in await conn.fetch(Q.funnel)]),
        no_bank=[_why(dict(r)) for r in await conn.fetch(Q.no_bank)],
        banks=banks,
        stage_times=[dict(r) for r in await conn.fetch(Q.stage_times)],
        daily=daily,
        history_digest=history,
        invariants=[{"name": v.name, "checked": v.checked, "findings": list(v.findings)} for v in verdicts],
    )


def _why(row: dict[str, Any]) -> dict[str, Any]:
    """{code, count, text} of cases without a bank: a bank's last reason has a term, matching's has words of one case."""
    known = decline_reasons.reason(row["code"])
    return row | ({"text": known.term} if known else {})


def write(report: Report, folder: Path) -> None:
    """report.json and report.html."""
    (folder / "report.json").write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1), encoding="utf-8")
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    pages.filters["wan"] = wan
    pages.filters["term"] = lambda code: term("offer_stage", code)
    pages.filters["counted"] = lambda name: COUNTED[name].chinese
    chart = (Path(__file__).parent / "vendor" / "echarts.min.js").read_text(encoding="utf-8")
    page = pages.get_template("report.html.jinja").render(report=report, chart=chart, legend=legend.PAGE)
    (folder / "report.html").write_text(page, encoding="utf-8")


def wan(amount: str) -> str:
    """元 as 万元, for people."""
    return f"{Decimal(amount) / 10000:,.2f}"


def show(report: Report) -> None:
    """The funnel and what was checked, each with what its numbers mean, on stdout."""
    table = Table("阶段 stage", "", "数量 count", "金额 万元", title=f"SEED {report.seed}", title_justify="left")
    for row in report.funnel:
        table.add_row(row["stage"], row["term"], str(row["count"]), wan(row["amount_cny"]))
    console = wide()

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    console.print(table)
    say(legend.FUNNEL)
    if report.no_bank:
        counts = ", ".join(f"{row['code']} {row['count']}" for row in report.no_bank)
        say(f"{legend.WITHOUT_BANK}: {counts}")
    for found in report.invariants:
        mark = f"{len(found['findings'])} findings" if found["findings"] else "holds"
        say(f"{found['name']}: {mark}; {found['checked']} checked ({COUNTED[found['name']].english})")
        for finding in found["findings"]:
            say(f"   {finding}")
    say(f"history {report.history_digest}")
    say(legend.HISTORY)
