"""The conditional logit model."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from upwell.training.choice_regression import fit_choice, log_shares


def test_shares_sum_to_one_in_each_group_whatever_the_scores() -> None:
    sizes = np.array([2, 1, 3])
    found = np.exp(log_shares(np.array([1000.0, 999.0, -5.0, 0.0, 0.0, 0.0]), sizes))
    np.testing.assert_allclose(found, [0.731059, 0.268941, 1, 1 / 3, 1 / 3, 1 / 3], rtol=1e-5)


def test_weights_are_where_the_slope_is_zero() -> None:
    draws = np.random.default_rng(0)
    sizes = np.array([3, 2, 4, 3])
    rows = scipy.sparse.csr_matrix(draws.normal(size=(12, 2)))
    shares = np.exp(log_shares(draws.normal(size=12), sizes))
    weights = fit_choice(rows, sizes, shares, 2.0, np.zeros(2, np.float32))

    def loss(at: np.ndarray) -> float:
        return float(-(shares @ log_shares(rows @ at, sizes)) + at @ at / 4)

    best = loss(weights)
    for step in draws.normal(size=(20, 2)) * 0.05:
        assert loss(weights + step) > best


def test_a_feature_that_marks_the_right_row_is_found() -> None:
    sizes = np.full(30, 4)
    rows = np.random.default_rng(1).normal(size=(120, 5))
    shares = np.zeros(120)
    shares[np.arange(30) * 4 + rows[:, 2].reshape(30, 4).argmax(1)] = 1
    weights = fit_choice(scipy.sparse.csr_matrix(rows), sizes, shares, 1.0, np.zeros(5, np.float32))
    assert int(np.abs(weights).argmax()) == 2 and weights[2] > 1
