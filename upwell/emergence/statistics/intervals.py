"""Intervals that cover at few seeds.

The seed variance of a rung is moderated towards that of all rungs (Smyth 2004): alike rungs lend each other degrees of
freedom, unlike ones do not, and the estimate of how alike they are comes from the data. A percentile bootstrap over so
few seeds covers too little; it is used from ten seeds on.

Shapes: R rungs, S seeds, I items.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

MIN_SEEDS_BOOTSTRAP = 10


def moderated_variance(values: list[Array], floor: float) -> tuple[Array, Array]:
    """Variance of a run on each rung (R,) and its degrees of freedom (R,), from the scores of each rung's seeds.

    `floor` is the variance that the finite number of items alone gives, added so that seeds which agree by accident (all
    zero, say) do not count as certain.
    """
    spread = np.array([np.var(v, ddof=1) if len(v) > 1 else np.nan for v in values]) + floor
    freedom = np.array([max(0, len(v) - 1) for v in values], float)
    known = freedom > 0
    if not known.any():
        return np.full(len(values), np.nan), freedom
    d = freedom[known]
    logs = np.log(spread[known]) - special.psi(d / 2) + np.log(d / 2)
    excess = np.var(logs, ddof=1) - np.mean(special.polygamma(1, d / 2)) if known.sum() > 1 else np.inf
    centre = logs.mean()
    if excess <= 0:  # no more unlike than chance makes them: one variance for all
        pooled = float((d * spread[known]).sum() / d.sum())
        return np.full(len(values), pooled), np.full(len(values), d.sum())
    prior_freedom = 2 * _inverse_trigamma(float(excess)) if math.isfinite(excess) else 0.0
    prior = math.exp(centre + special.psi(prior_freedom / 2) - math.log(prior_freedom / 2)) if prior_freedom else 0.0
    total = freedom + prior_freedom
    variance = (prior_freedom * prior + freedom * np.where(known, spread, 0.0)) / np.maximum(total, 1e-12)
    return variance, np.minimum(total, d.sum())


def _inverse_trigamma(value: float) -> float:
    """x with trigamma(x) = value, by Newton's method (Smyth 2004, appendix)."""
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(special.polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(special.polygamma(2, x))
        x += step
        if -step / x < 1e-8:
            break
    return x


def mean_intervals(values: list[Array], *, floor: float, level: float = 0.95) -> tuple[Array, Array, Array]:
    """Mean of each rung (R,) with the ends of its t interval at `level`; NaN ends where no rung has two seeds."""
    mean = np.array([v.mean() for v in values])
    variance, freedom = moderated_variance(values, floor)
    sizes = np.array([len(v) for v in values])
    half = special.stdtrit(np.maximum(freedom, 1), (1 + level) / 2) * np.sqrt(variance / sizes)
    return mean, mean - half, mean + half


def nested_bootstrap(
    items: Array, rng: np.random.Generator, *, level: float = 0.95, replicates: int = 2000
) -> tuple[float, float]:
    """Percentile interval of the mean of `items` (S, I), seeds resampled and then the items that all seeds share."""
    seeds, number = items.shape
    means = np.empty(replicates)
    for index in range(replicates):
        rows = items[rng.integers(0, seeds, seeds)].mean(0)
        means[index] = rows[rng.integers(0, number, number)].mean()
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def wilson(successes: int, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of a proportion (Wilson 1927)."""
    z = float(special.ndtri((1 + level) / 2))
    share = successes / trials
    centre = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def holm(p_values: list[float]) -> list[float]:
    """Adjusted p-values that keep the chance of any false finding among all of them (Holm 1979)."""
    order = np.argsort(p_values)
    adjusted = np.empty(len(p_values))
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return [float(p) for p in adjusted]
