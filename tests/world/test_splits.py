"""Splits: shares, and no run of words that two of them share."""

from __future__ import annotations

from collections import Counter

import pytest

from upwell.world.chance import Chance
from upwell.world.lexicon import lexicon
from upwell.world.runs import RUN, fits_split, rows_of
from upwell.world.splits import CIRCLES, SHARES, circle_of, holder_of, name_fits_circle, split_of
from upwell.world.stories import make_story
from upwell.world.views.views import VIEWS


def test_shares_are_those_stated():
    counts = Counter(split_of(("number", index)) for index in range(20_000))
    for split, share in SHARES.items():
        assert counts[split] / 20_000 == pytest.approx(share, abs=0.01)


def test_each_name_is_learned_in_some_circle_of_train():
    kinds = {circle_of(circle, number) for circle in CIRCLES["train"].items for number in range(4)}
    assert all(any(name_fits_circle(kind, name.id) for kind in kinds) for name in lexicon().names)


def test_held_names_are_a_tenth_for_each_split():
    held = Counter(holder_of(name.id) for name in lexicon().names)
    for split in ("valid", "test"):
        assert held[split] / len(lexicon().names) == pytest.approx(0.1, abs=0.05)


def runs_of(text: str, language: str) -> set[tuple[str, ...]]:
    rows = rows_of(text, language)
    return {tuple(row[place : place + RUN[language]]) for row in rows for place in range(len(row) - RUN[language] + 1)}


def holders_in(run: tuple[str, ...], language: str) -> set[str]:
    """For which splits the names in a run are held, looked for in another way than the rules do."""
    said = "".join(run) if language == "zh" else f" {' '.join(run)} ".replace("'s ", " ")
    return {
        holder_of(name.id)
        for name in lexicon().names
        if (name.chinese in said if language == "zh" else f" {name.english.lower()} " in said)
    }


@pytest.mark.parametrize("view", ["story", "translation", "qa", "classification", "scenes"])
def test_each_run_of_words_names_those_of_one_split(view):
    for index in range(24):
        language, split = ("en", "zh")[index % 2], ("train", "valid", "test")[index % 3]
        text = VIEWS[view].make(Chance("runs", view, index), 1 + index % 4, language, split).text
        for row_language in RUN:
            for run in runs_of(text, row_language):
                holders = holders_in(run, row_language)
                assert "free" in holders or not holders if split == "train" else holders == {split}


def test_a_text_that_breaks_the_rule_of_its_split_is_seen():
    free, held = (
        next(name.english for name in lexicon().names if holder_of(name.id) == kind) for kind in ("free", "test")
    )
    filler = "saw a red ball on the way to the old school by the sea"  # 14 words
    assert fits_split(f"{free} saw {held}.", "train")
    assert not fits_split(f"{held} slept.", "train")
    assert not fits_split(f"{free} {filler} and {held} {filler}.", "train")
    assert fits_split(f"{held} slept.", "test")
    assert not fits_split(f"{held} saw {free}.", "test")
    assert not fits_split(f"{held} {filler}.", "test")
    assert not fits_split("It rained.", "test")
    assert fits_split("It rained.", "train")


def test_a_story_belongs_to_the_split_that_its_plan_says():
    for index in range(60):
        split = ("train", "valid", "test")[index % 3]
        story = make_story(Chance("split", index), 1 + index % 4, split)
        assert split_of(story.plan) == split
