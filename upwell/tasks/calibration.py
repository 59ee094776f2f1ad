"""Whether a classifier is as often right as it says, and one number that mends it (Guo et al. 2017).

Shapes: N items, C labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from upwell.tasks.metrics import Measure

BINS = 15
"""As in the paper."""
TEMPERATURES = (0.01, 100.0)
"""Where the temperature is looked for."""

Floats = NDArray[np.float64]


def expected_calibration_error(
    confidences: Sequence[float] | Floats, right: Sequence[bool], *, bins: int = BINS
) -> Measure:
    """The mean gap between confidence and accuracy, over `bins` equal parts of the confidences (equation 3).

    Arguments: for each item the probability (N,) of the label that was guessed, and whether it was right. 0 is best.
    """
    confidence = np.asarray(confidences, dtype=np.float64)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)  # the bins are open below: ((m-1)/M, m/M]
    sums = np.zeros((len(confidence), bins + 1))
    sums[np.arange(len(confidence)), place] = np.asarray(right, dtype=np.float64) - confidence
    sums[:, bins] = 1
    return Measure(sums, lambda totals: np.abs(totals[:, :bins]).sum(1) / totals[:, bins])


def probabilities(logits: Floats, *, temperature: float = 1.0) -> Floats:
    """Softmax of logits (N, C) divided by the temperature: (N, C), rows that sum to 1."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    result: Floats = powers / powers.sum(1, keepdims=True)
    return result


def negative_log_likelihood(logits: Floats, labels: NDArray[np.integer], *, temperature: float = 1.0) -> float:
    """Mean nats of the right labels (N,) under logits (N, C) divided by the temperature."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    shifted = scaled - scaled.max(1, keepdims=True)
    total = np.log(np.exp(shifted).sum(1))
    return float(np.mean(total - shifted[np.arange(len(labels)), labels]))


def fit_temperature(logits: Floats, labels: NDArray[np.integer]) -> float:
    """The temperature that makes the right labels (N,) of validation data most probable (section 4.2).

    It changes no guess. Above 1 it makes the model less sure. Where every guess is right, or nothing is known, it ends at a
    bound of `TEMPERATURES`.
    """
    from scipy.optimize import minimize_scalar

    # The mean is convex in 1/temperature, so it has one minimum over the logarithm too.
    bounds = np.log(TEMPERATURES)
    found = minimize_scalar(
        lambda log: negative_log_likelihood(logits, labels, temperature=float(np.exp(log))),
        bounds=tuple(bounds),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))
