"""Batches of separate texts, each with what is wanted of it, in an order fixed by the seed alone.

Texts of like length are read together, so that little of a batch is padding: each epoch deals the texts out anew, sorts
them by length within stretches of many batches, and takes the batches in another order.

Shapes: N texts, B rows, T tokens of the longest text of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from upwell.training.objectives import Batch

STRETCH = 32
"""Batches whose texts are sorted by length together."""

Ids = npt.NDArray[np.unsignedinteger]


def pad(texts: Sequence[Ids]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Token ids (B, T) of `texts` padded on the right by zeros, and their lengths (B,)."""
    lengths = np.array([len(text) for text in texts], np.int64)
    rows = np.zeros((len(texts), max(1, int(lengths.max()))), np.int64)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = text
    return rows, lengths


class Examples:
    """Which texts come in which batch: the order behind every stream of separate texts."""

    def __init__(self, lengths: npt.NDArray[np.int64], rows: int, seed: int) -> None:
        """`lengths` (N,) in tokens; N must be at least `rows`."""
        assert len(lengths) >= rows, "rows must not exceed the texts there are"
        self.lengths, self.rows, self.seed = lengths, rows, seed
        self._epoch = -1
        self._order = np.empty((0, rows), np.int64)

    @property
    def windows(self) -> int:
        """Batches per epoch; the remainder of fewer than B texts is left out, another one each epoch."""
        return len(self.lengths) // self.rows

    def position(self, step: int) -> tuple[int, int]:
        """Epoch and place in it of batch number `step`, from 0."""
        return divmod(step, self.windows)

    def choose(self, step: int) -> npt.NDArray[np.int64]:
        """Numbers (B,) of the texts of batch `step`."""
        epoch, window = self.position(step)
        if self._epoch != epoch:
            draws = np.random.default_rng((self.seed, epoch))
            dealt = draws.permutation(len(self.lengths))[: self.windows * self.rows]
            size = STRETCH * self.rows
            parts = [dealt[start : start + size] for start in range(0, len(dealt), size)]
            ordered = np.concatenate([part[np.argsort(self.lengths[part], kind="stable")] for part in parts])
            self._epoch, self._order = epoch, draws.permutation(ordered.reshape(self.windows, self.rows))
        return self._order[window]
