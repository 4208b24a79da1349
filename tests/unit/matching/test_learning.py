"""What answers teach: smoothed, from the next day on, whatever their order; and the levels that follow."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.matching.domain import assign
from services.matching.reasons import offers
from services.matching.room import Room
from services.matching.scoring import Segment, Weights, Worth, parts, segment_of, standing_of, weights
from services.matching.state import BankEntry, Learnt, Tally
from tests.unit.matching.samples import DAY, catalogue, facts, product, terms, wanted

YESTERDAY = DAY - timedelta(days=1)
SEGMENT = segment_of(facts()).learnt_as
YES, NO = Tally(answered=1, accepted=1, hours=Decimal(2)), Tally(answered=1)


def learnt(bank: str, *answers: Tally, day: date = YESTERDAY) -> Learnt:
    found = Learnt(bank=bank, day=day)
    for answer in answers:
        found = found.with_answer(day, SEGMENT, answer)
    return found


def test_nobody_has_answered_and_the_prior_speaks() -> None:
    found, prior = standing_of(Tally()), weights().prior
    assert found.acceptance == int(prior.acceptance * 10_000)
    assert found.answered == 0


def test_few_answers_hardly_move_the_prior_and_many_do() -> None:
    one, many = standing_of(Tally(answered=1)), standing_of(Tally(answered=500))
    assert 4_700 < one.acceptance < 5_000
    assert many.acceptance < 300


def test_a_bank_that_accepts_fast_is_preferred_among_otherwise_equals() -> None:
    made = catalogue(product(), product("bank02"))
    known = {"bank01": learnt("bank01", *[NO] * 30), "bank02": learnt("bank02", *[YES] * 30)}
    room = Room(made, DAY, {}, {})
    (choice,) = assign([wanted()], room, known)
    first, second = offers(choice, room)
    assert (first.bank, second.bank) == ("bank02", "bank01")
    assert first.reasons[-1].values["answers"] == "30"


def test_a_ranking_is_kept_until_what_it_rests_on_changes() -> None:
    made, segment = catalogue(product(), product("bank02")), segment_of(facts())
    known = {"bank01": learnt("bank01", *[YES] * 30)}
    first = made.ranking(segment, known, DAY)
    assert made.ranking(segment, dict(known), DAY) is first
    assert first.best(made.open, 0)[1] == made.of_bank("bank01")
    other = made.ranking(segment, {"bank02": learnt("bank02", *[YES] * 30)}, DAY)
    assert other.best(made.open, 0)[1] == made.of_bank("bank02")
    known["bank01"] = learnt("bank01", *[YES] * 30, day=DAY)
    today, tomorrow = (made.ranking(segment, known, DAY + timedelta(days=n)).banks["bank01"] for n in (0, 1))
    assert (today.answered, tomorrow.answered) == (0, 30)


def test_a_bank_that_is_registered_after_its_product_is_ranked() -> None:
    made, segment = catalogue(product()), segment_of(facts())
    made.put("bank02/p", product("bank02"))
    before, _ = made.ranking(segment, {}, DAY).best(made.of_bank("bank02"), 0)
    made.put_bank(BankEntry(bank="bank02", daily_quota=1, enabled=True))
    after, _ = made.ranking(segment, {}, DAY).best(made.of_bank("bank02"), 0)
    assert before == 0 < after


def test_todays_answers_do_not_count_today() -> None:
    today = learnt("bank01", YES, NO, day=DAY)
    assert today.until(DAY) == {}
    assert today.until(DAY + timedelta(days=1))[SEGMENT] == Tally(answered=2, accepted=1, hours=Decimal(2))


@given(st.integers(0, 2**32).map(Random), st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12))
def test_the_order_of_answers_does_not_matter_once_their_day_is_over(
    chance: Random, answers: list[tuple[int, bool]]
) -> None:
    def told(order: list[tuple[int, bool]]) -> dict[str, Tally]:
        found = Learnt(bank="bank01", day=DAY)
        for day, accepted in order:
            found = found.with_answer(DAY + timedelta(days=day), SEGMENT, YES if accepted else NO)
        return found.until(DAY + timedelta(days=9))

    shuffled = answers[:]
    chance.shuffle(shuffled)
    assert told(shuffled) == told(answers)


@given(st.integers(0, 50), st.decimals("0.01", "0.2", places=4), st.booleans(), st.booleans())
def test_a_level_is_the_sum_of_the_parts_that_are_shown(
    answered: int, rate: Decimal, first: bool, friendly: bool
) -> None:
    standing = standing_of(Tally(answered=answered, accepted=answered // 2, hours=Decimal(answered)))
    found, segment = terms(annual_rate=rate, first_loan_friendly=friendly), Segment("new_loan", "small", first)
    worth = Worth(segment, {"bank01": standing}).of(found)
    shown = parts(found, segment, standing, sure=True)
    exact = sum(weights().weights[name] * value for name, value in shown.items()) / 10_000
    assert abs(worth - exact) <= 0.5
    assert 0 <= worth <= 100


def test_weights_that_do_not_add_up_are_refused() -> None:
    data = weights().model_dump()
    with pytest.raises(ValidationError, match="合计 100"):
        Weights.model_validate(data | {"weights": data["weights"] | {"fit": 21}})
    with pytest.raises(ValidationError, match="须为整数"):
        Weights.model_validate(data | {"unsure_fit": "0.33"})
