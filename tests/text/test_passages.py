"""Passages and questions as a reader is given them."""

from __future__ import annotations

import numpy as np
import pytest

from upwell.text.passages import FEATURES, MATCHES, PassageFeatures, features, matches_of, stem, tokens_of

PASSAGES = ["Anna sold the red boat in 1925.", "The boat was old. It was not red.", "红船很旧。安娜卖了船。"]
KNOWN = PassageFeatures.learn(PASSAGES, ["When was the boat sold?", "谁卖了船？"])


def words(text: str) -> list[str]:
    return [token.text for token in tokens_of(text)]


def test_tokens_are_words_marks_and_han_characters_with_their_places() -> None:
    text = "It's 3.5 m, 红船 here_now"
    assert words(text) == ["It", "'", "s", "3", ".", "5", "m", ",", "红", "船", "here", "_", "now"]
    assert all(text[token.start : token.end] == token.text for token in tokens_of(text))
    assert tokens_of(" \n ") == []


def test_a_word_is_known_by_its_parts_and_a_character_by_its_pairs() -> None:
    assert features(["Walking"], 0) == ["stem walk", "word walking", "end ing", "shape Xxx"]
    assert features(["红", "船"], 1) == ["stem 船", "left 红船", "right 船"]
    assert stem("boats") == stem("boat") == "boat"
    assert stem("1925") == "0000"


def test_bags_hold_what_was_seen_twice() -> None:
    bags = KNOWN.encode(words("The boat zzz"))
    assert bags.shape == (3, FEATURES)
    assert (bags[:2, 0] > 0).all()
    assert bags.max() < KNOWN.size
    assert bags[2, 0] == bags[2, 1] == 0
    assert KNOWN.encode([]).shape == (0, FEATURES)


def test_rare_stems_and_numbers_tell_more_than_function_words_and_marks() -> None:
    assert KNOWN.rarity("the") == KNOWN.rarity(".") == 0
    assert 0 < KNOWN.rarity("boat") < KNOWN.rarity("unheard") == KNOWN.rarity("1925") == 1


def test_a_passage_matches_where_its_words_stand_in_the_question() -> None:
    passage, question = words(PASSAGES[0]), words("When did Anna sell the red boat?")
    found = matches_of(passage, question, KNOWN)
    assert found.shape == (len(passage), MATCHES)
    assert np.isfinite(found).all()
    exact, shared, telling = found[:, 0], found[:, 1], found[:, 2]
    assert [passage[i] for i in np.flatnonzero(exact)] == ["Anna", "the", "red", "boat"]
    assert (shared == exact).all()
    assert [passage[i] for i in np.flatnonzero(telling)] == ["Anna", "red", "boat"]
    assert found[passage.index("boat"), 6] == 1  # in a run of three
    assert found[passage.index("Anna"), 6] == 0


@pytest.mark.parametrize("question", [["?"], ["什", "么"], ["zzz"]])
def test_a_question_without_a_word_of_the_passage_matches_nothing(question: list[str]) -> None:
    found = matches_of(words(PASSAGES[0]), question, KNOWN)
    assert (found[:, [0, 1, 2, 4, 5, 9, 10, 11, 12, 13]] == 0).all()
    assert np.isfinite(found).all()


def test_the_same_texts_give_the_same_numbers_in_any_order() -> None:
    again = PassageFeatures.learn(reversed(PASSAGES), ["谁卖了船？", "When was the boat sold?"])
    assert (again.hashes == KNOWN.hashes).all()
    assert (again.passages == KNOWN.passages).all()
    assert again.total == KNOWN.total == 3
