"""Whether the runs of a rung differ by luck of the seed: some have the ability, the others do not, nothing between.

The mean of such runs, or a single one, can rise sharply while what changes is the chance of success, and that smoothly
(Zhao et al. 2025).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.statistics.intervals import wilson

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Lottery:
    """How the seeds of the rungs between floor and ceiling are spread."""

    polarisation: float
    """Seed variance as a share of what runs that are all or nothing would have; NaN without a rung between."""
    p_value: float
    """Chance of so much polarisation where each run's score is spread evenly below one peak."""
    rungs: list[int]
    """Indices of the rungs between floor and ceiling."""
    split_bic: float
    """BIC of one group of runs less that of two, on those rungs; above 0 is a hint at two."""
    success: list[tuple[float, float, float]]
    """For each rung the share of runs beyond the middle, with its Wilson interval."""

    @property
    def is_lottery(self) -> bool:
        """Whether the seeds are split more than any distribution with one peak would split them."""
        return self.p_value < 0.05 and self.polarisation > 2 / 3


def lottery(
    values: list[Array], floor: float, ceiling: float, rng: np.random.Generator, *, replicates: int = 4999
) -> Lottery:
    """Judge the spread of the seeds' scores `values` (a list of arrays, one a rung) between `floor` and `ceiling`.

    Among distributions on an interval with one peak the most polarised of a given mean has a part of its mass at one end
    and the rest spread evenly; its variance is at most 2/3 of the all-or-nothing one. The p-value is under that law.
    """
    span = max(ceiling - floor, 1e-9)
    unit = [np.clip((v - floor) / span, 0, 1) for v in values]
    success = [(float((u > 0.5).mean()), *wilson(int((u > 0.5).sum()), len(u))) for u in unit]
    rungs = [i for i, u in enumerate(unit) if len(u) > 1 and 0.1 < u.mean() < 0.9]
    if not rungs:
        return Lottery(math.nan, 1.0, [], 0.0, success)
    observed = _polarisation([unit[i][None] for i in rungs])[0]
    null = _polarisation([_one_peak(float(unit[i].mean()), len(unit[i]), rng, replicates) for i in rungs])
    p_value = (1 + int((null >= observed).sum())) / (replicates + 1)
    return Lottery(float(observed), p_value, rungs, _split_bic([unit[i] for i in rungs]), success)


def _polarisation(unit: list[Array]) -> Array:
    """(M,) sum over rungs of squared deviations, over that of all-or-nothing runs with the same means; rungs (M, S)."""
    spread = sum(((u - u.mean(1, keepdims=True)) ** 2).sum(1) for u in unit)
    most = sum(u.shape[1] * u.mean(1) * (1 - u.mean(1)) for u in unit)
    return np.asarray(spread / np.maximum(most, 1e-9))


def _one_peak(mean: float, seeds: int, rng: np.random.Generator, replicates: int) -> Array:
    """Scores (M, S) of that mean: even over [0, 1], with mass at the nearer end as the mean asks."""
    even = min(1.0, 2 * min(mean, 1 - mean))
    draws = np.where(rng.random((replicates, seeds)) < even, rng.random((replicates, seeds)), 0.0)
    return draws if mean <= 0.5 else 1 - draws


def _split_bic(unit: list[Array]) -> float:
    """One normal a rung against two with a common split, by classification likelihood over all runs of these rungs."""
    runs = np.sort(np.concatenate(unit))
    n = len(runs)
    floor = 0.02**2
    one = sum(float(((u - u.mean()) ** 2).sum()) for u in unit)
    two = min(
        float(((runs[:i] - runs[:i].mean()) ** 2).sum() + ((runs[i:] - runs[i:].mean()) ** 2).sum())
        for i in range(1, n)
    )
    groups = len(unit)
    one_bic = n * math.log(one / n + floor) + groups * math.log(n)
    return float(one_bic - (n * math.log(two / n + floor) + (2 + groups) * math.log(n)))
