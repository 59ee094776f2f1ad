"""Words as bags of their parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.text.word_features import WordFeatures, features, shape

SENTENCES = [["The", "cats", "sat"], ["the", "bats", "ran", "2024"], ["一只", "猫猫", "跑"]]


@pytest.mark.parametrize(
    ("word", "kinds"),
    [
        ("McDonald's", "XxXxx'x"),
        ("USA", "XX"),
        ("2024-11", "dd-dd"),
        ("猫猫猫", "hh"),
        ("", ""),
        ("aB" * 9, "xXxXxXxX"),
    ],
)
def test_the_shape_of_a_word_is_the_kinds_of_its_letters(word: str, kinds: str) -> None:
    assert shape(word) == kinds


def test_features_name_the_word_first_and_then_its_parts() -> None:
    found = list(features("Cat7"))
    assert found[0] == "word cat0"
    assert {"shape Xxxd", "prefix ca", "suffix t0", "letter t", "gram <ca", "gram at0>"} <= set(found)
    assert list(features("猫")) == [
        "word 猫",
        "shape h",
        "prefix 猫",
        "suffix 猫",
        "letter 猫",
        *map("gram {}".format, ("<猫", "猫>", "<猫>")),
    ]


def test_rare_parts_have_no_place_and_whole_words_have_their_count() -> None:
    learned = WordFeatures.learn(SENTENCES)
    the, cats, unknown = learned.bag("the"), learned.bag("cats"), learned.bag("hats")
    assert the[0] == learned.bag("The")[0] > 0
    assert learned.counts_of(np.array([the[0], cats[0], 0])).tolist() == [2, 1, 0]
    assert unknown[0] == 0
    assert set(cats[1:]) & set(unknown[1:])  # "ats" is known by two words
    assert 0 not in unknown[1:]


def test_a_sentence_is_its_bags_filled_up() -> None:
    learned = WordFeatures.learn(SENTENCES)
    rows = learned.encode(["cats", "xyz"])
    assert rows.shape[0] == 2
    assert tuple(rows[0][rows[0] > 0]) == learned.bag("cats")
    assert rows.max() < learned.size


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_any_word_has_a_bag(words: list[str]) -> None:
    learned = WordFeatures.learn([words])
    rows = learned.encode(words)
    assert (rows[:, 0] > 0).all()
    again = WordFeatures(learned.hashes, learned.counts)
    assert np.array_equal(again.encode(words), rows)
