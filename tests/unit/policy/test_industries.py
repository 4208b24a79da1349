"""GB/T 4754: sections and divisions."""

from collections import Counter

import pytest

from yuqiao.policy.industries import divisions, parse_industry


def test_there_are_20_sections_and_97_divisions() -> None:
    assert list(divisions()) == [f"{number:02d}" for number in range(1, 98)]
    sections = Counter(one.section for one in divisions().values())
    assert "".join(sections) == "ABCDEFGHIJKLMNOPQRST"
    assert (sections["C"], sections["S"], sections["K"]) == (31, 6, 1)


@pytest.mark.parametrize(
    ("code", "name"),
    [("C34", "通用设备制造业"), ("C3484", "通用设备制造业"), ("F512", "批发业"), ("T97", "国际组织")],
)
def test_a_code_has_its_division(code: str, name: str) -> None:
    found = parse_industry(code)
    assert found is not None
    assert (found.code, found.division.name) == (code, name)


@pytest.mark.parametrize("code", ["", "C", "34", "C3", "C34845", "c34", "A34", "C98", "C00", "U01", "C３４", "C34\n"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert parse_industry(code) is None
