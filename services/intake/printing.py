"""What became of an import, for people: the counts, then what refused rows, then what is odd about rows that were taken."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from services.intake.lists import ROW_TAKEN

_MOST_LINES = 50
_ROWS_NAMED = 5
_COUNTS = {
    "rows": "行数",
    "accepted": "接收",
    "added": "新增",
    "changed": "变更",
    "unchanged": "未变",
    "removed": "移除",
    "refused": "退回",
}


@dataclass(slots=True)
class Alike:
    """Problems of one code and column: the rows that have them, each once in their order, and what is said of each."""

    column: str
    code: str
    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        """The first rows by number, and how many there are; empty for what concerns the whole file."""
        named = "、".join(map(str, self.rows[:_ROWS_NAMED]))
        return named if len(self.rows) <= _ROWS_NAMED else f"{named} 等，共 {len(self.rows)} 行"

    @property
    def text(self) -> str:
        """What is said of all of them, or of the first where it differs from row to row."""
        return self.texts[0] if len(set(self.texts)) == 1 else f"如第 {self.rows[0]} 行：{self.texts[0]}"


def alike(problems: Iterable[dict[str, Any]]) -> list[Alike]:
    """The problems, those of one code and field together; what refuses rows first, otherwise in the order given."""
    found: dict[tuple[str, str], Alike] = {}
    for problem in problems:
        group = found.setdefault((problem["code"], problem["field"]), Alike(problem["field"], problem["code"]))
        group.texts.append(problem["text"])
        if problem["row"] and problem["row"] not in group.rows[-1:]:
            group.rows.append(problem["row"])
    return sorted(found.values(), key=lambda group: group.code in ROW_TAKEN)


def show(result: dict[str, Any]) -> None:
    """An import's result, as JSON says it, on stdout; that some is not shown, on stderr."""
    console = Console(markup=False, emoji=False)
    title = f"清单 {result['list_id']} 第 {result['version']} 版" + ("（试运行，未登记）" if result["dry_run"] else "")
    console.print(title)
    table = Table("", "条")
    for name, term in _COUNTS.items():
        table.add_row(term, str(result[name]))
    console.print(table)
    groups = alike(result["problems"])
    shown = groups[:_MOST_LINES]
    for heading, taken in (("退回的行", False), ("提示（不影响接收）", True)):
        lines = [group for group in shown if (group.code in ROW_TAKEN) == taken]
        if lines:
            console.print(_table(heading, lines))
    if len(groups) > len(shown):
        print(f"另有 {len(groups) - len(shown)} 类问题未列出，用 --report 或 --json 查看全部", file=sys.stderr)


def _table(heading: str, lines: Iterable[Alike]) -> Table:
    columns = (Column(name, overflow="fold") for name in ("行", "字段", "代码", "问题"))
    table = Table(*columns, title=heading, title_justify="left")
    for line in lines:
        table.add_row(line.where, line.column, line.code, line.text)
    return table
