"""ROUGE of given words, the oracle of sentences, and the runs that a document shares with its summary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.tasks.overlap import Reference, best_rouge, oracle, shared_runs

WORDS = st.lists(st.sampled_from(list("abcde")), max_size=12)


class Blanks:
    def tokenize(self, text: str) -> list[str]:
        return text.split()


@given(right=WORDS, said=WORDS)
def test_it_is_equal_to_the_library(right: list[str], said: list[str]) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(
        ["rouge1", "rouge2", "rougeL"], tokenizer=Blanks()
    )
    wanted = scorer.score(" ".join(right), " ".join(said))
    found = Reference(right).rouge(said)
    for one, name in zip(found, ("rouge1", "rouge2", "rougeL"), strict=True):
        assert one == pytest.approx(wanted[name].fmeasure)
    assert found.mean == pytest.approx(sum(found) / 3)


def test_of_several_references_each_figure_is_that_of_the_best() -> None:
    references = [Reference("a b c d".split()), Reference("d c a".split())]
    found = best_rouge(references, "a b".split())
    assert found == (pytest.approx(4 / 6), pytest.approx(2 / 4), pytest.approx(4 / 6))


def test_the_oracle_takes_sentences_as_long_as_they_help() -> None:
    units = ["x y z".split(), "a b".split(), "q".split(), "c d".split()]
    assert oracle(units, Reference("a b c d".split())) == [1, 3]
    assert oracle(units, Reference("e f".split())) == []
    assert oracle([], Reference(["a"])) == []


def test_shared_runs_take_the_longest_first_and_no_word_twice() -> None:
    words = "the b the a b c".split()
    assert shared_runs(words, "a b c the".split()) == [True, False, False, True, True, True]
    assert shared_runs(words, []) == [False] * 6
    assert shared_runs([], ["a"]) == []


@given(words=WORDS, right=WORDS)
def test_no_more_words_are_shared_than_the_summary_has(words: list[str], right: list[str]) -> None:
    shared = [word for word, there in zip(words, shared_runs(words, right), strict=True) if there]
    assert all(shared.count(word) == min(words.count(word), right.count(word)) for word in "abcde")
