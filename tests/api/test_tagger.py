"""Taggers: learned from Python, kept in runs."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell import Tagger
from upwell.errors import UserError
from upwell.training.example_streams import BagStream, Examples
from upwell.training.runs import Run

QUICK: dict[str, Any] = {"size": "3k", "epochs": 12, "threads": 1, "dtype": "float32"}


def sentences(number: int, seed: int = 0) -> tuple[list[list[str]], list[list[str]]]:
    """Words that are told by their ends, and one that is told by the word before it."""
    draws = random.Random(seed)

    def stem() -> str:
        return "".join(draws.choice("bdfgklmnprst") + draws.choice("aeiou") for _ in range(2))

    X, y = [], []
    for _ in range(number):
        X.append(["the", stem() + "er", stem() + "ed", draws.choice(["the", "to"]), "run"])
        y.append(["D", "N", "V", "D" if X[-1][3] == "the" else "P", "N" if X[-1][3] == "the" else "V"])
    return X, y


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(**QUICK).fit(*sentences(200))


def test_it_tags_words_it_has_never_seen_and_by_their_neighbours(tagger: Tagger) -> None:
    X, y = sentences(50, seed=1)
    assert tagger.score(X, y) > 0.97
    assert tagger.predict([["the", "run"], ["to", "run"], []]) == [["D", "N"], ["P", "V"], []]
    probabilities = tagger.predict_proba([["the", "zuzuer"], []])
    np.testing.assert_allclose(probabilities[0].sum(1), 1, rtol=1e-5)
    assert probabilities[1].shape == (0, len(tagger.tags_))


def test_a_sentence_is_tagged_the_same_alone_and_among_others(tagger: Tagger) -> None:
    X = [*sentences(9, seed=2)[0], ["x" * 500], ["猫", "\x00"]]
    for alone, among in zip([tagger.predict_proba([words])[0] for words in X], tagger.predict_proba(X), strict=True):
        np.testing.assert_allclose(alone, among, atol=1e-5)


def test_it_is_kept_and_loaded_whole(tagger: Tagger, tmp_path: Path) -> None:
    tagger.save(tmp_path / "run")
    X = sentences(9, seed=3)[0]
    loaded = Tagger.load(tmp_path / "run")
    assert loaded.predict(X) == tagger.predict(X)
    with pytest.raises(UserError, match="holds a model already"):
        tagger.save(tmp_path / "run")
    run = Run(tmp_path / "run")
    values = json.loads(run.config_path.read_bytes())
    for change, said in (
        ({"labels": ["a"] * 99}, "names of the network's"),
        ({"labels": None}, "not come to its end"),
        ({"members": 0}, "members must be a whole number"),
        ({"members": 4}, "no such file"),
        ({"kind": "classifier"}, "is a classifier, not a tagger"),
    ):
        run.config_path.write_text(json.dumps({**values, **change}), encoding="utf-8")
        with pytest.raises(UserError, match=said):
            Tagger.load(run.folder)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        ([["a", "b"]], [["x"]], "every word needs a tag"),
        ([["a"]], [["x"], ["y"]], "every word needs a tag"),
        ([["a"], ["b"]], [["x"], ["x"]], "two tags at least"),
        ([], [], "two tags at least"),
    ],
)
def test_what_cannot_be_learned_from_is_one_clear_line(X: Any, y: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Tagger(**QUICK).fit(X, y)
    with pytest.raises(UserError, match="call fit"):
        Tagger().predict([["a"]])


def test_rare_words_are_left_out_more_often_and_parts_by_chance() -> None:
    bags = [np.array([[1, 3, 4], [2, 3, 4]])] * 400
    stream = BagStream(
        Examples(bags, [np.zeros(2, np.int64)] * 400),
        400,
        seed=0,
        counts=np.array([0, 1, 99, 0, 0]),
        word_dropout=0.25,
        feature_dropout=0.1,
    )
    left = (stream.batch(0).tokens > 0).double().mean(0)  # (2, 3)
    assert float(left[0, 0]) == pytest.approx(0.8, abs=0.06)
    assert float(left[1, 0]) > 0.98
    assert float(left[:, 1:].mean()) == pytest.approx(0.9, abs=0.03)
    halves = [stream.batch(0, rank=rank, world=2).tokens for rank in range(2)]
    assert np.array_equal(np.concatenate(halves), stream.batch(0).tokens)
