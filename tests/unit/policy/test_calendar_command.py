"""`yuqiao policy calendar`: a notice's days, printed, compared, written; wrong input ends with exit 2 and its line."""

import json
import os
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.calendar_table import csv_of, rows_in
from yuqiao.policy.datafile import text_of

NOTICES = Path(__file__).parent / "holiday-notices"
run = CliRunner()


def ask(*words: str) -> tuple[int, str, str]:
    done = run.invoke(app, ["policy", "calendar", *words])
    return done.exit_code, done.stdout, done.stderr


def until_2025(path: Path) -> Path:
    rows = [row for row in rows_in(text_of("calendar.csv")) if row.day.year <= 2025]
    path.write_text(csv_of(rows), encoding="utf-8")
    return path


def test_a_notice_is_printed_as_days() -> None:
    code, out, err = ask(str(NOTICES / "2023.txt"))
    assert (code, err) == (0, "")
    rows = rows_in(out)
    assert (rows[0].day, rows[0].source) == (date(2022, 12, 31), "国办发明电〔2022〕16号:元旦")
    assert len(rows) == 366


def test_a_notice_is_told_in_json_beside_the_installed_table() -> None:
    code, out, _ = ask(str(NOTICES / "2026.txt"), "--json")
    told = json.loads(out)
    assert (code, told["year"], told["notice"], told["differs"]) == (0, 2026, "国办发明电〔2025〕7号", [])
    assert told["worked"] == ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
    assert told["free"][0] == {"date": "2026-01-01", "holiday": "元旦"}
    assert (told["written"], told["horizon"]) == (None, "2026-12-31")


def test_a_calendar_is_extended(tmp_path: Path) -> None:
    path = until_2025(tmp_path / "calendar.csv")
    assert WorkingCalendar.load(path).add_working_days(date(2025, 12, 31), 1).provisional
    code, _, err = ask(str(NOTICES / "2026.txt"), "--write", str(path))
    assert (code, "工作日历至 2026-12-31" in err) == (0, True)
    due = WorkingCalendar.load(path).add_working_days(date(2025, 12, 31), 1)
    assert (due.due, due.provisional) == (date(2026, 1, 4), False)


def test_a_new_calendar_starts_from_the_installed_one(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    assert ask(str(NOTICES / "2026.txt"), "--write", str(path))[0] == 0
    assert len(rows_in(path.read_text(encoding="utf-8"))) == len(rows_in(text_of("calendar.csv")))


def test_what_differs_is_said(tmp_path: Path) -> None:
    path = tmp_path / "calendar.csv"
    path.write_text(text_of("calendar.csv").replace("2026-01-02,0", "2026-01-02,1"), encoding="utf-8")
    assert "2026-01-02" in ask(str(NOTICES / "2026.txt"), "--write", str(path))[2]
    assert "2026-01-02,0,国办发明电〔2025〕7号:元旦" in path.read_text(encoding="utf-8"), "the notice decides"


def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    wrong = tmp_path / "notice.txt"
    text = (NOTICES / "2026.txt").read_text(encoding="utf-8")
    wrong.write_text(text.replace("1月4日（周日）", "1月4日（周六）"), encoding="utf-8")
    table = until_2025(tmp_path / "calendar.csv")
    before = table.read_bytes()
    code, out, err = ask(str(wrong), "--write", str(table))
    assert (code, out) == (2, "")
    assert "第 9 行" in err
    assert "是周日，不是周六" in err
    assert ask(str(NOTICES / "2023.txt"), "--write", str(table))[0] == 2, "2025 is the last year: 2023 comes too late"
    assert "只能导入 2025 年或 2026 年" in ask(str(NOTICES / "2023.txt"), "--write", str(table))[2]
    assert table.read_bytes() == before
    assert ask(str(tmp_path / "nowhere.txt"))[0] == 2
    table.write_text("nothing", encoding="utf-8")
    assert "calendar_invalid" in ask(str(NOTICES / "2026.txt"), "--write", str(table))[2]


def test_a_calendar_that_cannot_be_written_is_refused_by_its_path(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "x.csv", tmp_path):
        code, out, err = ask(str(NOTICES / "2026.txt"), "--write", str(path))
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert f"write 的值 {path} 有误：" in err
    assert (
        "须为已有目录中可写的文件" in ask(str(NOTICES / "2026.txt"), "--write", str(tmp_path / "nowhere" / "x.csv"))[2]
    )


def test_a_calendar_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = until_2025(tmp_path / "calendar.csv")
    before, readable_as = path.read_bytes(), path.stat().st_mode

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", full)
        assert ask(str(NOTICES / "2026.txt"), "--write", str(path))[0] == 2
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])
    (tmp_path / "link.csv").symlink_to(path)
    assert ask(str(NOTICES / "2026.txt"), "--write", str(tmp_path / "link.csv"))[0] == 0
    assert path.read_bytes() != before
    assert (tmp_path / "link.csv").is_symlink()
    assert path.stat().st_mode == readable_as, "others read it too"


@pytest.mark.parametrize("day", ["2026-13-01", "20260101", "2026-02-30", ""])
def test_a_day_of_the_calendar_that_is_none_is_refused_in_chinese(tmp_path: Path, day: str) -> None:
    path = tmp_path / "calendar.csv"
    path.write_text(f"date,is_working,source\n{day},0,x\n", encoding="utf-8")
    code, _, err = ask(str(NOTICES / "2026.txt"), "--write", str(path))
    assert (code, f"第 2 行的日期 {day} 有误：须为存在的日期，如 2026-01-01" in err) == (2, True), err
