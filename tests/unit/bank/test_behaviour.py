"""Simulated banks: the same for the same seed, like real ones in sum, and as unreliable as real ones."""

from collections import Counter

import pytest

from tests.unit.bank.push import BANKS, offered, push
from yuqiao.bank.behaviour import GARBAGE, REASONS, Step, on_asked, on_disclosed, on_offered
from yuqiao.contracts.to_bank import TaskAsked
from yuqiao.policy.decline_reasons import known, reason
from yuqiao.runtime.messages import derived_id

ALL = [
    (on_offered(16, bank, o), on_disclosed(16, bank, o))
    for n in range(400)
    for bank in BANKS
    for o in [offered(n, bank)]
]
STEPS = [step for offered_, disclosed in ALL for step in offered_ + disclosed]


def test_it_is_a_function_of_seed_bank_and_offer() -> None:
    offer = offered(1, "bank01")
    other_time = offer.model_copy(update={"at": offer.at.replace(hour=15)})
    assert on_offered(16, "bank01", offer) == on_offered(16, "bank01", other_time)
    assert on_disclosed(16, "bank01", offer) == on_disclosed(16, "bank01", other_time)
    lives = {repr((on_offered(s, b, offer), on_disclosed(s, b, offer))) for s in (1, 2, 3) for b in BANKS}
    assert len(lives) > 20


@pytest.mark.parametrize("seed", [16, 1, 2, 3])
def test_the_funnel_is_like_the_published_one(seed: int) -> None:
    """綦江-万盛 2021: 1 662 firms, 880 credited, 46 % of the credit drawn, 171 first loans among those credited."""
    funnel = push(seed)
    assert sum(funnel.outcomes.values()) == 1662
    assert funnel.credited == pytest.approx(880, rel=0.06)
    assert float(funnel.lent_cny / funnel.granted_cny) == pytest.approx(0.46, abs=0.05)
    assert funnel.first_loans / funnel.credited == pytest.approx(171 / 880, abs=0.03)
    assert funnel.longest < 120


def test_every_reason_that_a_bank_may_give_is_given_and_no_other() -> None:
    usable = {code for code in known() if (found := reason(code)) and not found.system_only}
    assert {code for codes in REASONS.values() for code in codes} == usable
    given = {step.values["reason"] for step in STEPS if step.values.get("reason")}
    assert given == usable
    assert all(step.values["note"] for step in STEPS if step.reply == "decline" and step.values["reason"] == "X")


def test_banks_are_silent_late_repeat_themselves_and_write_garbage() -> None:
    actions = Counter(step.action for offered_, _ in ALL for step in offered_)
    silent = sum(not [s for s in offered_ if s.action != "garbage"] for offered_, _ in ALL)
    assert 0.05 < silent / len(ALL) < 0.09
    assert 0.05 < actions["late"] / len(ALL) < 0.09
    assert {s.reply for s in STEPS if s.action == "garbage"} == set(GARBAGE)
    assert {s.reply for s in STEPS if s.again} >= {"accept", "decline", "contact", "documents", "decision"}
    assert any(s.reply == "issue" for s in STEPS)
    assert sum(not disclosed for _, disclosed in ALL) > 0


def asked(number: int, bank: str) -> TaskAsked:
    offer = offered(number, bank)
    task = derived_id("task", offer.offer)
    return TaskAsked(
        at=offer.at, bank=bank, offer=offer.offer, task=task, code="measure.2", text="核实", report_by=offer.at
    )


def test_a_task_is_reported_in_time_done_or_not_and_now_and_then_never() -> None:
    lives = [on_asked(16, bank, asked(n, bank)) for n in range(200) for bank in BANKS]
    steps = [step for life in lives for step in life]
    assert 0.03 < lives.count([]) / len(lives) < 0.09
    assert 0.2 < sum(step.values["done"] for step in steps) / len(steps) < 0.4
    assert all(step.values["done"] or step.values["note"] for step in steps)
    assert {step.days for step in steps} <= set(range(1, 10))
    assert on_asked(16, "bank01", asked(1, "bank01")) == on_asked(16, "bank01", asked(1, "bank01"))


def test_steps_come_in_order_and_within_their_limits() -> None:
    for _, disclosed in ALL:
        days = {step.action: step.days for step in disclosed}
        assert [s.days for s in disclosed] == sorted(s.days for s in disclosed)
        assert len(days) == len(disclosed), "an action is done once"
        for before, after, least, most in (
            ("contact", "documents", 2, 10),
            ("documents", "decision", 3, 9),
            ("decision", "disbursement", 1, 4),
        ):
            if after in days:
                assert least <= days[after] - days[before] <= most
        assert 1 <= days.get("contact", 1) <= 3


def test_no_more_is_lent_than_was_granted() -> None:
    for _, disclosed in ALL:
        by: dict[str, Step] = {s.action: s for s in disclosed}
        if "disbursement" in by:
            assert by["disbursement"].values["amount_cny"] <= by["decision"].values["amount_cny"]
