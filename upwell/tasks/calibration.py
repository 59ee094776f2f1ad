"""Whether a classifier is as often right as it says (Guo et al. 2017). Shapes: N items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from upwell.tasks.metrics import Measure

BINS = 15
"""As in the paper."""
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
