"""`yuqiao policy calendar`: an official holiday notice becomes days of the calendar."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from deploy.asking import AsJson
from deploy.policy_files import refuse, unreadable, wrong
from deploy.stack.files import replace
from yuqiao.contracts.values import Reason
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.calendar_table import DayRow, csv_of, differing, extended, rows_in, rows_of
from yuqiao.policy.datafile import text_of
from yuqiao.policy.holiday_notice import BadNotice, HolidayNotice, read_notice


def calendar(
    file: Annotated[Path, typer.Argument(help="the text of 国务院办公厅关于…年部分节假日安排的通知")],
    write: Annotated[
        Path | None, typer.Option(help="the calendar to extend; the installed one if it is not there")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The days of an official holiday notice, as CSV: its year, and what it moves in the December before."""
    notice = _notice(file)
    table = _table(write)
    differs = differing(table, notice)
    if write is not None:
        table = _extended(table, notice)
        _write(write, table)
    if as_json:
        typer.echo(json.dumps(_told(notice, table, differs, write), ensure_ascii=False, indent=1))
        return
    typer.echo(csv_of(rows_of(notice)), nl=False)
    if differs:
        typer.echo(f"与原日历不同的日子：{'、'.join(str(day) for day in differs)}", err=True)
    if write is not None:
        typer.echo(f"已写入 {write}，工作日历至 {table[-1].day}", err=True)


def _notice(file: Path) -> HolidayNotice:
    try:
        return read_notice(file.read_text(encoding="utf-8"))
    except BadNotice as bad:
        refuse(Reason(code="notice_invalid", text=f"{file} {bad}"))
    except (OSError, UnicodeDecodeError) as error:
        refuse(wrong("file", str(file), unreadable(error), "file_unreadable"))


def _table(write: Path | None) -> list[DayRow]:
    if write is None or not write.exists():
        return rows_in(text_of("calendar.csv"))
    try:
        return rows_in(write.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        refuse(wrong("write", str(write), unreadable(error), "file_unreadable"))
    except ValueError as error:
        refuse(wrong("write", str(write), f"不是工作日历：{error}", "calendar_invalid"))


def _extended(table: list[DayRow], notice: HolidayNotice) -> list[DayRow]:
    try:
        found = extended(table, notice)
        WorkingCalendar({row.day: row.is_working for row in found})
    except ValueError as error:
        refuse(Reason(code="calendar_year", text=str(error)))
    return found


def _write(path: Path, table: list[DayRow]) -> None:
    """Whole or not at all: a service may be reading it."""
    try:
        replace(path.resolve(), csv_of(table), mode=0o644)
    except OSError as error:
        right = f"写不了：{type(error).__name__}，须为已有目录中可写的文件，如 shared/yuqiao/policy/data/calendar.csv"
        refuse(wrong("write", str(path), right, "file_unwritable"))


def _told(notice: HolidayNotice, table: list[DayRow], differs: list[date], write: Path | None) -> dict[str, object]:
    return {
        "year": notice.year,
        "notice": notice.number,
        "free": [{"date": str(day), "holiday": name} for day, name in sorted(notice.free.items())],
        "worked": [str(day) for day in sorted(notice.worked)],
        "differs": [str(day) for day in differs],
        "written": None if write is None else str(write),
        "horizon": str(table[-1].day),
    }
