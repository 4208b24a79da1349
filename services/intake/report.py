"""The annotated list as .xlsx: the sender's own rows, with what is wrong (问题) and the enterprise's link (企业链接)."""

import io
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import xlsxwriter

PROBLEM, LINK = "问题", "企业链接"
_CELL_LIMIT = 32_000


def annotated(body: str, link: Callable[[str], str]) -> bytes:
    """The report's workbook. `body` as filed by an import, `link` makes the address of a need's page.

    Every cell is written as text: what looks like a formula stays what the sender wrote.
    """
    report: dict[str, Any] = json.loads(body)
    texts: dict[int, list[str]] = defaultdict(list)
    for problem in report["result"]["problems"]:
        texts[problem["row"]].append(problem["text"])
    header = report["header"]
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        bold, red = book.add_format({"bold": True}), book.add_format({"font_color": "#b00020"})
        sheet = book.add_worksheet("导入结果")
        sheet.freeze_panes(1, 0)
        for place, cell in enumerate([*header, PROBLEM, LINK]):
            sheet.write_string(0, place, cell[:_CELL_LIMIT], bold)
        for line, (number, cells, need) in enumerate(report["rows"], start=1):
            for place, cell in enumerate(cells):
                if cell:
                    sheet.write_string(line, place, cell[:_CELL_LIMIT])
            if number in texts:
                sheet.write_string(line, len(header), "；".join(texts[number])[:_CELL_LIMIT], red)
            if need:
                sheet.write_string(line, len(header) + 1, link(need))
    return target.getvalue()


def result_of(body: str) -> bytes:
    """The import's result alone, as JSON."""
    return json.dumps(json.loads(body)["result"], ensure_ascii=False).encode()
