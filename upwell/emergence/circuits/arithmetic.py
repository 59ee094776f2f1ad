"""Rules over digits and orders: addition, modular addition, sorting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.ability import Ability, Rows, Tokens, continuation, mix
from upwell.emergence.circuits.sequences import Sequences


@dataclass(frozen=True)
class Addition(Ability):
    """Sums of two numbers of fixed length, digit by digit; reversed sums begin at the ones (Lee et al. 2023)."""

    digits: int = 3
    """Digits of each summand; the sum has one more."""
    reverse: bool = False
    """Whether the sum is written from the ones upwards, in the order of the carries."""
    name: str = "addition"
    favours: ClassVar[str] = "neither"
    vocab_size: ClassVar[int] = 12  # type: ignore[misc]

    @property
    def positions(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(range(2 * self.digits + 1, 3 * self.digits + 2))

    @property
    def chance(self) -> float:  # type: ignore[override]
        return float(10 ** -(self.digits + 1))

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        first, second = rng.integers(0, 10**self.digits, (2, count))
        plus, equals = np.full((2, count, 1), [[[10]], [[11]]])
        prompt = [self._digits(first, self.digits), plus, self._digits(second, self.digits), equals]
        total = self._digits(first + second, self.digits + 1)
        return continuation(np.concatenate(prompt, 1), np.ascontiguousarray(total[:, ::-1]) if self.reverse else total)

    def keys(self, rows: Rows) -> NDArray[np.uint64]:
        """The same for a+b and b+a."""
        powers = 10 ** np.arange(self.digits)[::-1]
        numbers = (rows.inputs[:, start : start + self.digits] @ powers for start in (0, self.digits + 1))
        return mix(np.sort(np.stack(list(numbers), 1), 1))

    @staticmethod
    def _digits(numbers: NDArray[Any], width: int) -> Tokens:
        return numbers[:, None] // 10 ** np.arange(width)[::-1] % 10


@dataclass(frozen=True)
class ModularAddition(Ability):
    """(a + b) mod p, all of a part of the pairs in training: the setting of grokking (Power et al. 2022)."""

    modulus: int = 59
    """The prime p."""
    test_share: float = 0.5
    name: str = "modular-addition"
    favours: ClassVar[str] = "neither"
    weight_decay: ClassVar[float] = 1.0  # type: ignore[misc]
    positions: ClassVar[tuple[int, ...]] = (2,)  # type: ignore[misc]

    @property
    def vocab_size(self) -> int:  # type: ignore[override]
        return self.modulus + 1

    @property
    def chance(self) -> float:  # type: ignore[override]
        return 1 / self.modulus

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        pair = rng.integers(0, self.modulus, (count, 2))
        prompt = np.concatenate([pair, np.full((count, 1), self.modulus)], 1)
        return continuation(prompt, pair.sum(1, keepdims=True) % self.modulus)

    def keys(self, rows: Rows) -> NDArray[np.uint64]:
        """The same for a+b and b+a."""
        return mix(np.sort(rows.inputs[:, :2], 1))


@dataclass(frozen=True)
class Sorting(Sequences):
    """Symbols in random order, then the same symbols sorted."""

    length: int = 8
    """Symbols to sort."""
    symbols: int = 10
    """Different symbols; repeats are allowed."""
    name: str = "sorting"
    favours: ClassVar[str] = "neither"

    def answer(self, sequence: Tokens) -> Tokens:
        return np.sort(sequence, 1)
