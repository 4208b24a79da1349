"""The glossary names every code of the lists it explains."""

import re
from pathlib import Path

import pytest

from yuqiao.policy.states import known_codes
from yuqiao.policy.time_limits import TimeLimits, default_path

GLOSSARY = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text(encoding="utf-8")
CODES = set(re.findall(r"`([a-z_]+)`", GLOSSARY))


EXPLAINED = (
    "case_stage case_outcome offer_stage need_kind channel guarantee_mode tag size_class entity_kind routing_mode party "
    "contact_method issue_category"
)


@pytest.mark.parametrize("kind", EXPLAINED.split())
def test_every_code_is_in_the_glossary(kind: str) -> None:
    assert set(known_codes(kind)) <= CODES


def test_every_limit_is_in_the_glossary() -> None:
    assert set(TimeLimits.load(default_path()).codes()) <= CODES
