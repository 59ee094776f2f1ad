"""Splits: shares, and no run of words that two of them share."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from upwell.world.chance import Chance
from upwell.world.lexicon import lexicon
from upwell.world.splits import SHARES, fits_circle, holder_of, name_fits_circle, split_of
from upwell.world.stories import make_story, tell

RUN = {"en": 13, "zh": 20}
STORIES = {"train": 1200, "valid": 120, "test": 120}


def test_shares_are_those_stated():
    counts = Counter(split_of(("number", index)) for index in range(20_000))
    for split, share in SHARES.items():
        assert counts[split] / 20_000 == pytest.approx(share, abs=0.01)


def test_each_word_and_name_is_learned_in_some_circle_of_train():
    circles = ("free", "near valid", "near test")
    assert all(any(fits_circle(circle, noun.id) for circle in circles) for noun in lexicon().nouns)
    assert all(any(name_fits_circle(circle, name.id) for circle in circles) for name in lexicon().names)


def test_held_names_are_a_tenth_for_each_split():
    held = Counter(holder_of(name.id) for name in lexicon().names)
    for split in ("valid", "test"):
        assert held[split] / len(lexicon().names) == pytest.approx(0.1, abs=0.05)


def runs_of(split: str, language: str) -> set[tuple[str, ...]]:
    found = set()
    for index in range(STORIES[split]):
        chance = Chance("runs", split, index)
        text = tell(make_story(chance, 1 + index % 3, split), language, chance).lower()
        words = re.findall(r"[\w'-]+", text) if language == "en" else [char for char in text if char.isalnum()]
        found.update(tuple(words[place : place + RUN[language]]) for place in range(len(words) - RUN[language] + 1))
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_run_of_words_is_in_two_splits(language):
    train = runs_of("train", language)
    for split in ("valid", "test"):
        held = runs_of(split, language)
        assert len(held & train) <= len(held) / 1000


def test_a_story_belongs_to_the_split_that_its_plan_says():
    for index in range(60):
        split = ("train", "valid", "test")[index % 3]
        story = make_story(Chance("split", index), 1 + index % 4, split)
        assert split_of(story.plan) == split
