"""Terms and codes."""

import pytest
from pydantic import ValidationError

from yuqiao.policy.states import CodeList, code_of, kinds, known_codes, term


def test_every_code_finds_its_term_and_back() -> None:
    for kind in kinds():
        for code in known_codes(kind):
            assert code_of(kind, term(kind, code)) == code


def test_lists_are_as_long_as_they_should_be() -> None:
    assert known_codes("case_stage") == ("registered", "waiting", "offered", "in_process", "resolved")
    assert len(known_codes("offer_stage")) == 12
    assert len(known_codes("case_outcome")) == 7
    towns = [term("region", code) for code in known_codes("region")]
    assert sum(name.endswith("镇") for name in towns) == 11
    assert sum(name.endswith("街道") for name in towns) == 19


def test_an_unknown_code_is_its_own_term_and_an_unknown_kind_an_error() -> None:
    assert term("tag", "new_thing") == "new_thing"
    assert code_of("tag", "无此用语") is None
    with pytest.raises(KeyError):
        term("nothing", "x")


def test_one_term_for_two_codes_is_refused() -> None:
    with pytest.raises(ValidationError, match="多个代码"):
        CodeList(term="甲", codes={"a": "一", "b": "一"})
