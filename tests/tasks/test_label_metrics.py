"""Figures of labels one by one, of several labels a text, and calibration, against counting and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from upwell.tasks.calibration import expected_calibration_error
from upwell.tasks.label_metrics import MultiLabelled, confusion, each_label
from upwell.tasks.metrics import Classified


def test_confusion_counts_pairs_and_names_the_worst() -> None:
    found = confusion(["a", "a", "b", "b", "b", "c"], ["a", "b", "a", "a", "b", "d"])
    assert found.labels == ("a", "b", "c", "d")
    assert found.counts.tolist() == [[1, 1, 0, 0], [2, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert found.most(2) == [("b", "a", 2), ("a", "b", 1)]
    assert confusion(["a"], ["a"]).most() == []


def test_figures_of_each_label_by_hand_and_their_mean_is_the_macro() -> None:
    labels, guesses = ["a", "a", "a", "b"], ["a", "a", "b", "b"]
    found = {
        label: {what: one.value() for what, one in figures.items()}
        for label, figures in each_label(labels, guesses).items()
    }
    assert found["a"] == pytest.approx({"precision": 1, "recall": 2 / 3, "f1": 0.8})
    assert found["b"] == pytest.approx({"precision": 0.5, "recall": 1, "f1": 2 / 3})
    assert Classified(labels, guesses).macro().value() == pytest.approx((found["a"]["f1"] + found["b"]["f1"]) / 2)


def test_several_labels_a_text_by_hand() -> None:
    scored = MultiLabelled([("x", "y"), ("y",), (), ("x",)], [("x",), ("y",), (), ("y",)])
    assert scored.exact_match().value() == 0.5
    assert scored.hamming_loss().value() == pytest.approx((1 + 0 + 0 + 2) / 8)
    assert scored.jaccard().value() == pytest.approx((0.5 + 1 + 1 + 0) / 4)
    # x: right 1, guessed 1, there 2; y: right 1, guessed 2, there 2.
    assert scored.micro().value() == pytest.approx(2 * 2 / (3 + 4))
    assert scored.micro("precision").value() == pytest.approx(2 / 3)
    assert scored.macro().value() == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert scored.each()["y"]["recall"].value() == 0.5
    assert np.isfinite(scored.macro().interval().low)


def test_calibration_error_by_hand() -> None:
    # Of the second half of the unit: confidence 0.7 in the mean, right half of the time; below: sure of nothing, never right.
    found = expected_calibration_error([0.6, 0.8, 0.2, 0.4], [True, False, False, False], bins=2)
    assert found.value() == pytest.approx((2 * 0.2 + 2 * 0.3) / 4)
    assert expected_calibration_error([1.0, 1.0], [True, True]).value() == 0
    assert expected_calibration_error([0.0], [False]).value() == 0
