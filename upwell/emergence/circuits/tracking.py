"""Keeping a state up to date: parity, and where a ball is after swaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from upwell.emergence.ability import Ability, Rows


@dataclass(frozen=True)
class Parity(Ability):
    """After every bit: is the number of ones so far odd? Linear recurrences with positive decay cannot (Grazzi et al. 2024)."""

    length: int = 24
    """Bits of a row."""
    name: str = "parity"
    favours: ClassVar[str] = "recurrence"
    vocab_size: ClassVar[int] = 2  # type: ignore[misc]
    fed_back: ClassVar[bool] = False  # type: ignore[misc]

    @property
    def positions(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(range(self.length))

    @property
    def chance(self) -> float:  # type: ignore[override]
        return float(2**-self.length)

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        bits = rng.integers(0, 2, (count, self.length))
        return Rows(bits, bits.cumsum(1) % 2)


@dataclass(frozen=True)
class Swaps(Ability):
    """A ball under one of a few cups, then swaps of two cups: where is it after each? (permutation tracking)"""

    cups: int = 5
    """Cups."""
    length: int = 16
    """Swaps."""
    name: str = "swaps"
    favours: ClassVar[str] = "recurrence"
    fed_back: ClassVar[bool] = False  # type: ignore[misc]

    @property
    def vocab_size(self) -> int:  # type: ignore[override]
        return self.cups + self.cups * (self.cups - 1) // 2

    @property
    def positions(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(range(1, self.length + 1))

    @property
    def chance(self) -> float:  # type: ignore[override]
        return float(self.cups**-self.length)

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        left, right = np.triu_indices(self.cups, 1)
        swaps = rng.integers(0, len(left), (count, self.length))
        ball = start = rng.integers(0, self.cups, count)
        places = []
        for swap in swaps.T:
            ball = np.where(ball == left[swap], right[swap], np.where(ball == right[swap], left[swap], ball))
            places.append(ball)
        return Rows(np.concatenate([start[:, None], swaps + self.cups], 1), np.stack(places, 1))
