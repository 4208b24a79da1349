"""`yuqiao import FILE`: sends a need list to intake and prints what became of it."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer

from services.intake.lists import MOST_PLACES
from services.intake.printing import show
from yuqiao.policy.states import known_codes

FAILED, USAGE, UNREACHABLE, PARTIAL = 1, 2, 4, 5
_REPORT = "把标注后的清单存为 .xlsx， 增加两列：问题、企业链接 （每家企业自己页面的链接）；试运行时不存"


def import_list(
    file: Annotated[Path, typer.Argument(help=".xlsx 或 CSV 清单", exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不登记")] = False,
    routing: Annotated[str, typer.Option(help="、".join(known_codes("routing_mode")))] = "platform",
    places: Annotated[int, typer.Option(help=f"platform、race 时每条需求推送的银行数，1 至 {MOST_PLACES}")] = 3,
    name: Annotated[str, typer.Option("--list", help="清单名称；同名清单是同一清单的新版本，默认为文件名")] = "",
    url: Annotated[str, typer.Option(help="intake 的地址")] = "http://127.0.0.1:8101",
    key_file: Annotated[Path | None, typer.Option(help="存放密钥的文件；默认读 YUQIAO_OPERATOR_KEY[_FILE]")] = None,
    report: Annotated[Path | None, typer.Option(help=_REPORT)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> None:
    """Import a need list (重点领域融资需求清单). Exits 5 when some rows were refused, 4 when intake cannot be reached."""
    _check_options(routing, places, report)
    key = _key(key_file)
    print(f"正在发送 {file.name}（{file.stat().st_size:,} 字节）", file=sys.stderr)
    params = {"routing": routing, "places": str(places), "name": name or file.stem, "dry_run": str(dry_run).lower()}
    try:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=900) as client:
            result = _answer(client.post("/lists", params=params, files={"file": (file.name, file.read_bytes())}))
            if as_json:
                print(json.dumps(result, ensure_ascii=False))
            else:
                show(result)
            if report and not dry_run:
                _keep(report, _checked(client.get(f"/lists/{result['list_id']}/report.xlsx")).content)
    except httpx.HTTPError as error:
        print(f"无法连接 {url}：{type(error).__name__}", file=sys.stderr)
        raise typer.Exit(UNREACHABLE) from None
    if result["added"] and not dry_run:
        print("新增需求在下一轮推送银行：下一个工作日 09:00，或由 yuqiao round 立即推送", file=sys.stderr)
    if result["refused"]:
        raise typer.Exit(PARTIAL)


def _check_options(routing: str, places: int, report: Path | None) -> None:
    """Exits 2 for what the server, or this machine once the list is registered, would refuse."""
    modes = known_codes("routing_mode")
    if routing not in modes:
        _wrong(f"--routing 的值 {routing} 有误：可用的有 {'、'.join(modes)}")
    if not 1 <= places <= MOST_PLACES:
        _wrong(f"--places 的值 {places} 有误：须为 1 至 {MOST_PLACES}")
    if report is None:
        return
    if report.suffix.lower() != ".xlsx":
        _wrong(f"--report 的值 {report} 有误：文件名须以 .xlsx 结尾")
    if not report.parent.is_dir():
        _wrong(f"--report 的值 {report} 有误：没有文件夹 {report.parent}")
    if report.is_dir() or not os.access(report if report.exists() else report.parent, os.W_OK):
        _wrong(f"--report 的值 {report} 有误：不能写入，请换一个文件")


def _wrong(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(USAGE)


def _keep(report: Path, content: bytes) -> None:
    try:
        report.write_bytes(content)
    except OSError as error:
        print(f"清单已登记，但标注后的清单未能存为 {report}：{error.strerror}", file=sys.stderr)
        raise typer.Exit(FAILED) from None
    print(f"标注后的清单已存为 {report}", file=sys.stderr)


def _key(key_file: Path | None) -> str:
    path = key_file or os.environ.get("YUQIAO_OPERATOR_KEY_FILE")
    try:
        key = Path(path).read_text("utf-8", "replace").strip() if path else os.environ.get("YUQIAO_OPERATOR_KEY", "")
    except OSError as error:
        _wrong(f"读不了密钥文件 {path}：{error.strerror}")
    if not (key.isascii() and key.isprintable()):
        _wrong(f"{path or '环境变量 YUQIAO_OPERATOR_KEY'} 的内容不是密钥")
    if not key:
        _wrong("缺少密钥：请用 --key-file 指定，或设置 YUQIAO_OPERATOR_KEY")
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
