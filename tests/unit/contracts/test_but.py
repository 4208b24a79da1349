"""A changed copy, and ids out of names: quick forms of what pydantic and uuid give."""

from decimal import Decimal
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from yuqiao.contracts.values import Band, Routing
from yuqiao.runtime.messages import NAMESPACE, derived_id


def test_a_changed_copy_is_what_pydantic_makes_of_it() -> None:
    before = Routing(places=2)
    after = before.but(mode="race", banks=("bank01",))
    assert after == before.model_copy(update={"mode": "race", "banks": ("bank01",)})
    assert after.model_dump_json(exclude_unset=True) == '{"mode":"race","banks":["bank01"],"places":2}'
    assert (before.mode, before.banks) == ("platform", ())


def test_a_changed_copy_is_as_frozen_as_its_original() -> None:
    band = Band(at_least=Decimal("1.00")).but(below=Decimal("2.00"))
    with pytest.raises(ValidationError, match="frozen"):
        band.below = None  # type: ignore[misc]


@given(st.lists(st.one_of(st.text(), st.integers()), max_size=5))
def test_a_derived_id_is_a_uuid5_of_its_parts(parts: list[object]) -> None:
    name = "/".join(map(str, parts))
    if name.isprintable():
        assert derived_id(*parts) == str(uuid5(NAMESPACE, name))
