"""An .xlsx file, read without trusting it: its parts are measured before any parser may unfold them."""

import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from yuqiao.runtime.messages import Refused

Sheet = tuple[Iterator[list[str]], frozenset[int]]

_MOST_PARTS = 2000
_MOST_UNFOLDED = 400 * 1024 * 1024
_MOST_CELLS = 8_000_000
"""A reader keeps a sheet as a full rectangle: two cells at opposite corners would otherwise fill the memory."""

_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*)>(?!</)")
_PLACE = re.compile(rb'\sr\s*=\s*["\']([A-Z]{1,3})([0-9]{1,7})["\']')
_CHUNK = 1 << 20
_PRECISE = 10**15


def read_sheets(content: bytes, most_rows: int, most_columns: int) -> Iterator[Sheet]:
    """Each visible sheet: its rows as text from row 1 on, and the numbers of rows that merged areas cover.

    Raises Refused: 422 `file_corrupt`, `file_not_a_table`, `file_password`; 413 `file_too_large`, `too_many_rows`,
    `too_many_columns`.
    """
    _measure(content, most_rows, most_columns)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            for meta in book.sheets_metadata:
                if meta.visible == SheetVisibleEnum.Visible and meta.typ == SheetTypeEnum.WorkSheet:
                    sheet = book.get_sheet_by_name(meta.name)
                    yield ([_text(cell) for cell in row] for row in sheet.iter_rows()), _merged(sheet)
    except PasswordError:
        raise Refused("file_password", "文件设有密码，请取消密码后再导入", 422) from None
    except CalamineError:
        raise Refused("file_corrupt", "文件已损坏或不是 .xlsx，请用表格软件重新另存后再导入", 422) from None


def _measure(content: bytes, most_rows: int, most_columns: int) -> None:
    """Unfold every part once, counted, with checksums checked: what a zip says of itself may be a lie."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in {part.filename for part in parts}:
                raise Refused("file_not_a_table", "这不是 .xlsx 文件，请另存为 .xlsx 后再导入", 422)
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNFOLDED:
                raise Refused("file_too_large", "文件展开后过大，请只保留清单所在的工作表", 413)
            for part in parts:
                with archive.open(part) as stream:
                    extent = _extent(stream)
                _bound(*extent, most_rows, most_columns)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        # zipfile's ways to say no: NotImplementedError for a compression it does not know, RuntimeError for a password
        raise Refused("file_corrupt", "文件已损坏或加密，请用表格软件重新另存后再导入", 422) from None


def _extent(stream: Any) -> tuple[int, int]:
    """The last row and column of a part that hold something. Raises Refused when a cell does not say where it is."""
    rows = columns = 0
    rest = b""
    while chunk := stream.read(_CHUNK):
        text = rest + chunk
        cut = max(text.rfind(b"<", 0, text.rfind(b"<")), 0)  # leaves a tag that may be cut, and the one before it
        text, rest = text[:cut], text[cut:]
        rows, columns = _furthest(text, rows, columns)
    return _furthest(rest, rows, columns)


def _furthest(text: bytes, rows: int, columns: int) -> tuple[int, int]:
    for cell in _CELL.finditer(text):
        attributes = cell.group(1)
        if attributes.endswith(b"/"):
            continue  # a blank cell that is only styled
        place = _PLACE.search(attributes)
        if place is None:
            raise Refused("file_corrupt", "工作表缺少单元格位置，请用表格软件重新另存后再导入", 422)
        column = 0
        for letter in place.group(1):
            column = column * 26 + letter - 64
        rows, columns = max(rows, int(place.group(2))), max(columns, column)
    return rows, columns


def _bound(rows: int, columns: int, most_rows: int, most_columns: int) -> None:
    if rows > most_rows:
        raise Refused("too_many_rows", f"工作表有内容的最后一行是第 {rows} 行，超过上限；请删除多余的行", 413)
    if columns > most_columns:
        raise Refused("too_many_columns", f"超过 {most_columns} 列，请只保留模板中的列", 413)
    if rows * columns > _MOST_CELLS:
        raise Refused("too_many_rows", "工作表的行数乘以列数过大，请删除多余的列或拆分后再导入", 413)


def _merged(sheet: CalamineSheet) -> frozenset[int]:
    """Numbers of the rows, but the first, of each merged area that goes over several."""
    found: set[int] = set()
    for (top, _), (bottom, _) in (sheet.merged_cell_ranges or [])[:10_000]:
        found.update(range(top + 2, min(bottom, top + 100_000) + 2))
    return frozenset(found)


def _text(cell: Any) -> str:
    """A cell as text: whole numbers without a fraction, those beyond a spreadsheet's precision in scientific form."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    if isinstance(cell, int | float) and math.isfinite(cell):
        if abs(cell) >= _PRECISE:
            return f"{cell:.6E}"
        return str(int(cell)) if cell == int(cell) else repr(cell)
    return str(cell).strip()
