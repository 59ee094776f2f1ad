"""Scores of a run from its items: continuous and discontinuous ones from the same outputs.

Shapes: N items, K answer tokens, S seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def first_of_all_that_follow(flags: Sequence[bool]) -> int | None:
    """Index from which on all flags hold; None where the last does not."""
    return next((number for number in range(len(flags)) if all(flags[number:])), None)


@dataclass(frozen=True)
class Scores:
    """What one run's items say."""

    match: float
    """Exact match: share of items whose K answers are all the first choice."""
    tokens: float
    """Share of answer tokens that are the first choice, the answers before them given."""
    whole: float
    """Mean probability of the whole right answer, exp(-sum of NLL): what sampling would get right, without sampling."""
    nll: float
    """Mean NLL in nats of an answer token."""
    continuous: float
    """1 - NLL / NLL of the answers' frequencies without context: 0 knows nothing, 1 is certain of the right answer."""
    similarity: float
    """1 - edit distance / K between greedy and right answer, mean."""
    match_variance: float
    """Variance of `match` by the finite number of items."""
    continuous_variance: float
    """Variance of `continuous` by the finite number of items."""


def score(arrays: dict[str, NDArray[Any]], reference: float) -> Scores:
    """Scores from a run's arrays `nll`, `right`, `answers`, `targets` (all N, K) and the `reference` NLL in nats."""
    nll, right = arrays["nll"].astype(float), arrays["right"]
    matches = right.all(1)
    number = len(nll)
    return Scores(
        match=float(matches.mean()),
        tokens=float(right.mean()),
        whole=float(np.exp(-nll.sum(1)).mean()),
        nll=float(nll.mean()),
        continuous=float(1 - nll.mean() / reference),
        similarity=float(1 - edit_distance(arrays["answers"], arrays["targets"]).mean() / nll.shape[1]),
        match_variance=float(matches.var() / number),
        continuous_variance=float((nll.mean(1) / reference).var() / number),
    )


def edit_distance(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.int64]:
    """Levenshtein distance (N,) of each row of `first` (N, K) from that of `second` (N, L)."""
    rows = len(first)
    previous = np.broadcast_to(np.arange(second.shape[1] + 1), (rows, second.shape[1] + 1)).copy()
    for i in range(first.shape[1]):
        current = np.empty_like(previous)
        current[:, 0] = i + 1
        for j in range(second.shape[1]):
            change = previous[:, j] + (first[:, i] != second[:, j])
            current[:, j + 1] = np.minimum(change, np.minimum(previous[:, j + 1], current[:, j]) + 1)
        previous = current
    return np.asarray(previous[:, -1])
