"""GB/T 4754-2017 down to its classes: the published counts, the tree, and what is no code."""

import re
from collections import Counter

import pytest

from yuqiao.policy.industries import ancestry, industries, industry, parse_industry


def counted(sections: str) -> dict[str, int]:
    return dict(Counter(one.level for one in industries().values() if one.code[0] in sections))


def test_the_counts_are_those_published() -> None:
    assert counted("ABCDEFGHIJKLMNOPQRST") == {"门类": 20, "大类": 97, "中类": 473, "小类": 1382}
    assert counted("BCD") == {"门类": 3, "大类": 41, "中类": 207, "小类": 666}, (
        "41, 207, 666: industry as everybody quotes it"
    )
    assert counted("C") == {"门类": 1, "大类": 31, "中类": 179, "小类": 609}


def test_divisions_are_numbered_through_and_codes_are_in_order() -> None:
    codes = list(industries())
    assert [code[1:] for code in codes if len(code) == 3] == [f"{number:02d}" for number in range(1, 98)]
    assert codes == sorted(codes)


def test_every_code_stands_below_its_parent() -> None:
    for one in industries().values():
        assert one.parent == ("" if len(one.code) == 1 else one.code[0] if len(one.code) == 3 else one.code[:-1])
        assert one.parent in {"", *industries()}
        assert one.name.strip() == one.name != ""
    with_children = {one.parent for one in industries().values()}
    assert all(one.code in with_children for one in industries().values() if one.level != "小类")


def test_a_group_with_one_class_shares_its_name() -> None:
    for one in industries().values():
        if one.level == "小类" and one.code.endswith("0"):
            assert one.name == industry(one.parent).name


@pytest.mark.parametrize(
    ("code", "level", "name"),
    [
        ("C", "门类", "制造业"),
        ("C34", "大类", "通用设备制造业"),
        ("C348", "中类", "通用零部件制造"),
        ("C3484", "小类", "机械零部件加工"),
        ("C3612", "小类", "新能源车整车制造"),
        ("F5292", "小类", "互联网零售"),
        ("G593", "中类", "低温仓储"),
        ("O8052", "小类", "足浴服务"),
        ("R9051", "小类", "文化活动服务"),
        ("S9231", "小类", "监察委员会"),
        ("T9700", "小类", "国际组织"),
    ],
)
def test_a_code_has_its_level_and_name(code: str, level: str, name: str) -> None:
    found = industry(code)
    assert (found.code, found.level, found.name) == (code, level, name)


def test_a_code_knows_what_it_belongs_to() -> None:
    assert [one.name for one in ancestry("C3670")] == [
        "制造业",
        "汽车制造业",
        "汽车零部件及配件制造",
        "汽车零部件及配件制造",
    ]


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("C3498", "C349（其他通用设备制造业）之下有 C3491（工业机器人制造）"),
        ("C3499X", "须为门类字母"),
        ("A34", "应为 C34（通用设备制造业）"),
        ("A3484", "应为 C3484（机械零部件加工）"),
        ("C340", "C34（通用设备制造业）之下有 C341"),
        ("C3409", "C34（通用设备制造业）之下有 C341"),
        ("C99", "C（制造业）之下有 C13（农副食品加工业）"),
        ("Z99", "须为门类字母"),
        ("3484", "须为门类字母"),
        ("", "须为门类字母"),
    ],
)
def test_an_unknown_code_is_refused_with_what_would_be_right(code: str, right: str) -> None:
    with pytest.raises(ValueError, match=re.escape(right)):
        industry(code)


@pytest.mark.parametrize(
    "code", ["", "C", "34", "C3", "C34845", "c34", "A34", "C98", "C00", "U01", "C３４", "C34\n", "C3498", "C340"]
)
def test_what_is_no_code_is_none(code: str) -> None:
    assert parse_industry(code) is None
