"""What an ability is: rows of tokens made by rule, the answers wanted, and what guessing would score.

Shapes: N rows, T input tokens, K answers a row.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError

Tokens = NDArray[np.int64]
_SPLIT_BINS = 1 << 20
_EMPTY_DRAWS = 200
"""Draws in a row without one row of the part wanted, after which that part counts as empty."""


@dataclass(frozen=True)
class Rows:
    """Items of an ability, all of one length."""

    inputs: Tokens
    """(N, T) tokens that the network reads."""
    targets: Tokens
    """(N, K) tokens that it should answer, one at each of the ability's positions."""

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: Any) -> Rows:
        return Rows(self.inputs[index], self.targets[index])


def continuation(prompt: Tokens, answer: Tokens) -> Rows:
    """Rows of a `prompt` (N, P) and the `answer` (N, K) that follows it; positions are P-1 to P+K-2."""
    return Rows(np.concatenate([prompt, answer[:, :-1]], 1), answer)


class Ability:
    """One ability. Subclass it, set the attributes and write `rows`; the rest has defaults.

    Exact match counts a row when all K answers are the network's first choice.
    """

    name: str
    """How it is called in files, options and the report."""
    vocab_size: int
    """Number of token ids."""
    positions: tuple[int, ...]
    """Places in the inputs (0 to T-1) after which the K answers are asked for."""
    chance: float
    """Exact match of uniform guessing among the symbols that an answer may be."""
    fed_back: bool = True
    """Whether each answer stands in the inputs right after its position, as in a text that goes on."""
    test_share: float = 1 / 16
    """Share of all possible prompts that is kept for tests; 0 where the point is to remember what was trained on."""
    weight_decay: float = 0.1
    """Decay of the matrices in training; generalisation from few examples needs more (Nanda et al. 2023)."""
    favours: ClassVar[str] = ""
    """Which family is expected to need fewer parameters: recurrence, attention or neither; for the reader."""

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        """`count` random rows, vectorised."""
        raise NotImplementedError

    def guess(self, rows: Rows, known: Rows, rng: np.random.Generator) -> Tokens:
        """Answers (N, K) to `rows` by the best rule that needs no skill; here the commonest answer in `known`."""
        columns = [np.bincount(column).argmax() for column in known.targets.T]
        return np.broadcast_to(np.array(columns, np.int64), rows.targets.shape)

    def keys(self, rows: Rows) -> NDArray[np.uint64]:
        """A number for each row that decides between training and test; equal for rows that ask the same."""
        return mix(rows.inputs[:, : self.positions[0] + 1] if self.fed_back else rows.inputs)

    def settings(self) -> dict[str, Any]:
        """What tells this ability from another of its class, as JSON values."""
        if dataclasses.is_dataclass(self):
            return dataclasses.asdict(self)
        return {name: value for name, value in sorted(vars(self).items()) if isinstance(value, int | float | str)}

    def sample(self, rng: np.random.Generator, count: int, *, test: bool) -> Rows:
        """`count` rows of the training part or of the test part; no prompt is in both.

        Raises UserError where one of the parts is empty because there are only a few prompts.
        """
        if self.test_share == 0:
            return self.rows(rng, count)
        share = self.test_share if test else 1 - self.test_share
        inputs: list[Tokens] = []
        targets: list[Tokens] = []
        found = empty = 0
        while found < count:
            if empty == _EMPTY_DRAWS:
                part = "test" if test else "training"
                raise UserError(f"{self.name}: too few different prompts, none falls into the {part} part")
            rows = self.rows(rng, int((count - found) / share * 1.1) + 8)
            is_test = self.keys(rows) % np.uint64(_SPLIT_BINS) < np.uint64(round(self.test_share * _SPLIT_BINS))
            rows = rows[is_test == test]
            inputs.append(rows.inputs)
            targets.append(rows.targets)
            found += len(rows)
            empty = 0 if len(rows) else empty + 1
        return Rows(np.concatenate(inputs)[:count], np.concatenate(targets)[:count])


def mix(columns: NDArray[Any]) -> NDArray[np.uint64]:
    """A hash (N,) of each row of whole numbers (N, C), the same in every process (SplitMix64, Steele et al. 2014)."""
    state = np.zeros(len(columns), np.uint64)
    for column in columns.T:
        state += column.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state


def permutations(rng: np.random.Generator, count: int, length: int) -> Tokens:
    """`count` random orders (N, L) of the numbers below `length`."""
    return rng.random((count, length), dtype=np.float32).argsort(1)
