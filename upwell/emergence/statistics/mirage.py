"""Whether a sharp exact match is only what a smooth probability of each token looks like (Schaeffer et al. 2023).

Shapes: R rungs, N items, K answer tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 0.1
"""Difference between observed and predicted exact match that still counts as agreement."""
SHARE_COVERED = 0.8


@dataclass(frozen=True)
class Mirage:
    """Exact match as observed and as predicted from probabilities of tokens, at each rung."""

    observed: list[float]
    """(R,) exact match of greedy answers."""
    from_items: list[float]
    """(R,) mean probability of the whole answer, exp(-sum of NLL): exact, from each item."""
    from_tokens: list[float]
    """(R,) share of right first choices to the power of `effective_length`."""
    effective_length: float
    """How many independent tokens an answer is worth: fitted to all rungs, from 1 to K, because errors come together."""
    from_curve: list[float]
    """(R,) p^K with p = exp(-NLL) from the smooth curve fitted to the mean NLL: Schaeffer's form."""
    covered: float
    """Share of rungs where a prediction lies in the interval of the observed exact match, or within 0.1 of its mean; of
    `from_items` and `from_tokens` the better one: the first is what sampling gets right, the second greedy choice."""

    @property
    def explains(self) -> bool:
        """Whether the probabilities of tokens account for the exact match."""
        return self.covered >= SHARE_COVERED


def mirage(match: Array, low: Array, high: Array, whole: Array, places: Array, smooth_nll: Array) -> Mirage:
    """Compare exact match `match` (R,), interval `low` to `high`, with predictions from the probabilities of tokens.

    `whole` (R,) is the mean probability of a whole answer, `places` (R, K) the share of right first choices at each place
    of the answer, and `smooth_nll` (R,) the smooth curve fitted to the mean NLL of a token in nats.
    """
    tokens, length = np.clip(places.mean(1), 1e-9, 1), places.shape[1]
    lengths = np.geomspace(1, length, 200)
    effective = float(lengths[((tokens ** lengths[:, None] - match) ** 2).sum(1).argmin()])
    power = tokens**effective
    near = [((p >= low) & (p <= high)) | (np.abs(p - match) <= TOLERANCE) for p in (whole, power)]
    return Mirage(
        match.tolist(),
        whole.tolist(),
        power.tolist(),
        effective,
        np.exp(-length * np.maximum(0, smooth_nll)).tolist(),
        float(max(part.mean() for part in near)),
    )


def match_by_length(right: NDArray[np.bool_]) -> Array:
    """Exact match (K,) of the first 1, 2 .. K answer tokens, from which were right (N, K).

    If only the longer answers rise sharply, the sharpness is the metric's.
    """
    return np.asarray(np.logical_and.accumulate(right, axis=1).mean(0))
