"""The taxonomy of decline reasons."""

import pytest
from pydantic import ValidationError

from yuqiao.policy.decline_reasons import DeclineReason, known, reason
from yuqiao.policy.states import known_codes


def test_the_taxonomy_is_complete() -> None:
    assert " ".join(known()) == (
        "N1 N2 N3 N4 E1 E2 E3 E4 E5 C1 C2 C3 C4 C5 F1 F2 F3 F4 G1 G2 G3 D1 D2 D3 U1 B1 B2 B3 X"
    )
    assert reason("Z9") is None


def test_only_the_time_limit_sets_b3() -> None:
    assert [code for code in known() if (one := reason(code)) and one.system_only] == ["B3"]


def test_a_need_that_is_not_offered_on_ends_with_a_known_outcome() -> None:
    ends = {code: one.outcome for code in known() if (one := reason(code)) and not one.reroute}
    assert ends == {
        "N1": "no_need",
        "N2": "withdrawn",
        "N4": "removed",
        "E3": "no_bank",
        "D2": "no_bank",
        "D3": "consent_missing",
        "U1": "no_bank",
    }
    assert set(ends.values()) <= set(known_codes("case_outcome"))


def test_other_needs_a_note() -> None:
    other = reason("X")
    assert other is not None
    assert other.note_required


def test_an_incomplete_reason_is_refused() -> None:
    with pytest.raises(ValidationError, match="outcome"):
        DeclineReason(code="N9", term="无", axis="need", repairable=False, owner_dept=None, reroute=False)
    with pytest.raises(ValidationError, match="owner_dept"):
        DeclineReason(code="N9", term="无", axis="need", repairable=True, owner_dept=None, reroute=True)
