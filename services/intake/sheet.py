"""A file becomes a table of text: .xlsx or CSV by what is in it, not by its name; bounded; a clear refusal for the rest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.intake import csvfile, workbook
from yuqiao.runtime.messages import Refused

MOST_BYTES = 50 * 1024 * 1024
MOST_ROWS = 200_000
MOST_COLUMNS = 200
_HEADER_WITHIN = 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

IsHeader = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that is not blank: its number in the file (from 1), its cells as text, whether a merged area covers part of it."""

    number: int
    cells: tuple[str, ...]
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: the header's cells, and the rows below it."""

    header: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def read_table(content: bytes, is_header: IsHeader) -> Table:
    """The table in a file, below its header row (found within the first 20 rows; a title above it is skipped).

    Raises Refused: 413 `file_too_large`, `too_many_rows`, `too_many_columns`; 422 `file_empty`, `file_password`, `file_xls`,
    `file_not_a_table`, `file_corrupt`, `header_missing`, `list_empty`.
    """
    if len(content) > MOST_BYTES:
        raise Refused("file_too_large", "文件超过 50 MiB，请拆分后再导入", 413)
    if not content.strip():
        raise Refused("file_empty", "文件是空的", 422)
    if content.startswith(_OLE):
        _refuse_old_format(content)
    if content.startswith(b"PK"):
        sheets = workbook.read_sheets(content, MOST_ROWS + _HEADER_WITHIN, MOST_COLUMNS)
    else:
        sheets = iter([(csvfile.read_rows(content), frozenset())])
    for rows, merged in sheets:
        table = _below_header(rows, merged, is_header)
        if table is not None:
            return table
    raise Refused("header_missing", f"前 {_HEADER_WITHIN} 行内没有找到表头，请使用清单模板的列名", 422)


def _refuse_old_format(content: bytes) -> None:
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Refused("file_password", "文件设有密码，请取消密码后再导入", 422)
    raise Refused("file_xls", "这是旧版 .xls 文件，请另存为 .xlsx 后再导入", 422)


def _below_header(rows: Iterable[Sequence[str]], merged: frozenset[int], is_header: IsHeader) -> Table | None:
    header: tuple[str, ...] | None = None
    found: list[SheetRow] = []
    for number, cells in enumerate(rows, start=1):
        if header is None:
            if number > _HEADER_WITHIN:
                return None
            if is_header(cells):
                header = _trimmed(cells)
        elif any(cells):
            found.append(SheetRow(number, tuple(cells[: len(header)]), number in merged))
            if len(found) > MOST_ROWS:
                raise Refused("too_many_rows", f"超过 {MOST_ROWS} 行，请拆分后再导入", 413)
    if header is None:
        return None
    if not found:
        raise Refused("list_empty", "表头下没有数据", 422)
    return Table(header, tuple(found))


def _trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    """The header without blank cells at its end."""
    last = max(place for place, cell in enumerate(cells) if cell)
    if last >= MOST_COLUMNS:
        raise Refused("too_many_columns", f"超过 {MOST_COLUMNS} 列，请只保留模板中的列", 413)
    return tuple(cells[: last + 1])
