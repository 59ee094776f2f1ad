"""Chance: the same key gives the same choices, and each choice is counted in bits."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.world.chance import Chance, Table


@given(st.lists(st.one_of(st.integers(), st.text()), max_size=4))
def test_a_key_gives_the_same_choices_again(key):
    first, second = Chance(*key), Chance(*key)
    assert [first.below(1000) for _ in range(9)] == [second.below(1000) for _ in range(9)]
    assert first.bits == second.bits == pytest.approx(9 * math.log2(1000))


def test_a_child_does_not_depend_on_what_was_chosen_before():
    early, late = Chance("a", 1), Chance("a", 1)
    late.below(7)
    assert early.child("b").below(1 << 30) == late.child("b").below(1 << 30)


def test_keys_that_differ_give_other_choices():
    assert len({Chance("a", index).below(1 << 30) for index in range(200)}) == 200


def test_pick_follows_the_weights_and_counts_what_it_costs():
    table, chance = Table("abc", (6, 3, 1)), Chance("weights")
    counts = Counter(chance.pick(table) for _ in range(20_000))
    assert [round(counts[item] / 20_000, 1) for item in "abc"] == [0.6, 0.3, 0.1]
    entropy = -sum(share * math.log2(share) for share in (0.6, 0.3, 0.1))
    assert chance.bits / 20_000 == pytest.approx(entropy, rel=0.02)


def test_a_zipf_table_falls_with_the_rank():
    table = Table.zipf(range(50))
    assert table.costs == sorted(table.costs)
    assert table.costs[1] - table.costs[0] == pytest.approx(math.log2(3.7 / 2.7))


def test_sample_takes_without_putting_back():
    chance = Chance("sample")
    assert sorted(chance.sample(range(6), 6)) == list(range(6))
    assert chance.bits == pytest.approx(math.log2(math.factorial(6)))


def test_flip_costs_what_its_probability_says():
    chance = Chance("flip")
    heads = chance.flip(0.25)
    assert chance.bits == pytest.approx(2 if heads else -math.log2(0.75))


@pytest.mark.parametrize(("items", "weights"), [([], None), ("ab", (1,)), ("ab", (1, 0))])
def test_a_table_refuses_what_is_no_distribution(items, weights):
    with pytest.raises(ValueError, match="a table needs"):
        Table(items, weights)
