"""Logistic regression on n-grams: at its optimum, for one class a text and for several."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from scipy.special import expit

from upwell.training.logistic_regression import choose_linear, class_ratios, fit_linear, is_choice, minimise


def problem(texts: int, seed: int) -> tuple[scipy.sparse.csr_matrix, np.ndarray]:
    draws = np.random.default_rng(seed)
    rows = scipy.sparse.csr_matrix(draws.normal(size=(texts, 6)) * (draws.random((texts, 6)) < 0.5), dtype=np.float32)
    truth = np.random.default_rng(7).normal(size=(6, 3)) * 3
    classes = (rows @ truth + draws.gumbel(size=(texts, 3))).argmax(1)
    return rows, np.eye(3, dtype=np.float32)[classes]


def test_two_classes_agree_with_newtons_method() -> None:
    rows, targets = problem(200, 0)
    targets = np.stack([targets[:, 0], 1 - targets[:, 0]], 1)
    found = fit_linear(rows, targets, 4.0, np.zeros((7, 2), np.float32))
    # Softmax over two classes with weights v and -v is logistic in 2 v, whose penalty is |2 v|^2 / (4 * 4).
    dense = np.hstack([rows.toarray().astype(float), np.ones((200, 1))])
    weights, held = np.zeros(7), np.r_[np.full(6, 1 / 8), 0.0]
    for _ in range(30):
        p = expit(dense @ weights)
        slope = dense.T @ (p - targets[:, 0]) + held * weights
        weights -= np.linalg.solve(dense.T @ (dense * (p * (1 - p))[:, None]) + np.diag(held), slope)
    np.testing.assert_allclose((found[:, 0] - found[:, 1])[:6], weights[:6], atol=0.03)


def test_several_classes_a_text_are_each_a_choice_of_their_own() -> None:
    rows, targets = problem(150, 1)
    both = np.maximum(targets, targets[::-1])
    assert is_choice(targets)
    assert not is_choice(both)
    together = fit_linear(rows, both, 4.0, np.zeros((7, 3), np.float32))
    for place in range(3):
        alone = fit_linear(rows, both[:, [place]], 4.0, np.zeros((7, 1), np.float32))
        np.testing.assert_allclose(together[:, place], alone[:, 0], atol=0.03)


def test_the_penalty_is_chosen_on_texts_that_were_held_out() -> None:
    rows, targets = problem(40, 2)
    held_out, wanted = problem(400, 3)
    weights, penalty = choose_linear(rows, targets, held_out, wanted)
    right = (held_out @ weights[:-1] + weights[-1]).argmax(1) == wanted.argmax(1)
    assert right.mean() > 0.6
    rows, targets = problem(4000, 4)
    assert choose_linear(rows, targets, held_out, wanted)[1] > penalty  # few texts want to be held


def test_weights_of_a_larger_scale_grow_more_easily() -> None:
    rows, targets = problem(200, 0)
    start = np.zeros((7, 3), np.float32)
    scale = np.ones((6, 3), np.float32)
    scale[0] = 3
    plain, free = fit_linear(rows, targets, 1.0, start), fit_linear(rows, targets, 1.0, start, scale)
    assert np.abs(free[0] * 3).sum() > np.abs(plain[0]).sum()
    same = fit_linear(rows, targets, 4.0, start)
    np.testing.assert_allclose(
        fit_linear(rows, targets, 1.0, start, 2 * np.ones((6, 3)))[:-1] * 2, same[:-1], atol=0.05
    )


def test_ratios_say_in_which_class_an_ngram_is_at_home() -> None:
    rows = scipy.sparse.csr_matrix(np.array([[2.0, 1, 0], [1, 1, 0], [0, 1, 3], [0, 1, 0]], np.float32))
    targets = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    ratios = class_ratios(rows, targets)
    # Of class 0: there in 2, 2 and 0 texts, of class 1 in 0, 2 and 1; one is added to each.
    np.testing.assert_allclose(
        ratios[:, 0], np.log(np.array([3 / 7, 3 / 7, 1 / 7]) / np.array([1 / 6, 3 / 6, 2 / 6])), rtol=1e-5
    )
    np.testing.assert_allclose(ratios[:, 0], -ratios[:, 1], rtol=1e-5)


def test_minimise_finds_where_a_convex_function_is_least() -> None:
    draws = np.random.default_rng(0)
    factor = draws.normal(size=(40, 30)).astype(np.float32)
    curvature, pull = factor.T @ factor + np.eye(30, dtype=np.float32), draws.normal(size=(30, 1)).astype(np.float32)
    asked = 0

    def objective(x: npt.NDArray[Any]) -> tuple[float, npt.NDArray[Any]]:
        nonlocal asked
        asked += 1
        return float(0.5 * np.vdot(x, curvature @ x) - np.vdot(pull, x)), curvature @ x - pull

    found = minimise(objective, np.zeros((30, 1), np.float32), passes=200)
    assert np.allclose(found, np.linalg.solve(curvature, pull), atol=1e-2)
    assert asked < 150  # and not by trying many steps
    least = objective(found)[0]
    few = minimise(objective, np.zeros((30, 1), np.float32), passes=3)
    assert least < objective(few)[0] < 0
