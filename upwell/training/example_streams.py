"""Batches of separate texts, each with what is wanted of it, in an order fixed by the seed alone.

Texts of like length are read together, so that little of a batch is padding: each epoch deals the texts out anew, sorts
them by length within stretches of many batches, and takes the batches in another order.

Shapes: N texts, B rows, T tokens of the longest text of a batch, F ids of a bag, C classes.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from upwell.training.objectives import Batch

STRETCH = 32
"""Batches whose texts are sorted by length together."""

Ids = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Examples:
    """Texts as a reader takes them, and what it should say of each."""

    tokens: Sequence[Ids]
    """N times (T,) ids, or (T, F) bags of ids; none is empty."""
    targets: npt.NDArray[Any] | Sequence[Ids]
    """Classes (N,), or (N, C) 0 and 1; or N times the tags (T, K) of the tokens, of one kind or two, below 0 where none is
    asked."""

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens (N,) of each text."""
        return np.array([len(text) for text in self.tokens], np.int64)

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """The texts of these `numbers` (B,) as one batch."""
        tokens = pad([self.tokens[i] for i in numbers])
        lengths = torch.tensor([len(self.tokens[i]) for i in numbers])
        if isinstance(self.targets, np.ndarray):
            targets = torch.from_numpy(self.targets[numbers])
            return Batch(tokens, targets, lengths=lengths)
        return Batch(tokens, pad([self.targets[i] for i in numbers], filling=-1), lengths=lengths)


class ExampleSet(Protocol):
    """Examples that can be made a batch of."""

    def __len__(self) -> int:
        """Their number, N."""

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens (N,) of each."""

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """The examples of these `numbers` (B,) as one batch."""


Set = TypeVar("Set", bound=ExampleSet)


class ExampleStream(Generic[Set]):
    """Examples in batches of `rows`, over and over."""

    def __init__(self, examples: Set, rows: int, seed: int, *, word_dropout: float = 0.0) -> None:
        """There must be at least `rows` examples. `word_dropout`: share of the tokens that are not shown, drawn anew each
        time.
        """
        assert len(examples) >= rows, "rows must not exceed the texts there are"
        self.examples, self.rows, self.seed, self.word_dropout = examples, rows, seed, word_dropout
        self._lengths = examples.lengths
        self._epoch = -1
        self._order = np.empty((0, rows), np.int64)

    def with_seed(self, seed: int) -> Self:
        """The same examples in another order."""
        other = copy.copy(self)
        other.seed, other._epoch = seed, -1
        return other

    @property
    def windows(self) -> int:
        """Batches per epoch; the remainder of fewer than B texts is left out, another one each epoch."""
        return len(self.examples) // self.rows

    def position(self, step: int) -> tuple[int, int]:
        """Epoch and place in it of batch number `step`, from 0."""
        return divmod(step, self.windows)

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        share = self.rows // world
        mine = slice(rank * share, (rank + 1) * share)
        chosen = self._chosen(step)
        batch = self.examples.batch(chosen[mine])
        if not self.word_dropout:
            return batch
        longest = int(self._lengths[chosen].max())  # of all processes
        drawn = np.random.default_rng((self.seed, step, 2)).random((self.rows, longest), np.float32)
        concealed = drawn[mine, : batch.tokens.shape[1]] < self.word_dropout
        return replace(batch, concealed=torch.from_numpy(concealed))

    def _chosen(self, step: int) -> npt.NDArray[np.int64]:
        epoch, window = self.position(step)
        if self._epoch != epoch:
            draws = np.random.default_rng((self.seed, epoch))
            dealt = draws.permutation(len(self.examples))[: self.windows * self.rows]
            size = STRETCH * self.rows
            parts = [dealt[start : start + size] for start in range(0, len(dealt), size)]
            ordered = np.concatenate([part[np.argsort(self._lengths[part], kind="stable")] for part in parts])
            self._epoch, self._order = epoch, draws.permutation(ordered.reshape(self.windows, self.rows))
        chosen: npt.NDArray[np.int64] = self._order[window]
        return chosen


class BagStream(ExampleStream[Examples]):
    """Examples in bags, of which ids are left out at random, so that no feature is relied on alone.

    The first id of a bag is the word itself. One that was seen n times is left out with probability d / (d + n), where d is
    `word_dropout`, so that rare words teach what to do with unknown ones (Kiperwasser & Goldberg 2016, section 3); any other
    with probability `feature_dropout`.
    """

    def __init__(
        self,
        examples: Examples,
        rows: int,
        seed: int,
        *,
        counts: npt.NDArray[np.int64],
        word_dropout: float,
        feature_dropout: float,
    ) -> None:
        """`counts` (V,): how often the word of each id was seen."""
        super().__init__(examples, rows, seed)
        self.rare = (word_dropout / (word_dropout + counts)).astype(np.float32)
        self.feature_dropout = feature_dropout

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        batch = super().batch(step, rank=rank, world=world)
        chosen = self._chosen(step)
        share = self.rows // world
        longest = int(self._lengths[chosen].max())
        most = max(self.examples.tokens[i].shape[1] for i in chosen)
        drawn = np.random.default_rng((self.seed, step, 2)).random((self.rows, longest, most), np.float32)
        drawn = drawn[rank * share : (rank + 1) * share, : batch.tokens.shape[1], : batch.tokens.shape[2]]
        dropped = drawn < self.feature_dropout
        dropped[:, :, 0] = drawn[:, :, 0] < self.rare[batch.tokens[:, :, 0].numpy()]
        return replace(batch, tokens=batch.tokens.masked_fill(torch.from_numpy(dropped), 0))


def pad(rows: Sequence[npt.NDArray[Any]], filling: int = 0) -> torch.Tensor:
    """Arrays of whole numbers, of unequal sizes, as one tensor, filled up behind."""
    shape = np.max([row.shape for row in rows], axis=0)
    padded = np.full((len(rows), *shape), filling, np.int64)
    for place, row in zip(padded, rows, strict=True):
        place[tuple(map(slice, row.shape))] = row
    return torch.from_numpy(padded)
