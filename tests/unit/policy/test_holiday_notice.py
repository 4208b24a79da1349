"""Official holiday notices as published, read, beside the table; and what is wrong is refused by its line."""

from datetime import date
from pathlib import Path

import pytest

from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.calendar_table import DayRow, csv_of, differing, extended, rows_in, rows_of
from yuqiao.policy.datafile import text_of
from yuqiao.policy.holiday_notice import HOLIDAYS, BadNotice, HolidayNotice, read_notice

TEXTS = {
    year: (Path(__file__).parent / "holiday-notices" / f"{year}.txt").read_text(encoding="utf-8")
    for year in range(2023, 2027)
}
NUMBERS = {
    2023: "国办发明电〔2022〕16号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}
TABLE = rows_in(text_of("calendar.csv"))


def until(year: int) -> list[DayRow]:
    return [row for row in TABLE if row.day.year <= year]


def worked(rows: list[DayRow]) -> dict[date, bool]:
    return {row.day: row.is_working for row in rows}


def next_year() -> HolidayNotice:
    """A notice for 2027 such as there may be one: New Year's Day (a Friday) alone, and 31 December 2026 worked as ever."""
    rest = "；".join(HOLIDAYS[1:])
    return HolidayNotice(2027, "国办发明电〔2026〕0号", {date(2027, 1, 1): "元旦", date(2027, 2, 8): rest}, frozenset())


@pytest.mark.parametrize("year", TEXTS)
def test_a_published_notice_is_the_table_of_its_year(year: int) -> None:
    notice = read_notice(TEXTS[year])
    assert (notice.year, notice.number) == (year, NUMBERS[year])
    assert differing(TABLE, notice) == []
    again = extended(until(year - 1), notice)
    assert worked(again) == worked(until(year))
    assert worked(rows_in(csv_of(again))) == worked(again)


def test_2023_names_its_make_up_days_and_reaches_into_2022() -> None:
    notice = read_notice(TEXTS[2023])
    assert " ".join(f"{day:%m-%d}" for day in sorted(notice.worked)) == "01-28 01-29 04-23 05-06 06-25 10-07 10-08"
    assert notice.free[date(2022, 12, 31)] == "元旦"
    assert notice.free[date(2023, 9, 29)] == "中秋节、国庆节"
    rows = rows_of(notice)
    assert (rows[0].day, rows[-1].day, len(rows)) == (date(2022, 12, 31), date(2023, 12, 31), 366)
    said = {row.day: (row.is_working, row.source) for row in rows}
    assert said[date(2023, 1, 28)] == (True, "国办发明电〔2022〕16号:调休")
    assert said[date(2023, 1, 27)] == (False, "国办发明电〔2022〕16号:春节")
    assert said[date(2023, 1, 30)] == (True, "国办发明电〔2022〕16号")


def test_advice_to_employers_is_no_holiday() -> None:
    notice = read_notice(TEXTS[2024])
    assert date(2024, 2, 9) not in notice.free
    assert worked(rows_of(notice))[date(2024, 2, 9)]


def test_half_width_marks_and_no_number_will_do() -> None:
    text = TEXTS[2026].translate(str.maketrans("（）：，", "():,")).replace(NUMBERS[2026], "")
    notice = read_notice(text)
    assert notice.free == read_notice(TEXTS[2026]).free
    assert notice.number == "关于2026年部分节假日安排的通知"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("关于2026年\n", "关于今年\n", 0, "找不到标题"),
        ("（周四）至3日", "（周五）至3日", 9, "2026-01-01 是周四，不是周五"),
        ("共3天。1月4日", "共4天。1月4日", 9, "为 3 天，须写“共3天”"),
        ("，共3天。1月4日", "。1月4日", 9, "须写“共3天”"),
        ("1月4日（周日）", "1月5日", 9, "2026-01-05 是周一，本就上班"),
        ("1月4日（周日）上班", "1月4日（周日）补班", 9, "看不懂“1月4日（周日）补班”"),
        ("放假调休，共9天", "休息，共9天", 11, "看不懂"),
        ("至23日（农历正月初七、周一）", "至13日（周五）", 11, "止日须在起日之后"),
        ("2月28日", "2月30日", 11, "没有“2月30日（周六）”这一天"),
        ("2月14日（周六）、", "14日（周六）、", 11, "缺少月份"),
        ("4月4日（周六）", "2025年4月4日（周五）", 13, "2025-04-06 是周日，不是周一"),
        ("三、清明节：4月4日（周六）至6日（周一）", "三、清明节：2028年4月4日至6日", 13, "年份有误"),
        ("三、清明节：4月4日（周六）至6日（周一）放假，共3天。", "三、清明节：。", 13, "看不懂"),
        ("四、劳动节：", "四、五一：", 15, "不认识的节日“五一”"),
        ("五、端午节：6月19日（周五）至21日", "五、劳动节：6月19日（周五）至21日", 17, "劳动节已在前面列出"),
        ("9月25日（周五）至27日（周日）", "6月20日（周六）至22日（周一）", 19, "2026-06-20 已是端午节放假"),
        ("六、中秋节：", "六、中秋节", 19, "不成一条"),
        ("七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。", "", 21, "不成一条"),
        ("共7天。9月20日", "共7天。\n9月20日", 22, "不成一条"),
        ("1月4日（周日）上班", "10月3日（周六）上班", 0, "2026-10-03 既放假又上班"),
    ],
)
def test_what_is_wrong_is_refused_by_its_line(old: str, new: str, line: int, said: str) -> None:
    text = TEXTS[2026]
    assert text.count(old) == 1
    with pytest.raises(BadNotice) as refused:
        read_notice(text.replace(old, new))
    assert (refused.value.line, said in str(refused.value)) == (line, True), str(refused.value)


def test_a_missing_holiday_and_any_other_text_are_refused() -> None:
    lines = [line for line in TEXTS[2026].splitlines() if not line.startswith("六、")]
    with pytest.raises(BadNotice, match="缺少中秋节"):
        read_notice("\n".join(lines))
    with pytest.raises(BadNotice, match="找不到标题"):
        read_notice("今天天气很好。")


def test_the_table_grows_by_the_next_year_or_its_last_year_is_replaced() -> None:
    grown = extended(TABLE, next_year())
    assert (grown[-1].day, len(grown)) == (date(2027, 12, 31), len(TABLE) + 365)
    assert worked(grown)[date(2027, 1, 1)] is False
    assert worked(extended(TABLE, read_notice(TEXTS[2026]))) == worked(TABLE)
    assert WorkingCalendar(worked(grown)).horizon == date(2027, 12, 31)


@pytest.mark.parametrize("year", [2025, 2028])
def test_a_year_with_a_gap_before_it_or_one_after_it_is_refused(year: int) -> None:
    notice = HolidayNotice(year, "x", {}, frozenset())
    with pytest.raises(ValueError, match="只能导入 2026 年或 2027 年"):
        extended(TABLE, notice)


def test_a_day_before_the_table_is_left_out() -> None:
    rows = [row for row in TABLE if row.day.year == 2023]
    assert extended(rows, read_notice(TEXTS[2023]))[0].day == date(2023, 1, 1)


def test_where_table_and_notice_differ_is_named() -> None:
    wrong = [DayRow(row.day, True, "") if row.day == date(2023, 1, 2) else row for row in TABLE]
    assert differing(wrong, read_notice(TEXTS[2023])) == [date(2023, 1, 2)]


@pytest.mark.parametrize(
    "text", ["", "day,working\n", "date,is_working,source\n", "date,is_working,source\n2023-01-01,yes,x\n"]
)
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"行须|任何一天"):
        rows_in(text)
