"""CSV as people send it: UTF-8 with or without BOM, UTF-16, GBK/GB 18030; comma, semicolon or tab; quoted line breaks."""

import codecs
import csv
import io
from collections.abc import Iterator

from yuqiao.runtime.messages import Refused

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_ENCODINGS = ("utf-8", "gb18030")
_DELIMITERS = ",;\t，"
_MOST_DELIMITERS = 2_000
"""In one row, those inside its texts too."""
_NOT_A_TABLE = "无法识别该文件，请导入 .xlsx，或 UTF-8、GBK 编码的 CSV"


def read_rows(content: bytes) -> Iterator[list[str]]:
    """The rows as text. Raises Refused: 422 `file_not_a_table`, `file_corrupt`; 413 `too_many_columns`."""
    text = _decoded(content)
    if "\0" in text:
        raise Refused("file_not_a_table", _NOT_A_TABLE, 422)
    delimiter, seen = _delimiter(text), 0

    def lines() -> Iterator[str]:
        """Each line, unless its row, which may go over several, would be split without end."""
        nonlocal seen
        for line in io.StringIO(text, newline=""):
            seen += line.count(delimiter)
            if seen > _MOST_DELIMITERS:
                raise Refused("too_many_columns", f"一行超过 {_MOST_DELIMITERS} 个分隔符，请只保留模板中的列", 413)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    try:
        for cells in reader:
            seen = 0
            yield [cell.strip() for cell in cells]
    except csv.Error:
        raise Refused(
            "file_corrupt", f"CSV 第 {reader.line_num} 行附近格式有误（引号不成对或单元格过长）", 422
        ) from None


def _decoded(content: bytes) -> str:
    encodings = next(((name,) for bom, name in _BOMS.items() if content.startswith(bom)), _ENCODINGS)
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("file_not_a_table", _NOT_A_TABLE, 422)


def _delimiter(text: str) -> str:
    """The delimiter that the fullest of the first lines has most of."""
    lines = text[:20_000].splitlines()[:20]
    counts = {d: max((line.count(d) for line in lines), default=0) for d in _DELIMITERS}
    return max(counts, key=lambda d: counts[d])
