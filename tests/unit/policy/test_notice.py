"""The measures beside the notice: notice.txt is the 17 clauses of 渝北金〔2022〕16号 as published, page breaks included."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from yuqiao.policy.measures import Measure, measure, measures

NOTICE = (Path(__file__).parent / "notice.txt").read_text(encoding="utf-8")
NUMERALS = [*"一二三四五六七八九十", *(f"十{one}" for one in "一二三四五六七")]
BODIES = re.compile(r"（(?:牵头单位：(?P<lead>[^；，]+)[；，])?责任单位：(?P<responsible>[^）]+)）$")


def squeezed(text: str) -> str:
    """Without any white space: a line or page break within a clause says nothing."""
    return "".join(text.split())


def clauses(notice: str) -> dict[str, str]:
    """Each clause by its numeral, from its number to the bracket that names the bodies; headings 一、 to 四、 are between."""
    found = re.findall(r"[（(]([一二三四五六七八九十]+)[）)](.+?责任单位：[^）]+）)", squeezed(notice))
    return dict(found)


def unlike(rows: Iterable[Measure], notice: str) -> Iterator[str]:
    """Where a measure is not what its clause says: the text, who leads, who is responsible."""
    published = clauses(notice)
    for row in rows:
        clause = published.get(row.clause, "")
        if re.sub(r"^[（(][^）)]+[）)]", "", squeezed(row.text)) != clause or squeezed(row.text) not in squeezed(
            notice
        ):
            yield f"{row.clause}: text"
        named = BODIES.search(clause)
        if named is None or "、".join(row.lead) != (named["lead"] or ""):
            yield f"{row.clause}: lead"
        if named is None or "、".join(row.responsible) != named["responsible"]:
            yield f"{row.clause}: responsible"


def test_the_notice_has_17_clauses_and_each_measure_is_its_clause() -> None:
    assert list(clauses(NOTICE)) == NUMERALS == [row.clause for row in measures()]
    assert list(unlike(measures(), NOTICE)) == []


def test_three_is_not_led_by_the_finance_office_and_five_by_nobody() -> None:
    assert "（牵头单位：区经济信息委，责任单位：区金融办、区科技局）" in clauses(NOTICE)["三"]
    assert measure(3).lead == ("区经济信息委",)
    assert "牵头" not in clauses(NOTICE)["五"]
    assert (measure(5).lead, measure(5).configured_lead) == ((), "区商务委")


def test_fourteen_asks_banks_but_makes_all_financial_institutions_responsible() -> None:
    assert "各银行机构要与受新冠疫情影响" in clauses(NOTICE)["十四"]
    assert measure(14).responsible == ("各金融机构",)


@pytest.mark.parametrize(
    ("number", "change", "found"),
    [
        (2, {"text": measure(2).text.replace("10% 以上", "10 个百分点以上")}, "二: text"),
        (4, {"text": measure(4).text.replace("0.8%", "0.8％")}, "四: text"),
        (6, {"text": measure(7).text}, "六: text"),
        (3, {"lead": ("区金融办",)}, "三: lead"),
        (5, {"lead": ("区商务委",)}, "五: lead"),
        (9, {"responsible": ("各银行机构",)}, "九: responsible"),
        (7, {"responsible": ("相关镇街", "各银行机构")}, "七: responsible"),
    ],
)
def test_what_the_notice_does_not_say_is_found(number: int, change: dict[str, object], found: str) -> None:
    assert list(unlike([measure(number).model_copy(update=change)], NOTICE)) == [found]


def test_a_changed_notice_is_found() -> None:
    assert list(unlike(measures(), NOTICE.replace("区经济信息委", "区金融办"))) == ["三: text", "三: lead"]
