"""Summarizers: learned from Python, kept in runs."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell import Summarizer
from upwell.api.summarizing.extracts import PART, Manner
from upwell.api.summarizing.selection import Limits, best_piece, expected_f1, select
from upwell.api.summarizing.training import Tried, plainest, targets_of
from upwell.errors import UserError
from upwell.tasks.unit_features import Document, words_of
from upwell.training.runs import Run

QUICK: dict[str, Any] = {"size": "2k", "epochs": 2, "threads": 1, "dtype": "float32"}
NOISE = ("It rained on {}.", "Many people like {}.", "Nobody came to see {}.", "There is little to say of {}.")


def papers(number: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Documents one sentence of which says what is shown, somewhere."""
    draws = random.Random(seed)

    def word() -> str:
        return "".join(draws.choice("bdfgklmnprst") + draws.choice("aeiou") for _ in range(3))

    X, y = [], []
    for _ in range(number):
        said = f"a method for {word()} by {word()} and {word()}"
        told = [one.format(word()) for one in draws.sample(NOISE, 3)]
        told.insert(draws.randrange(4), f"In this work, we show {said}.")
        X.append(" ".join(told))
        y.append(f"We show {said}")
    return X, y


@pytest.fixture(scope="module")
def summarizer() -> Summarizer:
    return Summarizer(**QUICK).fit(*papers(80))


def test_it_finds_what_is_shown_in_documents_it_has_never_seen(summarizer: Summarizer) -> None:
    X, y = papers(30, seed=1)
    said = summarizer.predict(X)
    assert sum(right.lower() in one.lower() for one, right in zip(said, y, strict=True)) == 30
    assert summarizer.score(X, y) > 0.9
    assert summarizer.score(X, [[right, "something else"] for right in y]) > 0.9


def test_a_summary_is_as_long_as_is_asked(summarizer: Summarizer) -> None:
    (text,), (right,) = papers(1, seed=2)
    (long,) = summarizer.predict([text], sentences=3)
    assert len(long) > 2 * len(right) and right[3:] in long
    assert [len(words_of(one)) <= 12 for one in summarizer.predict([text], max_words=12)] == [True]
    (short,) = summarizer.predict([text], max_words=4)
    assert len(words_of(short)) == 4 and short in text
    (shorter,) = summarizer.predict([text], max_characters=9)
    assert 0 < len(shorter) <= 9 and shorter in text


def test_texts_without_words_have_no_summary(summarizer: Summarizer) -> None:
    assert summarizer.predict(["", " \n", "...", "A"]) == ["", "", "", "A"]


def test_a_long_document_is_summarized_by_parts(summarizer: Summarizer) -> None:
    X, y = papers(1, seed=3)
    told = [sentence for text in papers(PART, seed=6)[0] for sentence in text.split(". ")]
    noise = [f"{sentence.rstrip('.')}." for sentence in told if "show" not in sentence]
    assert len(noise) == 3 * PART
    text = " ".join([*noise[:PART], *X, *noise[PART:]])
    assert y[0][3:] in summarizer.predict([text])[0]
    assert y[0][3:] in summarizer.predict_parts([" ".join(noise), *X, " ".join(noise)])
    assert summarizer.predict_parts([]) == ""


def test_a_summary_is_the_same_alone_and_among_others(summarizer: Summarizer) -> None:
    X, _ = papers(9, seed=4)
    assert summarizer.predict(X) == [summarizer.predict([text])[0] for text in X]


