"""Could the smaller rungs have told? The largest are held out and forecast by three methods and two plain ones.

Shapes: R rungs, M replicates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.statistics.families import Design, Fitter
from upwell.emergence.statistics.sharpness import working_variance

Array = NDArray[np.float64]

METHODS = ("power law of -log score", "loss, then score", "loss threshold", "last rung", "line")
REPLICATES = 400


@dataclass(frozen=True)
class Forecast:
    """One rung forecast by one method from the rungs below it."""

    method: str
    held_out: int
    """How many of the largest rungs were left out of the fit."""
    rung: int
    """Index of the rung that is forecast."""
    observed: float
    forecast: float
    deviation: float
    """Standard deviation of the forecast's error that the method itself expects."""

    @property
    def error(self) -> float:
        """Observed less forecast."""
        return self.observed - self.forecast

    @property
    def z(self) -> float:
        """The error in units of what the method expects."""
        return self.error / max(self.deviation, 1e-9)


def forecasts(
    x: Array,
    scores: list[Array],
    losses: list[Array],
    *,
    item_variance: float,
    rng: np.random.Generator,
    held_out: tuple[int, ...] = (1, 2),
) -> list[Forecast]:
    """Forecast the scores of the largest rungs from the others, for each number in `held_out`.

    `scores` and `losses` hold the seeds' exact match (0 to 1) and NLL (nats per token) of each rung at `x` = log10 size.
    The first method is that of Krajewski et al. 2025 (log of -log score linear in log size), the second that of Bhagia et
    al. 2024 (loss by an offset power law of size, score by a logistic of loss), the third reads Du et al. 2024: the score
    stays at its floor until the loss passes a threshold, then rises in a line.
    """
    found = []
    for number in held_out:
        kept = len(x) - number
        if kept < 3:
            continue
        below, below_losses = scores[:kept], losses[:kept]
        means = [np.array([v.mean() for v in part])[None] for part in (below, below_losses)]
        draws = [_replicate(below, item_variance, rng), _replicate(below_losses, 0.0, rng)]
        for method in METHODS:
            point = _predict(method, x[:kept], means[0], means[1], x[kept:], below_losses)
            spread = _predict(method, x[:kept], draws[0], draws[1], x[kept:], below_losses)
            for index in range(number):
                own = scores[kept + index]
                noise = np.var(own, ddof=1) / len(own) if len(own) > 1 else 0.0
                deviation = math.sqrt(float(np.var(spread[:, index])) + noise + item_variance)
                found.append(
                    Forecast(method, number, kept + index, float(own.mean()), float(point[0, index]), deviation)
                )
    return found


def _replicate(values: list[Array], item_variance: float, rng: np.random.Generator) -> Array:
    means = np.array([v.mean() for v in values])
    error = np.sqrt(working_variance(values, item_variance) / np.array([len(v) for v in values]))
    return np.asarray(means + rng.standard_normal((REPLICATES, len(values))) * error)


def _predict(method: str, x: Array, scores: Array, losses: Array, ahead: Array, seeds: list[Array]) -> Array:
    """(M, A) scores at `ahead` (A,) from mean scores and losses (M, R) at `x` (R,)."""
    if method == "last rung":
        return np.repeat(scores[:, -1:], len(ahead), 1)
    if method == "line":
        return np.clip(_line(x, scores, ahead), 0, 1)
    if method == "power law of -log score":
        hidden = np.log(-np.log(np.clip(scores, 1e-4, 1 - 1e-4)))
        return np.exp(-np.exp(np.clip(_line(x, hidden, ahead), -20, 3)))
    future = _loss_ahead(x, losses, ahead, seeds)
    if method == "loss, then score":
        logit = np.clip(scores, 1e-3, 1 - 1e-3)
        line = _lines(losses, np.log(logit / (1 - logit)), future)
        return 1 / (1 + np.exp(-np.clip(line, -30, 30)))
    return _threshold(losses, scores, future)


def _line(x: Array, y: Array, ahead: Array) -> Array:
    return _lines(np.broadcast_to(x, y.shape), y, np.broadcast_to(ahead, (len(y), len(ahead))))


def _lines(x: Array, y: Array, ahead: Array) -> Array:
    """Least-squares lines of y (M, R) over x (M, R), read at `ahead` (M, A)."""
    centred = x - x.mean(1, keepdims=True)
    slope = (centred * y).sum(1) / np.maximum((centred**2).sum(1), 1e-9)
    return np.asarray(y.mean(1, keepdims=True) + slope[:, None] * (ahead - x.mean(1, keepdims=True)))


def _loss_ahead(x: Array, losses: Array, ahead: Array, seeds: list[Array]) -> Array:
    """(M, A) losses by the best falling offset power law of size."""
    design = Design(x, np.array([len(v) for v in seeds]), working_variance(seeds, 0.0))
    fitter = Fitter(design)
    fit = next(f for f in fitter.fit(losses, np.zeros(len(losses))) if f.family.name == "power law")
    return np.maximum(0.0, fitter.predict(fit, losses, ahead))


def _threshold(losses: Array, scores: Array, future: Array) -> Array:
    """Floor, then a line below a loss threshold: the best of a grid of thresholds for each of (M, R)."""
    floor = scores[:, :1]
    best = np.full(len(losses), np.inf)
    answer = np.repeat(scores[:, -1:], future.shape[1], 1)
    for share in np.linspace(0, 1, 21)[:-1]:
        place = losses[:, -1:] + (1 - share) * (losses[:, :1] - losses[:, -1:])
        past = np.maximum(0.0, place - losses)
        slope = ((scores - floor) * past).sum(1, keepdims=True) / np.maximum((past**2).sum(1, keepdims=True), 1e-9)
        rss = ((floor + slope * past - scores) ** 2).sum(1)
        better = rss < best
        best = np.where(better, rss, best)
        answer[better] = (floor + slope * np.maximum(0.0, place - future))[better]
    return np.clip(answer, 0, 1)
