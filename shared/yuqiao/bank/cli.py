"""`yuqiao bank`: a bank engineer's first ten minutes. Data on stdout, remarks on stderr.

Exit codes: 0 done; 1 refused; 2 usage; 3 findings; 4 the broker cannot be reached; 5 written, but no receipt in time;
130 interrupted (0 for `tail`, which has no other end).
"""

import asyncio
import json
from collections.abc import Collection, Coroutine, Mapping
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from aiokafka.errors import KafkaConnectionError, KafkaError

from yuqiao.bank.client import Received, read, watching
from yuqiao.bank.conformance import recorded
from yuqiao.bank.env import BadEnvFile, BankEnv
from yuqiao.bank.letters import KINDS
from yuqiao.bank.options import BadReply, reply_of
from yuqiao.bank.products import BadProducts, products_of
from yuqiao.bank.sending import Answers, send
from yuqiao.contracts.from_bank import ProductPublished, Reply
from yuqiao.contracts.sealing import NotSealedForUs, open_borrower, open_sealed
from yuqiao.contracts.to_bank import BorrowerDisclosed, NeedDisclosed
from yuqiao.policy.calendar import BEIJING
from yuqiao.policy.states import listed

T = TypeVar("T")
LATER = "稍后可用 tail 查看"
KEPT = "所说的推送如还不为系统所知，回复一般暂存一天：其间得知即作判定，否则退回"
app = typer.Typer(help="银行侧工具：查看本行收到的事件、发布产品、回复、自查", no_args_is_help=True)
EnvFile = Annotated[Path, typer.Option("--env", help="本行接入文件 <bank>.env")]


