"""How the linear half of a text classifier learns: logistic regression on n-grams, solved to its optimum.

A convex problem wants no stochastic steps: L-BFGS on all texts at once ends within a tenth of a percent of the least loss
after some forty passes (Liu & Nocedal 1989).

Shapes: N texts, F n-grams, C classes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_expit, log_softmax

PENALTIES = (2.0, 8.0, 32.0)
"""Strengths that are tried, each beginning with the weights of the one before: a larger one holds the weights less."""
PASSES = 40
MOST_WEIGHTS = 1 << 23
"""F * C at most: the solver keeps some twenty times as many numbers."""

Floats = npt.NDArray[np.floating]
Rows: TypeAlias = Any  # scipy.sparse.csr_matrix, which has no types


def fit_linear(
    rows: Rows, targets: Floats, penalty: float, start: Floats, scale: Floats | float = 1.0
) -> npt.NDArray[np.float32]:
    """Weights (F + 1, C), the last row the biases, of least summed loss + |weights / scale|^2 / (2 penalty).

    `targets` (N, C): 1 where a text is of a class. Rows of them that sum to 1 are one choice among the classes, others
    a choice of each (see `is_choice`). The solver begins with `start`, weights of that shape over the scale; `scale` (F, C) lets
    some weights grow more easily than others. Returns weights over the scale too.
    """
    from scipy.optimize import minimize  # half a second to load, and only learning needs it

    transposed, choice = rows.T.tocsr(), is_choice(targets)

    def objective(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(start.shape).astype(np.float32)
        scores = rows @ (weights[:-1] * scale) + weights[-1]
        if choice:
            log_p = log_softmax(scores, 1)
            loss, error = -(targets * log_p).sum(), np.exp(log_p) - targets
        else:
            loss = -(targets * log_expit(scores) + (1 - targets) * log_expit(-scores)).sum()
            error = expit(scores) - targets
        slope = np.vstack([(transposed @ error) * scale + weights[:-1] / penalty, error.sum(0, keepdims=True)])
        whole = float(loss) + 0.5 / penalty * float(np.square(weights[:-1]).sum())
        return whole / len(targets), slope.ravel().astype(np.float64) / len(targets)

    found = minimize(
        objective,
        start.ravel().astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": PASSES, "ftol": 1e-7, "maxcor": 8},
    )
    return found.x.reshape(start.shape).astype(np.float32)  # type: ignore[no-any-return]


def is_choice(targets: Floats) -> bool:
    """Whether every text is of exactly one class."""
    return bool((targets.sum(1) == 1).all())


def class_ratios(rows: Rows, targets: Floats) -> npt.NDArray[np.float32]:
    """How much more an n-gram is there in texts of a class than in the others (F, C): the log of the ratio of its shares.

    As a scale of the weights it is the naive Bayes classifier's say in them (Wang & Manning 2012).
    """
    there = rows.sign()
    inside, outside = 1 + there.T @ targets, 1 + there.T @ (1 - targets)  # (F, C), smoothed by 1
    return np.log((inside / inside.sum(0)) / (outside / outside.sum(0))).astype(np.float32)  # type: ignore[no-any-return]


def choose_linear(
    rows: Rows, targets: Floats, held_out: Rows, wanted: Floats, scale: Floats | float = 1.0
) -> tuple[npt.NDArray[np.float32], float]:
    """The weights (F + 1, C) whose loss on `held_out` (M, F) with targets `wanted` (M, C) is least, and their penalty."""
    unscaled = np.zeros((rows.shape[1] + 1, targets.shape[1]), np.float32)
    choice, tried = is_choice(targets), []
    for penalty in PENALTIES:
        unscaled = fit_linear(rows, targets, penalty, unscaled, scale)
        weights = np.vstack([unscaled[:-1] * scale, unscaled[-1:]])
        scores = held_out @ weights[:-1] + weights[-1]
        log_p = log_softmax(scores, 1) if choice else log_expit(scores)
        loss = -(wanted * log_p).sum() - (0 if choice else ((1 - wanted) * log_expit(-scores)).sum())
        tried.append((float(loss), penalty, weights))
    _, best, weights = min(tried, key=lambda one: one[:2])
    return weights, best
