"""The index says what trying each product would say, whatever comes, changes and goes."""

from functools import cache
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.bitmaps import MARKS, Bits, Column, slots_of
from services.matching.catalogue import Catalogue
from services.matching.index import Index
from services.matching.terms import checks, terms_of
from tests.unit.matching.samples import DAY, catalogue, facts, product, random_facts, random_product
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.values import NeedFacts
from yuqiao.policy.industries import industries

CHANCE = st.integers(0, 2**32).map(Random)


@cache
def classes(code: str) -> frozenset[str]:
    """The finest industries within a code."""
    return frozenset(one for one in industries() if len(one) == len("C3484") and one.startswith(code))


def takes_industry(listed: ProductPublished, need: NeedFacts) -> bool | None:
    """By what the need may be: the product takes all of it, or nothing of it, or it depends."""
    if not listed.industries:
        return True
    may_be = classes(need.industry or "")
    taken = may_be & frozenset().union(*map(classes, listed.industries))
    return taken == may_be or (None if taken else False)


def suiting_by_trying(made: Catalogue, need: NeedFacts) -> tuple[set[str], set[str]]:
    """The products of which no condition fails, and those of them with an unknown one."""
    suiting, unsure = set(), set()
    for key, listed in made._products.items():
        holds = [c.holds for c in checks(terms_of(key, listed), need, DAY) if c.code != "industry"]
        holds.append(takes_industry(listed, need))
        if False not in holds:
            suiting.add(key)
            if None in holds:
                unsure.add(key)
    return suiting, unsure


def keys(made: Catalogue, bitmap: int) -> set[str]:
    return {made.terms(slot).key for slot in slots_of(bitmap)}


@settings(max_examples=60, deadline=None)
@given(CHANCE, st.integers(1, 60), st.integers(0, 30))
def test_the_index_equals_brute_force(chance: Random, count: int, changes: int) -> None:
    made = catalogue(*(random_product(chance, number) for number in range(count)))
    for _ in range(changes):
        key = chance.choice(sorted(made._products) or ["none"])
        if chance.random() < 0.4:
            made.drop(key)
        else:
            changed = random_product(chance, chance.randint(0, count))
            made.put(f"{changed.bank}/{changed.product}", changed)
    for _ in range(20):
        need = random_facts(chance)
        found = made.index.suiting(need, DAY)
        suiting, unsure = suiting_by_trying(made, need)
        assert keys(made, found) == suiting
        assert keys(made, found & made.index.unsure(made.index.unknown(need))) == unsure


def test_an_index_that_forgets_a_condition_is_found() -> None:
    made = catalogue(product(kinds=["renewal"]))
    assert suiting_by_trying(made, facts())[0] == set()
    made.index._kinds.discard(0, ["renewal"])
    made.index._kinds.add(0, [])
    made.index._changed()
    assert keys(made, made.index.suiting(facts(), DAY)) == {"bank01/p"}


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=3 * MARKS, unique_by=lambda p: p[0]))
def test_a_column_gives_who_is_at_most_or_below(pairs: list[tuple[int, int]]) -> None:
    column: Column[int] = Column()
    bounds = dict(pairs)
    for slot, bound in pairs:
        column.add(slot, bound)
    for slot in list(bounds)[::3]:
        column.discard(slot, bounds.pop(slot))
    for value in (0, 1, 450, 899, 900):
        assert set(slots_of(column.at_most(value))) == {s for s, b in bounds.items() if b <= value}
        assert set(slots_of(column.below(value))) == {s for s, b in bounds.items() if b < value}


@given(st.sets(st.integers(0, 300)), st.sets(st.integers(0, 300)))
def test_bits_are_a_set(added: set[int], discarded: set[int]) -> None:
    bits = Bits()
    for slot in added:
        bits.add(slot)
    for slot in discarded:
        bits.discard(slot)
    assert list(slots_of(bits.value)) == sorted(added - discarded)


def test_a_slot_is_used_again_and_says_nothing_of_who_had_it() -> None:
    made = catalogue(product(product="a", kinds=["renewal"]))
    made.drop("bank01/a")
    made.put("bank01/b", product(product="b"))
    assert (made.slot("bank01/a"), made.slot("bank01/b")) == (None, 0)
    assert keys(made, made.index.suiting(facts(), DAY)) == {"bank01/b"}


def test_an_empty_index_suits_nobody() -> None:
    assert Index().suiting(facts(), DAY) == 0
