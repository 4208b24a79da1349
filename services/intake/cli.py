"""`yuqiao import FILE`: sends a need list to intake and prints what became of it."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Column, Table

FAILED, USAGE, UNREACHABLE, PARTIAL = 1, 2, 4, 5
_SHOWN = 50
_COUNTS = {
    "rows": "行数",
    "accepted": "接收",
    "added": "新增",
    "changed": "变更",
    "unchanged": "未变",
    "removed": "移除",
    "refused": "退回",
}


def import_list(
    file: Annotated[Path, typer.Argument(help=".xlsx 或 CSV 清单", exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不登记")] = False,
    routing: Annotated[str, typer.Option(help="broadcast、named、platform、single 或 race")] = "platform",
    places: Annotated[int, typer.Option(help="platform、race 时每条需求推送的银行数，1 至 10")] = 3,
    name: Annotated[str, typer.Option("--list", help="清单名称；同名清单是同一清单的新版本，默认为文件名")] = "",
    url: Annotated[str, typer.Option(help="intake 的地址")] = "http://127.0.0.1:8101",
    key_file: Annotated[Path | None, typer.Option(help="存放密钥的文件；默认读 YUQIAO_OPERATOR_KEY[_FILE]")] = None,
    report: Annotated[Path | None, typer.Option(help="把标注了问题的清单存为 .xlsx")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> None:
    """Import a need list (重点领域融资需求清单). Exits 5 when some rows were refused, 4 when intake cannot be reached."""
    key = _key(key_file)
    print(f"正在发送 {file.name}（{file.stat().st_size:,} 字节）", file=sys.stderr)
    params = {"routing": routing, "places": str(places), "name": name or file.stem, "dry_run": str(dry_run).lower()}
    try:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=900) as client:
            result = _answer(client.post("/lists", params=params, files={"file": (file.name, file.read_bytes())}))
            if report and not dry_run:
                report.write_bytes(_checked(client.get(f"/lists/{result['list_id']}/report.xlsx")).content)
                print(f"标注后的清单已存为 {report}", file=sys.stderr)
    except httpx.HTTPError as error:
        print(f"无法连接 {url}：{type(error).__name__}", file=sys.stderr)
        raise typer.Exit(UNREACHABLE) from None
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _show(result)
    if result["added"] and not dry_run:
        print("新增需求在下一轮推送银行：下一个工作日 09:00，或由 yuqiao round 立即推送", file=sys.stderr)
    if result["refused"]:
        raise typer.Exit(PARTIAL)


def _key(key_file: Path | None) -> str:
    path = key_file or os.environ.get("YUQIAO_OPERATOR_KEY_FILE")
    try:
        key = Path(path).read_text(encoding="utf-8").strip() if path else os.environ.get("YUQIAO_OPERATOR_KEY", "")
    except OSError as error:
        print(f"读不了密钥文件 {path}：{error.strerror}", file=sys.stderr)
        raise typer.Exit(USAGE) from None
    if not key:
        print("缺少密钥：请用 --key-file 指定，或设置 YUQIAO_OPERATOR_KEY", file=sys.stderr)
        raise typer.Exit(USAGE)
    return key


def _checked(response: httpx.Response) -> httpx.Response:
    """The response, or the problem said and exit 1 (4 when intake itself misses something)."""
    if response.is_success:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = {"detail": f"HTTP {response.status_code}"}
    print(f"{problem.get('detail')}（{problem.get('code', response.status_code)}）", file=sys.stderr)
    for reason in problem.get("reasons", []):
        print(f"  {reason.get('text')}（{reason.get('code')}）", file=sys.stderr)
    raise typer.Exit(UNREACHABLE if response.status_code == 503 else FAILED)


def _answer(response: httpx.Response) -> dict[str, Any]:
    answer: dict[str, Any] = _checked(response).json()
    return answer


def _show(result: dict[str, Any]) -> None:
    console = Console()
    title = f"清单 {result['list_id']} 第 {result['version']} 版" + ("（试运行，未登记）" if result["dry_run"] else "")
    console.print(title)
    table = Table("", "条")
    for field, term in _COUNTS.items():
        table.add_row(term, str(result[field]))
    console.print(table)
    problems = result["problems"]
    if problems:
        table = Table("行", *(Column(name, overflow="fold") for name in ("字段", "代码", "问题")))
        for problem in problems[:_SHOWN]:
            table.add_row(str(problem["row"] or ""), problem["field"], problem["code"], problem["text"])
        console.print(table)
    if len(problems) > _SHOWN:
        print(f"另有 {len(problems) - _SHOWN} 个问题未列出，用 --report 或 --json 查看全部", file=sys.stderr)