@app.command()
def tail(
    env: EnvFile,
    from_start: Annotated[bool, typer.Option(help="从最早的事件开始")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON")] = False,
    unseal: Annotated[bool, typer.Option("--unseal", help="用本行私钥打开密封的企业身份（含个人信息）")] = False,
    count: Annotated[int, typer.Option(help="显示多少条后结束；0 为一直显示")] = 0,
) -> None:
    """显示推送与回执，不改变任何消费进度。Show needs and receipts as they come; leaves no trace on the broker."""
    found = _env(env)
    key = _key(found) if unseal else None
    _run(found, _tail(found, from_start, as_json, key, count), interrupted=0)


@app.command()
def reply(
    env: EnvFile,
    kind: Annotated[str, typer.Argument(help=f"回复种类：{' '.join(KINDS)}")],
    offer: Annotated[str, typer.Argument(help="推送事件中的 offer")],
    reason: Annotated[str | None, typer.Option(help="谢绝原因码；decision 给出原因码即为不同意")] = None,
    amount: Annotated[str | None, typer.Option(help='金额（元），如 "1000000.00"')] = None,
    rate: Annotated[str | None, typer.Option(help="年利率（小数），如 0.0385")] = None,
    on: Annotated[str | None, typer.Option(help="走访或放款日期，默认今天，如 2023-01-05")] = None,
    method: Annotated[str | None, typer.Option(help=f"首次联系方式，默认 phone：{listed('contact_method')}")] = None,
    category: Annotated[str | None, typer.Option(help=f"问题类别，默认 other：{listed('issue_category')}")] = None,
    task: Annotated[str | None, typer.Option(help="任务事件 task.asked 中的 task")] = None,
    done: Annotated[
        bool | None, typer.Option("--done/--no-done", help="任务是否已落实，默认是；未落实的请附说明")
    ] = None,
    rate_before: Annotated[str | None, typer.Option(help="任务为减息时：原年利率（小数）")] = None,
    rate_after: Annotated[str | None, typer.Option(help="任务为减息时：减息后的年利率（小数）")] = None,
    note: Annotated[str | None, typer.Option(help="说明")] = None,
    wait: Annotated[float, typer.Option(help="等待回执的秒数")] = 30,
) -> None:
    """回复一笔推送并等待回执。Reply to an offer and wait for its receipt."""
    found = _env(env)
    given = {"--reason": reason, "--amount": amount, "--rate": rate, "--on": on, "--method": method, "--note": note}
    given |= {"--category": category, "--task": task, "--rate-before": rate_before, "--rate-after": rate_after}
    event = _reply(found.bank, kind, offer, given | {"--done": done})
    answers: Answers = {}
    _run(found, send(found, [event], wait, answers), answers)
    (receipt,) = answers.values()
    if receipt is None:
        typer.echo(f"已写入，{wait:g} 秒内未见回执；{LATER}；{KEPT}", err=True)
        raise typer.Exit(5)
    typer.echo(receipt.model_dump_json(exclude_none=True))
    for why in receipt.reasons:
        typer.echo(f"{why.code}：{why.text}", err=True)
    raise typer.Exit(1 if receipt.result == "refused" else 0)


@app.command()
def publish(
    env: EnvFile,
    products: Annotated[Path, typer.Option(help="产品文件（YAML）：产品列表，或 银行代码 → 产品列表")],
    wait: Annotated[float, typer.Option(help="等待回执的秒数")] = 30,
) -> None:
    """发布本行产品并等待回执。Publish the bank's products, each whole, and wait for their receipts."""
    found = _env(env)
    offered = _products(found.bank, products)
    answers: Answers = {}
    try:
        _run(found, send(found, offered, wait, answers), answers)
    except typer.Exit:
        written = f"共 {len(offered)} 个产品，已确认写入 {len(answers)} 个"
        typer.echo(f"{written}；可再次发布全部：没有变化的得到 duplicate，不改变什么", err=True)
        raise
    for product, receipt in zip(offered, answers.values(), strict=True):
        if receipt is None:
            typer.echo(f"{product.product}：已写入，{wait:g} 秒内未见回执；{LATER}", err=True)
            continue
        typer.echo(f"{product.product}\t{receipt.result}")
        for why in receipt.reasons:
            typer.echo(f"{product.product}：{why.code}：{why.text}", err=True)
    if any(receipt and receipt.result == "refused" for receipt in answers.values()):
        raise typer.Exit(1)
    if None in answers.values():
        raise typer.Exit(5)


@app.command()
def check(env: EnvFile, as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False) -> None:
    """自查本行写过的全部回复。Check every recorded reply of the bank against the contract."""
    found = _env(env)
    report = _run(found, recorded(found))
    rows = [{"offset": f.offset, "code": f.code, "text": f.text} for f in report.findings]
    if as_json:
        typer.echo(json.dumps({"checked": report.checked, "findings": rows}, ensure_ascii=False))
    else:
        for row in rows:
            typer.echo(f"{row['offset']}\t{row['code']}\t{row['text']}")
        typer.echo(f"检查 {report.checked} 条，发现 {len(rows)} 处", err=True)
    raise typer.Exit(3 if rows else 0)


def _env(path: Path) -> BankEnv:
    try:
        return BankEnv.read(path)
    except BadEnvFile as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _key(env: BankEnv) -> str:
    try:
        return env.private_key
    except BadEnvFile as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _run(env: BankEnv, work: Coroutine[Any, Any, T], written: Collection[str] = (), interrupted: int = 130) -> T:
    """What the work gives; `written` is what it is known to have written when it fails. Exits as the module says."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(interrupted) from None
    except (KafkaConnectionError, OSError, TimeoutError) as error:
        text = "请核对地址与网络、用户名与密码（用密码登录失败也显示为连不上，原因见上一行）"
        what, text = ("连接中断：", f"回执{LATER}") if written else ("连不上 ", text)
        typer.echo(f"{what}{env.values['YUQIAO_BOOTSTRAP']}：{type(error).__name__}；{text}", err=True)
        raise typer.Exit(4) from None
    except (KafkaError, NotSealedForUs) as error:
        typer.echo(f"{type(error).__name__}：{error}", err=True)
        raise typer.Exit(1) from None


async def _tail(env: BankEnv, from_start: bool, as_json: bool, key: str | None, count: int) -> None:
    shown = 0
    async with watching(env, env.needs, env.receipts, from_start=from_start) as consumer:
        typer.echo(f"等待 {env.needs} 与 {env.receipts} 的{'' if from_start else '新'}事件（Ctrl-C 结束）", err=True)
        while not count or shown < count:
            found = (await consumer.getmany(timeout_ms=1000)).values()
            received = filter(None, map(read, merge(*found, key=attrgetter("timestamp"))))
            for one in islice(received, count - shown if count else None):
                typer.echo(_shown(one, as_json, key))
                shown += 1


def _shown(received: Received, as_json: bool, key: str | None) -> str:
    """A line for an event; with the bank's private key, what is sealed in it stands open."""
    event, envelope = received.event, received.envelope
    body = event.model_dump(mode="json", exclude_none=True)
    if key is not None and isinstance(event, NeedDisclosed):
        body["identity"] = open_sealed(event.sealed, key).model_dump(mode="json", exclude_none=True)
    elif key is not None and isinstance(event, BorrowerDisclosed):
        body["borrower"] = open_borrower(event.sealed, key).model_dump(mode="json")
    if as_json:
        return json.dumps({"id": envelope.id, "type": envelope.type, "data": body}, ensure_ascii=False)
    del body["at"], body["bank"]
    time = event.at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
    return f"{time}  {envelope.type:<15} {json.dumps(body, ensure_ascii=False)}"


def _reply(bank: str, kind: str, offer: str, given: Mapping[str, Any]) -> Reply:
    """The reply that the options say. Exits 2 when it is none, or one that would be refused whatever was offered."""
    try:
        return reply_of(bank, kind, offer, given, datetime.now(BEIJING))
    except BadReply as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _products(bank: str, path: Path) -> list[ProductPublished]:
    """What a file says that this bank offers. Exits 2 when that is nothing, or anything in it is wrong."""
    try:
        found = products_of(bank, path, datetime.now(BEIJING))
    except BadProducts as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if not found:
        typer.echo(f"{path} 中没有 {bank} 的产品；须为产品列表，或 {bank}: 后接产品列表", err=True)
        raise typer.Exit(2)
    return found
