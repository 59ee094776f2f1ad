"""Which of several is chosen, by a weight for each feature: the conditional logit model (McFadden 1974), solved to its optimum.

Shapes: R rows, of which those of a group compete, G groups, F features.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from upwell.training.logistic_regression import minimise

Floats = npt.NDArray[np.floating[Any]]
Rows: TypeAlias = Any  # scipy.sparse.csr_matrix, which has no types


def log_shares(scores: Floats, sizes: npt.NDArray[np.int64]) -> Floats:
    """Scores (R,) normalised within groups of these sizes (G,), one behind the other: log of softmax."""
    first = np.cumsum(sizes) - sizes
    above = scores - np.repeat(np.maximum.reduceat(scores, first), sizes)
    found: Floats = above - np.repeat(np.log(np.add.reduceat(np.exp(above), first)), sizes)
    return found


def fit_choice(
    rows: Rows, sizes: npt.NDArray[np.int64], shares: Floats, penalty: float, start: Floats
) -> npt.NDArray[np.float32]:
    """Weights (F,) of least cross-entropy with the wanted `shares` (R,), which sum to 1 in each group, + |weights|^2 / (2 penalty).

    `rows` (R, F), sparse; the solver begins with `start`.
    """
    transposed = rows.T.tocsr()

    def objective(weights: Floats) -> tuple[float, Floats]:
        log_p = log_shares(rows @ weights, sizes)
        loss = -float(shares @ log_p) + 0.5 / penalty * float(weights @ weights)
        slope = transposed @ (np.exp(log_p) - shares) + weights / penalty
        return loss / len(sizes), (slope / len(sizes)).astype(np.float32)

    return minimise(objective, start.astype(np.float32))
