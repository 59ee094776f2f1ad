"""Phrases that a text must hold are in it, whatever they share; among texts that hold them the best is found."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.generation.test_beam import Attentive, assert_same, exhaustive_search, plain_search, small
from upwell.errors import UserError
from upwell.generation import BeamOptions, beam_search
from upwell.generation.phrases import Longer, Phrases, allocate
from upwell.model.state import select

phrases_of_three = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=3), max_size=3)


def unmet(text: Sequence[int], phrases: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """What is left of `phrases` when the text is looked through once: its longest end that begins one of them counts."""
    left, since = [tuple(phrase) for phrase in phrases], 0
    for at in range(1, len(text) + 1):
        ends = [tuple(text[start:at]) for start in range(since, at)]
        longest = next((one for one in ends if any(phrase[: len(one)] == one for phrase in left)), None)
        if longest in left:
            left.remove(longest)
            since = at
    return left


def can_be_placed(text: Sequence[int], phrases: Sequence[Sequence[int]]) -> bool:
    """Whether all phrases are in the text in places that do not overlap."""
    if not phrases:
        return True
    for order in itertools.permutations(phrases):
        at = 0
        for phrase in order:
            starts = range(at, len(text) - len(phrase) + 1)
            found = next((i for i in starts if list(text[i : i + len(phrase)]) == list(phrase)), None)
            if found is None:
                break
            at = found + len(phrase)
        else:
            return True
    return False


@given(phrases=phrases_of_three, text=st.lists(st.integers(1, 3), max_size=12))
@settings(max_examples=200, deadline=None)
def test_progress_is_what_a_look_at_the_whole_text_says(phrases: list[list[int]], text: list[int]) -> None:
    watch = Phrases(phrases)
    progress = watch.start
    for i, token in enumerate(text):
        before = watch.missing(progress)
        wanted = watch.wanted(progress)
        progress = watch.advance(progress, token)
        assert sorted(watch.phrases[n] for n in progress.unmet) == sorted(unmet(text[: i + 1], phrases))
        assert (watch.missing(progress) == before - 1) == (token in wanted)
    if not progress.unmet:
        assert can_be_placed(text, phrases)


@given(
    seed=st.integers(0, 2**20),
    phrases=st.lists(phrases_of_three, min_size=3, max_size=3),
    width=st.integers(1, 6),
    spare=st.integers(0, 4),
)
@settings(max_examples=60, deadline=None)
def test_every_hypothesis_holds_its_phrases(seed: int, phrases: list[list[list[int]]], width: int, spare: int) -> None:
    network: Any = Attentive(5, seed)
    limits = torch.tensor([max(1, sum(map(len, some)) + spare) for some in phrases])
    options = BeamOptions(width=width, n_best=width, min_tokens=2)
    state = network.state(3)
    found = beam_search(network, state, begin=1, end=0, options=options, max_tokens=limits, forced=phrases)
    for source in range(3):
        assert found[source]
        assert len({tuple(one.tokens) for one in found[source]}) == len(found[source])
        assert all(can_be_placed(one.tokens, phrases[source]) for one in found[source])
        alone = beam_search(
            network, select(state, [source]), begin=1, end=0, options=options, max_tokens=limits[source : source + 1],
            forced=[phrases[source]],
        )  # fmt: skip
        assert_same(found[source], alone[0])
        if not phrases[source]:
            plain = BeamOptions(width=width, n_best=width, min_tokens=2, max_tokens=int(limits[source]))
            assert_same(found[source], plain_search(network, select(state, [source]), 1, 0, plain))


@given(seed=st.integers(0, 2**20), phrases=st.lists(st.lists(st.integers(1, 2), min_size=1, max_size=2), max_size=2))
@settings(max_examples=20, deadline=None)
def test_a_beam_as_wide_as_all_texts_finds_the_best_with_the_phrases(seed: int, phrases: list[list[int]]) -> None:
    network, options = small("gru", seed, vocab_size=3), BeamOptions(width=3**4, n_best=3, max_tokens=4)
    state = network.initial_state(1)
    expected = exhaustive_search(network, state, 1, 0, 3, options, lambda text: not unmet(text, phrases))
    assert_same(beam_search(network, state, begin=1, end=0, options=options, forced=[phrases])[0], expected)


def test_places_go_to_texts_that_hold_few_tokens_of_their_phrases_and_to_those_that_hold_many() -> None:
    phrases = Phrases([[1, 2]])
    none, one, both = (
        phrases.start,
        phrases.advance(phrases.start, 1),
        phrases.advance(phrases.advance(phrases.start, 1), 2),
    )
    candidates = [Longer(-float(i), 0, i, progress) for i, progress in enumerate([none] * 5 + [one] * 5 + [both] * 3)]
    assert [c.token for c in allocate(candidates, phrases, 7)] == [0, 1, 5, 6, 10, 11, 12]
    assert [c.token for c in allocate(candidates[:10], phrases, 7)] == [0, 1, 5, 6, 7, 8, 9]
    assert [c.token for c in allocate(candidates, phrases, 2)] == [10, 11]
    assert allocate(candidates, phrases, 99) == candidates


@pytest.mark.parametrize(
    ("phrases", "said"),
    [
        ([[1, 2], [3, 1, 2]], "source 1: its phrases have 5 tokens, and the text at most 4; raise max_tokens"),
        ([[]], r"source 1, phrase \[\]: it has no tokens"),
        ([[1, 0]], r"source 1, phrase \[1, 0\]: token 0 may not be in a text"),
        ([[3, 2]], r"source 1, phrase \[3, 2\]: token 2 may not be in a text"),
    ],
)
def test_phrases_that_no_text_can_hold_are_an_error(phrases: list[list[int]], said: str) -> None:
    network: Any = Attentive(4, 0)
    mask = torch.tensor([False, False, "token 2" in said, False])
    options = BeamOptions(width=2, max_tokens=4)
    with pytest.raises(UserError, match=said):
        beam_search(network, network.state(2), begin=1, end=0, options=options, forced=[[], phrases], forbidden=mask)
