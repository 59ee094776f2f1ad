"""What copying and sorting share: a random sequence, a mark, and as many symbols that follow from it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from upwell.emergence.ability import Ability, Rows, Tokens, continuation


@dataclass(frozen=True)
class Sequences(Ability):
    """An answer as long as the sequence it is about."""

    length: int
    """Symbols of the sequence."""
    symbols: int
    """Different symbols."""

    @property
    def vocab_size(self) -> int:  # type: ignore[override]
        return self.symbols + 1

    @property
    def positions(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(range(self.length, 2 * self.length))

    @property
    def chance(self) -> float:  # type: ignore[override]
        return float(self.symbols**-self.length)

    @abstractmethod
    def answer(self, sequence: Tokens) -> Tokens:
        """What is to be written after each row of `sequence` (N, length)."""

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        sequence = rng.integers(0, self.symbols, (count, self.length))
        mark = np.full((count, 1), self.symbols)
        return continuation(np.concatenate([sequence, mark], 1), self.answer(sequence))
