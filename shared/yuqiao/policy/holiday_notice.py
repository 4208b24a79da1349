"""国务院办公厅关于…年部分节假日安排的通知, read: free days, worked weekends. What is wrong is refused by its line."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

HOLIDAYS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
WEEKDAYS = "一二三四五六日"
EXAMPLE = "一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。"
_PLAIN = str.maketrans("():,;", "（）：，；")
_TITLE = re.compile(r"关于(20[0-9]{2})年部分节假日安排的通知")
_NUMBER = re.compile(r"国办发(?:明电)?〔20[0-9]{2}〕[0-9]+号")
_DAY = r"(?:[0-9]{4}年)?(?:[0-9]{1,2}月)?[0-9]{1,2}日(?:（[^）]*）)?"
_ONE_DAY = re.compile(r"(?:([0-9]{4})年)?(?:([0-9]{1,2})月)?([0-9]{1,2})日(?:（([^）]*)）)?")
_ITEM = re.compile(r"[一二三四五六七八九十]+、([^：]+)：(.+)")
_FREE = re.compile(
    rf"({_DAY})(?:至({_DAY}))?放假(?:调休)?(?:([0-9]+)天)?(?:，共([0-9]+)天)?(?:，(?:与周末连休|不调休))?"
)
_A_CLAUSE_IN_PART = re.compile(rf"^[一二三四五六七八九十]+、|(?:{'|'.join(HOLIDAYS)})：|{_DAY}放假|上班")
_WORKED = re.compile(rf"((?:{_DAY}、)*{_DAY})上班")


class BadNotice(ValueError):
    """No usable notice: the number of the line (0: the whole text), and what would be right."""

    def __init__(self, line: int, text: str) -> None:
        """`line` counts from 1."""
        super().__init__(f"第 {line} 行：{text}" if line else text)
        self.line = line


@dataclass(frozen=True, slots=True)
class HolidayNotice:
    """What a notice says: `free` days with their holiday, weekends `worked` (调休). Some lie in the December before."""

    year: int
    number: str
    free: dict[date, str]
    worked: frozenset[date]


def read_notice(text: str) -> HolidayNotice:
    """The notice of a text, one clause a line as published. Raises BadNotice: nothing is guessed or left out."""
    found = _TITLE.search("".join(text.split()))
    if found is None:
        raise BadNotice(0, "找不到标题：须有“国务院办公厅关于2026年部分节假日安排的通知”")
    number = _NUMBER.search("".join(text.split()))
    free: dict[date, str] = {}
    worked: set[date] = set()
    for line, raw in enumerate(text.splitlines(), 1):
        said = "".join(raw.split()).translate(_PLAIN)
        item = _ITEM.fullmatch(said)
        if item is not None:
            _read_item(line, item[1], item[2], int(found[1]), free, worked)
        elif _A_CLAUSE_IN_PART.search(said):
            raise BadNotice(line, f"“{said}”不成一条：须如“{EXAMPLE}”，每条一行")
    _complete(free, worked)
    return HolidayNotice(int(found[1]), number[0] if number else found[0], free, frozenset(worked))


def _read_item(line: int, names: str, said: str, year: int, free: dict[date, str], worked: set[date]) -> None:
    for name in names.split("、"):
        if name not in HOLIDAYS:
            raise BadNotice(line, f"不认识的节日“{name}”：须为{'、'.join(HOLIDAYS)}")
        if any(name in one.split("、") for one in free.values()):
            raise BadNotice(line, f"{name}已在前面列出：每个节日只列一次")
    first, *others = [sentence for sentence in said.split("。") if sentence] or [""]
    for day in _free_days(line, first, year):
        if day in free:
            raise BadNotice(line, f"{day} 已是{free[day]}放假：日期有误")
        free[day] = names
    for sentence in others:
        if not sentence.startswith("鼓励"):  # advice to employers, no rule
            worked.update(_worked_days(line, sentence, year))


def _free_days(line: int, said: str, year: int) -> list[date]:
    found = _FREE.fullmatch(said)
    if found is None:
        raise BadNotice(line, f"看不懂“{said}”：须如“1月1日（周四）至3日（周六）放假调休，共3天”")
    first = _day(line, found[1], year, None)
    last = _day(line, found[2], first.year, first.month) if found[2] else first
    length = (last - first).days + 1
    if length < 1 or length > 15:
        raise BadNotice(line, f"“{said}”自 {first} 至 {last}：止日须在起日之后，且在半个月之内；跨年的须写年份")
    counts = [int(count) for count in found.group(3, 4) if count]
    if counts != [length] and (counts or length > 1):
        raise BadNotice(line, f"{first} 至 {last} 为 {length} 天，须写“共{length}天”：日期或天数有误")
    return [_near(line, first + timedelta(days=i), year) for i in range(length)]


def _worked_days(line: int, said: str, year: int) -> list[date]:
    found = _WORKED.fullmatch(said)
    if found is None:
        raise BadNotice(line, f"看不懂“{said}”：须如“1月28日（星期六）、1月29日（星期日）上班”")
    days = [_near(line, _day(line, one[0], year, None), year) for one in _ONE_DAY.finditer(found[1])]
    for day in days:
        if day.weekday() < 5:
            raise BadNotice(line, f"{day} 是周{WEEKDAYS[day.weekday()]}，本就上班：调休上班日须为周六或周日")
    return days


def _day(line: int, said: str, year: int, month: int | None) -> date:
    """One day; year and month are those before it where it does not say. A weekday that it says must be right."""
    parts = _ONE_DAY.fullmatch(said)
    if parts is None or (parts[2] is None and month is None):
        raise BadNotice(line, f"“{said}”缺少月份：须如“1月3日”")
    try:
        day = date(int(parts[1] or year), int(parts[2] or month or 0), int(parts[3]))
    except ValueError:
        raise BadNotice(line, f"没有“{said}”这一天：请核对日期") from None
    weekday = re.search(r"(?:星期|周)(.)", parts[4] or "")
    right = WEEKDAYS[day.weekday()]
    if weekday and weekday[1].replace("天", "日") != right:
        raise BadNotice(line, f"“{said}”：{day} 是周{right}，不是周{weekday[1]}：日期、星期或年份有误")
    return day


def _near(line: int, day: date, year: int) -> date:
    if not date(year - 1, 12, 1) <= day <= date(year, 12, 31):
        raise BadNotice(line, f"{day} 不在 {year} 年，也不在上一年 12 月：年份有误")
    return day


def _complete(free: dict[date, str], worked: set[date]) -> None:
    named = {name for one in free.values() for name in one.split("、")}
    missing = [name for name in HOLIDAYS if name not in named]
    if missing:
        raise BadNotice(0, f"缺少{'、'.join(missing)}：七个节日都须有一条，如“{EXAMPLE}”")
    both = sorted(worked & free.keys())
    if both:
        raise BadNotice(0, f"{both[0]} 既放假又上班：日期有误")
