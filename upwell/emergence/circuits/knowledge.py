"""Remembering facts: the control that should grow smoothly with size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from upwell.emergence.ability import Ability, Rows, Tokens, continuation


@dataclass(frozen=True)
class Knowledge(Ability):
    """Who has which attribute: random facts, common ones seen more often, tested as they occur (Allen-Zhu & Li 2024).

    Nothing can be inferred, so nothing can jump: each fact is a small skill of its own, and their frequencies fall as a
    power law, which is the case in which many small steps add up to a smooth curve (Michaud et al. 2023).
    """

    people: int = 512
    """People; each has a name of three syllables."""
    attributes: int = 4
    """Attributes of each person."""
    values: int = 64
    """Values that an attribute may have."""
    exponent: float = 1.0
    """Person number r is met in proportion to 1 / (r + 3) ** exponent."""
    name: str = "knowledge"
    favours: ClassVar[str] = "neither"
    test_share: ClassVar[float] = 0.0  # type: ignore[misc]
    positions: ClassVar[tuple[int, ...]] = (3,)  # type: ignore[misc]

    @property
    def vocab_size(self) -> int:  # type: ignore[override]
        return 16 + self.attributes + self.values

    @property
    def chance(self) -> float:  # type: ignore[override]
        return 1 / self.values

    @cached_property
    def _world(self) -> tuple[Tokens, Tokens, np.ndarray[tuple[int], np.dtype[np.float64]]]:
        """Names (people, 3), facts (people, attributes) and cumulative frequencies (people,); the same for every run."""
        rng = np.random.default_rng(20_240_614)
        numbers = rng.choice(16**3, self.people, replace=False)
        names = numbers[:, None] // np.array([256, 16, 1]) % 16
        facts = rng.integers(0, self.values, (self.people, self.attributes))
        weights = (np.arange(self.people) + 3.0) ** -self.exponent
        return names, facts, np.cumsum(weights / weights.sum())

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        names, facts, cumulative = self._world
        person = np.minimum(np.searchsorted(cumulative, rng.random(count)), self.people - 1)
        attribute = rng.integers(0, self.attributes, count)
        prompt = np.concatenate([names[person], attribute[:, None] + 16], 1)
        return continuation(prompt, facts[person, attribute][:, None] + 16 + self.attributes)
