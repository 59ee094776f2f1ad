"""Scaling law L(N, D) = E + A / N^alpha + B / D^beta (Hoffmann et al. 2022, eq. 2), fitted robustly.

The objective is theirs: the sum over runs of a Huber loss (delta 1e-3) of log L, with E, A, B as exponentials, minimised
by L-BFGS from a grid of starts. The sum matters: averaged, the loss is so small that the optimizer stops early, which is
what Besiroglu et al. 2024 found wrong with the published parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HUBER_DELTA = 1e-3
NUM_STARTS = 40
NUM_POLISHED = 3
NAMES = ("A", "B", "E", "alpha", "beta")


@dataclass(frozen=True)
class ScalingLaw:
    """The fitted law with 95% bootstrap intervals over runs."""

    parameters: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    objective: float
    """The Huber sum at the optimum."""

    def loss(self, size: Array, tokens: Array) -> Array:
        """L(N, D) in nats."""
        p = self.parameters
        return np.asarray(p["E"] + p["A"] * size ** -p["alpha"] + p["B"] * tokens ** -p["beta"])

    @property
    def size_exponent(self) -> float:
        """How the best size grows with compute: N* ~ C^(beta / (alpha + beta)) (their eq. 4)."""
        return self.parameters["beta"] / (self.parameters["alpha"] + self.parameters["beta"])


def fit_scaling_law(
    size: Array,
    tokens: Array,
    loss: Array,
    *,
    replicates: int = 200,
    rng: np.random.Generator | None = None,
    groups: NDArray[np.int64] | None = None,
) -> ScalingLaw:
    """Fit runs of `size` parameters on `tokens` tokens with final `loss` (all (n,)); intervals from `replicates` resamples.

    `groups` (n,) says which points belong to one run and are resampled together.
    """
    log_size, log_tokens, log_loss = np.log(size), np.log(tokens), np.log(loss)
    # About their means the five parameters hardly depend on each other, and L-BFGS needs a tenth of the steps.
    centre = np.array([log_size.mean(), log_tokens.mean()])
    starts = _starts(log_size, log_tokens, log_loss)
    starts[:, :2] -= starts[:, 3:] * centre
    log_size, log_tokens = log_size - centre[0], log_tokens - centre[1]
    found = [_minimise(start, log_size, log_tokens, log_loss, tolerance=1e-7) for start in starts]
    found = sorted(found, key=lambda f: f[1])[:NUM_POLISHED]
    polished = [_minimise(point, log_size, log_tokens, log_loss, tolerance=1e-15) for point, _ in found]
    best, objective = min(polished, key=lambda f: f[1])
    rng = rng or np.random.default_rng(0)
    groups = np.arange(len(size)) if groups is None else groups
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    resampled = []
    for _ in range(replicates):
        index = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        point, _ = _minimise(best, log_size[index], log_tokens[index], log_loss[index], tolerance=1e-7)
        resampled.append(_named(point, centre))
    intervals = {}
    if replicates:
        for column, name in enumerate(NAMES):
            low, high = np.quantile([row[column] for row in resampled], [0.025, 0.975])
            intervals[name] = (float(low), float(high))
    return ScalingLaw(dict(zip(NAMES, map(float, _named(best, centre)), strict=True)), intervals, objective)


def _named(point: Array, centre: Array) -> Array:
    return np.concatenate([np.exp(point[:2] + point[3:] * centre), np.exp(point[2:3]), point[3:]])


def _starts(log_size: Array, log_tokens: Array, log_loss: Array) -> Array:
    """The most promising points of the grid of Hoffmann et al. 2022 (section D.2), by their own objective."""
    logs, exponents = np.arange(0.0, 26, 5), np.arange(0.0, 2.1, 0.5)
    axes = np.meshgrid(logs, logs, np.arange(-1.0, 1.1, 0.5), exponents, exponents, indexing="ij")
    grid = np.stack([axis.ravel() for axis in axes], 1)
    values = np.concatenate([_objective(part, log_size, log_tokens, log_loss)[0] for part in np.array_split(grid, 16)])
    return grid[np.argsort(values)[:NUM_STARTS]]


def _objective(points: Array, log_size: Array, log_tokens: Array, log_loss: Array) -> tuple[Array, Array]:
    """Huber sums (G,) and their gradients (G, 5) at `points` (G, 5) = log A, log B, log E, alpha, beta."""
    a, b, e, alpha, beta = (part[:, None] for part in points.T)
    terms = np.stack([a - alpha * log_size, b - beta * log_tokens, np.broadcast_to(e, (len(points), len(log_size)))])
    top = terms.max(0)
    parts = np.exp(terms - top)
    total = parts.sum(0)
    residual = np.log(total) + top - log_loss  # (G, n)
    small = np.abs(residual) <= HUBER_DELTA
    value = np.where(small, 0.5 * residual**2, HUBER_DELTA * (np.abs(residual) - 0.5 * HUBER_DELTA)).sum(1)
    slope = np.clip(residual, -HUBER_DELTA, HUBER_DELTA) * parts / total  # (3, G, n)
    of_a, of_b, of_e = slope.sum(2)
    gradient = [of_a, of_b, of_e, -(slope[0] * log_size).sum(1), -(slope[1] * log_tokens).sum(1)]
    return value, np.stack(gradient, 1)


def _minimise(
    start: Array, log_size: Array, log_tokens: Array, log_loss: Array, *, tolerance: float
) -> tuple[Array, float]:
    from scipy.optimize import minimize

    scale = 1 / (HUBER_DELTA * len(log_loss))  # the tolerances of L-BFGS are made for values near one

    def function(point: Array) -> tuple[float, Array]:
        value, gradient = _objective(point[None], log_size, log_tokens, log_loss)
        return float(value[0]) * scale, gradient[0] * scale

    options = {"maxiter": 3000, "maxfun": 6000, "ftol": tolerance, "gtol": 1e-12}
    found = minimize(function, start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x), float(found.fun) / scale
