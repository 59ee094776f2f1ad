"""Metrics against the libraries' own figures and against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF

from upwell.tasks.metrics import (
    Classified,
    bleu,
    chrf,
    distinct,
    exact_match,
    f1_of_bags,
    mean,
    ratio,
    rouge,
    token_f1,
    units,
)

ENGLISH = (
    ["the cat sat on the mat", "a dog ran", "it rained"],
    ["the cat sat on a mat", "the dog ran away", "it rained"],
)
CHINESE = (["小猫坐在垫子上", "狗跑了"], ["猫坐在垫子上", "小狗跑走了"])


@pytest.mark.parametrize(("answers", "outputs"), [ENGLISH, CHINESE])
def test_chrf_is_that_of_sacrebleu_on_the_corpus(answers: list[str], outputs: list[str]) -> None:
    assert chrf(answers, outputs).value() == pytest.approx(CHRF().corpus_score(outputs, [answers]).score / 100)


@pytest.mark.parametrize(("texts", "language", "tokenize"), [(ENGLISH, "en", "13a"), (CHINESE, "zh", "zh")])
def test_bleu_is_that_of_sacrebleu_on_the_corpus(
    texts: tuple[list[str], list[str]], language: str, tokenize: str
) -> None:
    answers, outputs = texts
    expected = BLEU(tokenize=tokenize).corpus_score(outputs, [answers]).score / 100
    found = bleu(answers, outputs, language=language)
    assert found.value() == pytest.approx(expected)
    assert f"tok:{tokenize}" in found.signature and "version:" in found.signature


def test_macro_f1_counts_as_by_hand() -> None:
    scored = Classified(["a", "a", "a", "b"], ["a", "a", "b", "nonsense"])
    # a: precision 1, recall 2/3, F1 0.8; b: guessed once, wrongly: all 0.
    assert scored.macro("f1").value() == pytest.approx(0.4)
    assert scored.macro("precision").value() == pytest.approx(0.5)
    assert scored.macro("recall").value() == pytest.approx(1 / 3)
    assert scored.accuracy().value() == 0.5
    assert scored.micro().value() == pytest.approx(2 * 2 / (4 + 3))  # the nonsense is no guess


def test_macro_f1_agrees_with_the_textbook_on_random_labels() -> None:
    draw = np.random.default_rng(0)
    labels, guesses = (draw.choice(list("abcd"), 200).tolist() for _ in range(2))
    each = []
    for label in "abcd":
        right = sum(a == b == label for a, b in zip(labels, guesses, strict=True))
        precision, recall = right / guesses.count(label), right / labels.count(label)
        each.append(2 * precision * recall / (precision + recall))
    assert Classified(labels, guesses).macro().value() == pytest.approx(float(np.mean(each)))


@pytest.mark.parametrize(
    ("answer", "output", "same"),
    [
        ("red", "Red.", 1),
        ("the garden", "garden", 1),
        ("红色", "红色。", 1),
        ("５", "5", 1),
        ("red", "blue", 0),
        ("a", "the", 0),
        ("", "", 1),
    ],
)
def test_exact_match_overlooks_case_articles_width_and_outer_punctuation(answer: str, output: str, same: float) -> None:
    assert exact_match(answer, output) == same


def test_units_are_words_and_han_characters() -> None:
    assert units("The cat, 小猫 sat") == ["cat", "小", "猫", "sat"]


def test_token_f1_is_that_of_bags() -> None:
    assert token_f1("a red hat", "red red hat") == pytest.approx(2 * 2 / (2 + 3))
    assert f1_of_bags([], []) == 1 and f1_of_bags([1], []) == 0


def test_rouge_takes_words_in_english_and_characters_in_chinese() -> None:
    assert rouge("the cats ran", "the cat ran", language="en") == 1  # stemmed
    assert rouge("小猫跑了", "小狗跑了", language="zh") == pytest.approx(0.75)
    assert rouge("小猫跑了", "了跑猫小", language="zh", kind="rouge1") == 1


def test_distinct_is_the_share_of_different_ngrams() -> None:
    assert distinct(["x y x y"], 2) == pytest.approx(2 / 3)
    assert distinct([""], 2) == 0


def test_intervals_hold_the_true_mean_as_often_as_they_say() -> None:
    draw = np.random.default_rng(1)
    held = 0
    for trial in range(200):
        figure = mean(draw.random(100) < 0.3).interval(seed=trial, resamples=300)
        held += figure.low <= 0.3 <= figure.high
    assert 180 <= held <= 199


def test_an_interval_of_equal_scores_is_not_a_point() -> None:
    assert mean([1.0] * 30).interval().low == pytest.approx(0.9)
    assert mean([0.0] * 30).interval().high == pytest.approx(0.1)
    single = mean([1.0]).interval()
    assert single.value == 1 and np.isnan(single.low)


def test_a_ratio_weighs_items_by_their_size() -> None:
    assert ratio([(1, 1), (0, 3)]).value() == 0.25
