"""The jobs of a ladder: independent, each with a stable id, each leaving one file that appears whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.ability import Ability
from upwell.text.files import atomic_write_bytes

Result = tuple[dict[str, Any], dict[str, NDArray[Any]]]
"""Figures as JSON values, and arrays."""
VERSION = 1
"""Of what a job computes; raised when results of old and new code must not be mixed."""


@dataclass(frozen=True)
class Budget:
    """What every run of a ladder gets, whatever its size: the axis is size alone."""

    steps: int = 1500
    """Optimizer steps of a run that is not solved before."""
    rows: int = 64
    """Rows in a step."""
    rate: float = 4e-3
    """Learning rate at width 32, before the rung's own factor."""
    ema: float = 0.998
    """Memory of the average of the weights, which is what is measured."""
    evaluations: int = 14
    """Measurements along a run, evenly spaced in the logarithm of the step."""
    check_items: int = 256
    """Test items of each of them."""
    test_items: int = 1024
    """Test items at the end."""


class Job(Protocol):
    """One thing to compute: a run, or the check of three rates before the runs of its rung."""

    @property
    def topic(self) -> str:
        """What is learned: the name of an ability, or of a text."""

    @property
    def family(self) -> str:
        """Of the network."""

    @property
    def size(self) -> int:
        """Parameters asked for; the network comes as near as its widths allow."""

    @property
    def seed(self) -> int:
        """Of weights and data."""

    @property
    def id(self) -> str:
        """A name that the same job has in every process and sitting."""

    def path(self, folder: Path) -> Path:
        """Where its result lies in the ladder's `folder`."""


RunJob = Callable[[Any], Result]
"""Computes a job."""


def result_path(folder: Path, job_id: str) -> Path:
    """Where the result of a job lies in the ladder's `folder`."""
    return folder / "results" / f"{job_id}.npz"


def mark_of(content: Any) -> str:
    """Eight digits that stand for JSON `content`."""
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=4).hexdigest()


@dataclass(frozen=True)
class CircuitJob:
    """A job on one ability."""

    ability: Ability
    family: str
    size: int
    seed: int
    budget: Budget
    kind: str = "run"
    """run or rates."""
    factor: float = 1.0
    """Of the learning rate."""

    @property
    def topic(self) -> str:
        """The ability."""
        return self.ability.name

    @property
    def id(self) -> str:
        """Named by what is computed."""
        mark = mark_of([VERSION, type(self.ability).__name__, self.ability.settings(), vars(self.budget), self.factor])
        return f"{self.kind}-{self.ability.name}-{self.family}-{self.size}-s{self.seed}-{mark}"

    def path(self, folder: Path) -> Path:
        """Among the results."""
        return result_path(folder, self.id)


def save_result(path: Path, figures: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Write a job's `figures` (JSON values) and `arrays` to one npz file, atomically."""
    buffer = io.BytesIO()
    content = {"figures": np.frombuffer(json.dumps(figures).encode(), np.uint8), **arrays}
    np.savez_compressed(buffer, **content)  # type: ignore[arg-type]
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_bytes(path, buffer.getvalue())


def load_result(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The figures and arrays that `save_result` wrote; nothing in the file is run."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop("figures").tobytes()), arrays
