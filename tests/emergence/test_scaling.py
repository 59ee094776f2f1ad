"""The scaling-law fitter finds known parameters."""

from __future__ import annotations

import time

import numpy as np
import pytest

from upwell.emergence.statistics.scaling import _objective, fit_scaling_law

TRUTH = {"A": 482.0, "B": 2085.0, "E": 1.82, "alpha": 0.348, "beta": 0.366}


def made_up(noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    size, tokens = 10 ** rng.uniform(7.65, 10.2, 245), 10 ** rng.uniform(9, 11.5, 245)
    loss = TRUTH["E"] + TRUTH["A"] * size ** -TRUTH["alpha"] + TRUTH["B"] * tokens ** -TRUTH["beta"]
    return size, tokens, loss * np.exp(rng.standard_normal(245) * noise)


def test_parameters_of_besiroglu_come_back_within_two_percent_in_seconds() -> None:
    began = time.process_time()
    law = fit_scaling_law(*made_up(0), replicates=0)
    assert time.process_time() - began < 10
    assert law.parameters == pytest.approx(TRUTH, rel=0.02)
    assert law.size_exponent == pytest.approx(0.366 / 0.714, rel=0.01)


def test_intervals_over_runs_hold_the_truth() -> None:
    size, tokens, loss = made_up(0.002)
    law = fit_scaling_law(size, tokens, loss, replicates=60)
    for name in ("E", "alpha", "beta"):
        low, high = law.intervals[name]
        assert low < law.parameters[name] < high and low < TRUTH[name] * 1.02 and high > TRUTH[name] * 0.98
    assert law.loss(size, tokens) == pytest.approx(loss, rel=0.02)


def test_points_of_one_run_are_resampled_together() -> None:
    size, tokens, loss = made_up(0.002)
    law = fit_scaling_law(size, tokens, loss, replicates=10, groups=np.repeat(np.arange(49), 5))
    assert set(law.intervals) == set(TRUTH)


def test_the_gradient_is_that_of_the_objective() -> None:
    size, tokens, loss = (np.log(part) for part in made_up(0.002))
    point = np.array([[5.0, 7.0, 0.5, 0.3, 0.4]])
    value, gradient = _objective(point, size, tokens, loss)
    for index in range(5):
        moved = point.copy()
        moved[0, index] += 1e-6
        assert (_objective(moved, size, tokens, loss)[0] - value)[0] / 1e-6 == pytest.approx(
            gradient[0, index], rel=1e-3
        )