def test_it_is_kept_and_loaded_whole(summarizer: Summarizer, tmp_path: Path) -> None:
    summarizer.save(tmp_path / "run")
    X, _ = papers(9, seed=5)
    assert Summarizer.load(tmp_path / "run").predict(X) == summarizer.predict(X)
    run = Run(tmp_path / "run")
    values = json.loads(run.config_path.read_bytes())
    without = {name: value for name, value in values.items() if name != "extracts"}
    for changed, said in (
        (without, "not come to its end"),
        ({**values, "extracts": {"units": "clauses"}}, "extracts must be units, aim"),
        ({**values, "extracts": {**values["extracts"], "units": "lines"}}, "units must be sentences or clauses"),
        ({**values, "kind": "classifier"}, "is a classifier, not a summarizer"),
    ):
        run.config_path.write_text(json.dumps(changed), encoding="utf-8")
        with pytest.raises(UserError, match=said):
            Summarizer.load(run.folder)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (["a b"], [], "1 documents, but 0 summaries"),
        (["a b", "c d"], ["", []], "two documents with summaries at least"),
        (["a b", "c d"], ["!", "?"], "must hold words"),
    ],
)
def test_what_cannot_be_learned_from_is_one_clear_line(X: Any, y: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Summarizer(**QUICK).fit(X, y)


def test_units_are_taken_until_another_leads_away_from_the_aim() -> None:
    scores, alike = np.array([1.0, 3.0, 2.0]), np.eye(3)
    sizes = [(4, 20), (5, 25), (6, 30)]
    assert select(scores, alike, sizes, aim=6, redundancy=0) == [1]
    assert select(scores, alike, sizes, aim=9, redundancy=0) == [1, 2]
    assert select(scores, alike, sizes, aim=99, redundancy=0) == [0, 1, 2]
    alike[1, 2] = alike[2, 1] = 0.9  # the second best says the same
    assert select(scores, alike, sizes, aim=9, redundancy=2) == [0, 1]
    assert select(scores, alike, sizes, aim=1, redundancy=0, limits=Limits(words=10)) == [0, 1]
    assert select(scores, alike, sizes, aim=1, redundancy=0, limits=Limits(characters=24)) == [0]
    assert select(scores, alike, sizes, aim=1, redundancy=0, limits=Limits(sentences=2, words=3)) == []


def test_the_best_piece_has_the_greatest_expected_f1() -> None:
    draws = np.random.default_rng(0)
    for _ in range(50):
        kept, is_word = draws.random(9) ** 2, draws.random(9) < 0.8
        is_word[4] = True
        kept = kept * is_word
        tried = {
            (first, end): expected_f1(kept[first:end][is_word[first:end]], 3.0)
            for first in range(9)
            for end in range(first + 1, 10)
            if is_word[first] and is_word[end - 1]
        }
        found = best_piece(kept, is_word, 3.0)
        assert tried[found] == pytest.approx(max(tried.values()))


def test_a_token_is_wanted_where_the_best_clauses_share_it_with_the_summary() -> None:
    document = Document("Boats are old, we know. Anna sold the red boat in May.", "clauses")
    found = targets_of(document, words_of("Anna sold a red boat"))
    wanted = [token.text for token, target in zip(document.tokens, found[:, 0], strict=True) if target == 1]
    assert wanted == ["Anna", "sold", "red", "boat"]
    assert [token.text for token, target in zip(document.tokens, found[:, 0], strict=True) if target == -1] == [
        ",",
        ".",
        ".",
    ]


def test_a_manner_of_json_is_checked() -> None:
    with pytest.raises(UserError, match="extracts must be"):
        Manner.from_dict([], "config.json")


def test_the_plainest_way_is_taken_that_is_not_worse_by_more_than_chance(summarizer: Summarizer) -> None:
    draws = np.random.default_rng(0)
    figures = 0.3 + 0.1 * draws.random((3, 100))

    def taken(*more: float) -> int:
        tried = [
            Tried(summarizer.model_.manner, summarizer.model_.scorer, row + gain)
            for row, gain in zip(figures, more, strict=True)
        ]
        return next(place for place, one in enumerate(tried) if one is plainest(tried))

    assert taken(0.0, 0.001, 0.0) == 0
    assert taken(0.0, 0.2, 0.2) == 1
    assert taken(0.0, 0.0, 0.2) == 2
