"""Files: what they are is found out from what is in them; the rest is refused clearly and fast."""

import contextlib
import io
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

import deploy.sample
from deploy.sample.make_sample import COLUMNS
from services.intake.columns import is_header_row
from services.intake.sheet import Table, read_table
from tests.unit.intake.samples import csv_bytes, row
from yuqiao.runtime.messages import Refused

SAMPLE = Path(deploy.sample.__file__).with_name("need-list.xlsx").read_bytes()


def read(content: bytes) -> Table:
    return read_table(content, is_header_row)


def code(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(content)
    assert refused.value.status in (413, 422)
    return refused.value.code


def xlsx(fill: Callable[[Any, Any], object]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        fill(book, book.add_worksheet("清单"))
    return target.getvalue()


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one of its parts changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            copy.writestr(name, change(source.read(name)) if name == part else source.read(name))
    return target.getvalue()


SMALL = xlsx(lambda _, sheet: [sheet.write_row(0, 0, COLUMNS), sheet.write_row(1, 0, list(row(1).values()))])
FIRST_SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_every_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    table = read(csv_bytes([row(1, 备注='两行\n和"引号",逗号;分号')], encoding, delimiter))
    assert table.header == COLUMNS
    assert table.rows[0].cells[-1] == '两行\n和"引号",逗号;分号'


def test_a_title_above_the_header_is_skipped_and_rows_are_counted_as_the_file_does() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.merge_range(0, 2, 0, 9, "重点领域融资需求清单")
        sheet.write_row(2, 2, COLUMNS)
        sheet.write_row(5, 2, list(row(1).values()))

    table = read(xlsx(fill))
    assert (table.header, table.rows[0].number, table.rows[0].cells[0]) == (COLUMNS, 6, "A-1")


def test_cells_become_text() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, COLUMNS)
        sheet.write_number(1, 0, 915001120000000000)
        sheet.write_number(1, 1, 12)
        sheet.write_number(1, 2, 0.1)
        sheet.write_boolean(1, 3, True)
        sheet.write_datetime(1, 4, date(2023, 6, 30), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_formula(1, 5, "=1+1")
        sheet.write_formula(1, 6, "=1/0", None, "#DIV/0!")

    cells = read(xlsx(fill)).rows[0].cells
    assert cells[:6] == ("9.150011E+17", "12", "0.1", "是", "2023-06-30", "0")


def test_rows_in_a_merged_area_are_marked() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, COLUMNS)
        for line in (1, 2, 3):
            sheet.write_row(line, 1, list(row(line).values())[1:])
        sheet.merge_range(1, 0, 2, 0, "A-1")

    assert [r.merged for r in read(xlsx(fill)).rows] == [False, True, False]


def test_the_first_sheet_with_the_header_is_taken_and_hidden_ones_are_not() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write(0, 0, "说明")
        hidden = book.add_worksheet("旧")
        hidden.hide()
        for target, number in ((hidden, 1), (book.add_worksheet("新"), 2)):
            target.write_row(0, 0, COLUMNS)
            target.write_row(1, 0, list(row(number).values()))

    assert read(xlsx(fill)).rows[0].cells[0] == "A-2"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "file_empty"),
        (b" \n ", "file_empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_xls"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "file_password",
        ),
        (b"PK\x03\x04 nothing more", "file_corrupt"),
        (SAMPLE[: len(SAMPLE) // 2], "file_corrupt"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "file_not_a_table"),
        (b"\xff\xfe\xff", "file_not_a_table"),
        (b"a,b,c\n1,2,3\n", "header_missing"),
        (csv_bytes([]), "list_empty"),
        (csv_bytes([row(1)]) + b'"' + b"x" * 200_000, "file_corrupt"),
        (b"," * 1000 + csv_bytes([row(1)]), "too_many_columns"),
        (b"," * 30_000_000, "too_many_columns"),
        (b',"\n"' * 7_000_000, "too_many_columns"),
    ],
)
def test_what_is_no_list_is_refused_by_its_own_code(content: bytes, expected: str) -> None:
    began = time.process_time()
    assert code(content) == expected
    assert time.process_time() - began < 2


def test_too_many_bytes_and_rows_are_refused() -> None:
    assert code(b"x" * (50 * 1024 * 1024 + 1)) == "file_too_large"
    assert code(csv_bytes([row(1)]) + b"x\n" * 200_000) == "too_many_rows"


def test_another_office_file_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert code(target.getvalue()) == "file_not_a_table"


def test_a_zip_bomb_is_refused_before_it_unfolds() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<w/>")
        for number in range(5):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(100 * 1024 * 1024))
    started = time.process_time()
    assert code(target.getvalue()) == "file_too_large"
    assert time.process_time() - started < 1


def test_a_zip_that_lies_about_its_size_is_refused() -> None:
    content = bytearray(changed(SMALL, FIRST_SHEET, lambda text: text + b" " * 10_000_000))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo(FIRST_SHEET).file_size.to_bytes(4, "little")
    assert content.count(size) >= 1
    assert code(bytes(content).replace(size, (100).to_bytes(4, "little"))) == "file_corrupt"


@pytest.mark.parametrize("place", [("XFD", 1048576), ("A", 1048576), ("XFD", 1), ("GR", 150_000)])
def test_a_cell_at_the_far_corner_does_not_fill_the_memory(place: tuple[str, int]) -> None:
    far = f'<row r="{place[1]}"><c r="{place[0]}{place[1]}"><v>1</v></c></row></sheetData>'.encode()
    started = time.process_time()
    assert code(changed(SMALL, FIRST_SHEET, lambda text: text.replace(b"</sheetData>", far))).startswith("too_many_")
    assert time.process_time() - started < 1


def test_cells_without_a_place_are_refused() -> None:
    bare = b"<row><c><v>1</v></c></row></sheetData>"
    assert code(changed(SMALL, FIRST_SHEET, lambda text: text.replace(b"</sheetData>", bare))) == "file_corrupt"


def test_a_million_blank_styled_rows_are_no_rows() -> None:
    blank = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (n, n) for n in range(3, 1_048_577, 7))
    content = changed(SMALL, FIRST_SHEET, lambda text: text.replace(b"</sheetData>", blank + b"</sheetData>"))
    assert len(read(content).rows) == 1


def test_entities_are_not_unfolded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    with contextlib.suppress(Refused):
        assert "aaaaaaaaaa" not in str(read(changed(SMALL, "xl/sharedStrings.xml", lambda _: bomb)))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_workbook_is_refused_or_read(data: st.DataObject) -> None:
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Refused):
        read(bytes(content))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_workbook_with_damaged_xml_is_refused_or_read(data: st.DataObject) -> None:
    part = data.draw(st.sampled_from([FIRST_SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]))

    def damage(text: bytes) -> bytes:
        place = data.draw(st.integers(0, len(text) - 1))
        return text[:place] + data.draw(st.binary(max_size=6)) + text[place + data.draw(st.integers(0, 9)) :]

    with contextlib.suppress(Refused):
        read(changed(SMALL, part, damage))


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    with contextlib.suppress(Refused):
        read(content)
