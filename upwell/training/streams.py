"""Batches from a token store: contiguous rows that can carry state, in an order fixed by the seed alone.

Every epoch lays the stream, taken as a circle, out in `rows` stretches of equal length from a random starting point;
window after window walks down all of them at once. So batch (epoch, window) needs nothing but the seed: a resumed run
reads on at the same token, and every family sees the same data in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from upwell.training.objectives import Batch


@dataclass(frozen=True)
class TokenStream:
    """Windows over a stream of token ids."""

    tokens: npt.NDArray[np.unsignedinteger]
    """(N,) ids, memory-mapped or not."""
    rows: int
    """Stretches read side by side, B."""
    length: int
    """Tokens per window, T."""
    seed: int
    first: int | None = None
    """Id that stands before the beginning of a text: end-of-text. None: no row ever begins anew."""
    fresh: float = 1 / 32
    """Share of windows before which a row forgets its past."""

    def __post_init__(self) -> None:
        assert self.windows >= 1, "rows * length must not exceed the tokens there are"

    @property
    def windows(self) -> int:
        """Windows per epoch; the remainder of fewer than B * T tokens is left out, another one each epoch."""
        return len(self.tokens) // self.rows // self.length

    def position(self, step: int) -> tuple[int, int]:
        """Epoch and window of batch number `step`, from 0."""
        return divmod(step, self.windows)

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        epoch, window = self.position(step)
        origin = int(np.random.default_rng((self.seed, epoch)).integers(len(self.tokens)))
        stretch = len(self.tokens) // self.rows
        share = self.rows // world
        starts = origin + stretch * np.arange(rank * share, (rank + 1) * share) + window * self.length
        index = (starts[:, None] + np.arange(self.length + 1)) % len(self.tokens)
        ids = self.tokens[index].astype(np.int64)
        if self.first is None:
            return Batch(torch.from_numpy(ids[:, :-1]), torch.from_numpy(ids[:, 1:]))
        # A long text has one beginning; a prompt has one each time. So some rows begin anew, behind the token that
        # stands before every text, or a network would meet its initial state a few times an epoch only.
        draws = np.random.default_rng((self.seed, epoch, 1 + window)).random(self.rows)[
            rank * share : (rank + 1) * share
        ]
        fresh = (draws < self.fresh) | (window == 0)
        ids[fresh, 0] = self.first
        return Batch(torch.from_numpy(ids[:, :-1]), torch.from_numpy(ids[:, 1:]), fresh=torch.from_numpy(fresh))
