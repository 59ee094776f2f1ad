"""Families of models side by side: the size at which each passes a score, and whether loss alone tells the score.

Shapes: R rungs, n runs, M draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.statistics.sharpness import working_variance

Array = NDArray[np.float64]

DRAWS = 2000


@dataclass(frozen=True)
class Crossing:
    """Where a score first passes a level: `at` if it does so inside the ladder, else which side it is on."""

    at: float | None
    """Parameters, interpolated in their logarithm."""
    low: float | None
    high: float | None
    """Ends of the 95% interval; None where it reaches beyond the ladder on that side."""
    side: str
    """inside, below (the smallest rung has it) or above (the largest has not)."""


@dataclass(frozen=True)
class Ratio:
    """How many times the parameters of the second family the first needs."""

    ratio: float | None
    low: float | None
    high: float | None


def crossing_size(x: Array, values: list[Array], level: float, rng: np.random.Generator) -> tuple[Crossing, Array]:
    """Where the mean of the seeds' scores on rungs `x` = log10 size passes `level`; also (M,) draws of log10 of it.

    Draws vary the rung means by their errors; -inf stands for below the ladder and inf for above it.
    """
    means = np.array([v.mean() for v in values])
    error = np.sqrt(working_variance(values, 0.0) / np.array([len(v) for v in values]))
    draws = np.array([_crossing(x, means + rng.standard_normal(len(x)) * error, level) for _ in range(DRAWS)])
    at = _crossing(x, means, level)
    low, high = np.quantile(draws, [0.025, 0.975], method="nearest")
    side = "inside" if math.isfinite(at) else "below" if at < 0 else "above"
    return Crossing(_power(at), _power(float(low)), _power(float(high)), side), draws


def size_ratio(first: Array, second: Array) -> Ratio:
    """Ratio of the sizes in the draws (M,) of two families, with its interval; None where a side is not inside."""
    inside = np.isfinite(first) & np.isfinite(second)
    if inside.mean() < 0.95:
        return Ratio(None, None, None)
    low, middle, high = np.quantile((first - second)[inside], [0.025, 0.5, 0.975])
    return Ratio(_power(float(middle)), _power(float(low)), _power(float(high)))


def _crossing(x: Array, means: Array, level: float) -> float:
    over = np.flatnonzero(means >= level)
    if not len(over):
        return math.inf
    i = int(over[0])
    if i == 0:
        return -math.inf
    share = (level - means[i - 1]) / max(means[i] - means[i - 1], 1e-12)
    return float(x[i - 1] + share * (x[i] - x[i - 1]))


def _power(value: float) -> float | None:
    return float(10**value) if math.isfinite(value) else None


def collapse(points: dict[str, tuple[Array, Array]]) -> dict[str, Any] | None:
    """Whether one logistic of the loss gives the score of every family (Du et al. 2024), or each needs its own.

    `points` maps a family to the NLL and exact match (n,) of its runs. Returns the root mean square errors and the BIC
    of one curve less that of separate ones (above 0: families differ at equal loss); None for a single family.
    """
    if len(points) < 2:
        return None
    loss = np.concatenate([p[0] for p in points.values()])
    score = np.concatenate([p[1] for p in points.values()])
    n = len(loss)
    one = _logistic_rss(loss, score)
    own = sum(_logistic_rss(*p) for p in points.values())
    floor = n * 0.01**2

    def bic(rss: float, parameters: int) -> float:
        return n * math.log((rss + floor) / n) + parameters * math.log(n)

    return {
        "rmse_shared": math.sqrt(one / n),
        "rmse_separate": math.sqrt(own / n),
        "delta_bic": bic(one, 2) - bic(own, 2 * len(points)),
    }


def _logistic_rss(loss: Array, score: Array) -> float:
    """Least squares of a logistic in the loss, from the best point of a grid of middles and slopes."""
    from scipy.optimize import minimize

    def rss(point: Any) -> float:
        z = np.clip((point[0] - loss) * np.exp(point[1]), -50, 50)
        return float(((1 / (1 + np.exp(-z)) - score) ** 2).sum())

    starts = [(m, s) for m in np.linspace(loss.min(), loss.max(), 12) for s in np.linspace(-1, 4, 8)]
    best = min(starts, key=rss)
    return min(rss(best), float(minimize(rss, best, method="Nelder-Mead").fun))
