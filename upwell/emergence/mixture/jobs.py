"""The jobs of a mixture ladder: one language model each, on the same text for the same number of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from upwell.emergence.jobs import mark_of, result_path

VERSION = 1
"""Of what a job computes; raised when results of old and new code must not be mixed."""
TOPIC = "mixture"


@dataclass(frozen=True)
class MixtureBudget:
    """What every run gets, whatever its size: the axis is size alone."""

    tokens: int = 6_000_000
    """Tokens read in a run."""
    rows: int = 16
    length: int = 256
    """Rows of a step, and tokens of a row."""
    ema: float = 0.99
    """Memory of the average of the weights, which is what is measured."""
    evaluations: int = 8
    """Measurements along a run, evenly spaced in the logarithm of the step."""
    check_items: int = 40
    """Test items of each task in each of them."""
    test_items: int = 200
    """Test items of each task at the end."""

    @property
    def steps(self) -> int:
        """Optimizer steps of a run."""
        return max(1, round(self.tokens / (self.rows * self.length)))


@dataclass(frozen=True)
class MixtureJob:
    """A run, or the check of three rates before the runs of its rung."""

    source: str
    """The text, `world:…`."""
    family: str
    size: int
    seed: int
    budget: MixtureBudget
    dtype: str
    """Of the computation."""
    kind: str = "run"
    """run or rates."""
    factor: float = 1.0
    """Of the learning rates."""

    @property
    def topic(self) -> str:
        """All tasks are learned together."""
        return TOPIC

    @property
    def id(self) -> str:
        """Named by what is computed."""
        mark = mark_of([VERSION, self.source, vars(self.budget), self.dtype, self.factor])
        return f"{self.kind}-{TOPIC}-{self.family}-{self.size}-s{self.seed}-{mark}"

    def path(self, folder: Path) -> Path:
        """Among the results."""
        return result_path(folder, self.id)
