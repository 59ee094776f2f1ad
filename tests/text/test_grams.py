"""Texts as bags of n-grams."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.text.grams import GramIndex, _runs, _word_grams

TEXTS = ["The cat sat.", "The dog sat, the cat ran.", "一只猫坐着", "猫跑了", ""]


def grams_of(text: str) -> tuple[set[str], set[str]]:
    """Runs of characters, words and pairs of words, as strings, the slow way."""
    from upwell.text.vectors.cutting import cut_words

    spaced = f" {' '.join(text.lower().split())} "
    runs = {spaced[i : i + n] for n in range(1, 6) for i in range(len(spaced) - n + 1)}
    words = list(cut_words(text, lower=True))
    return runs, {(word,) for word in words} | set(itertools.pairwise(words))  # type: ignore[return-value]


@given(st.lists(st.text(alphabet="ab cB猫.\n", max_size=12), max_size=4))
def test_hashes_tell_all_ngrams_apart(texts: list[str]) -> None:
    for place, hashed in enumerate((_runs, _word_grams)):
        strings: set[object] = set()
        hashes: set[int] = set()
        for text in texts:
            strings |= grams_of(text)[place]
            hashes |= set(hashed(text).tolist())
        assert len(hashes) == len(strings)


def test_values_are_tf_idf_of_length_1() -> None:
    index = GramIndex.learn(TEXTS)
    places, values = index.encode("the cat, the cat")
    assert len(set(places.tolist())) == len(places)
    assert float(np.square(values).sum()) == pytest.approx(2, rel=1e-5)  # words and characters, 1 each
    word = GramIndex.learn(["a b", "a c", "a d"])
    places, values = word.encode("a b")
    weights = dict(zip(word.rarity[places].tolist(), values.tolist(), strict=True))
    assert min(weights) == pytest.approx(1)  # in all of three texts
    assert max(weights) == pytest.approx(np.log(4 / 2) + 1)


def test_an_index_keeps_what_is_in_most_texts() -> None:
    whole, part = GramIndex.learn(TEXTS), GramIndex.learn(TEXTS, most=10)
    assert len(part.hashes) == 10
    assert set(part.hashes.tolist()) < set(whole.hashes.tolist())
    assert float(part.rarity.max()) <= float(np.sort(whole.rarity)[9])


def test_a_text_without_known_ngrams_says_nothing() -> None:
    index = GramIndex.learn(["abc abc", "abc"])
    places, values = index.encode("żółć")
    assert float(np.abs(values).sum()) == pytest.approx(1.0)  # the blanks around it are known
    places, values = GramIndex.learn([]).encode("anything")
    assert places.tolist() == [0]
    assert values.tolist() == [0.0]
