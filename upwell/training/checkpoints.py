"""Everything a run needs to go on, on disk: written whole or not at all.

A checkpoint is a folder `step-00001234` with `tensors.safetensors` (weights, optimizer, average), `carried.safetensors`
(the carried state, where there is one) and `progress.json`. It is written under a temporary name, synced and renamed, so
a kill at any moment leaves the one before. Random numbers need no state: those of a step are drawn from (seed, step).
"""

from __future__ import annotations

import dataclasses
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.model.config import check_keys
from upwell.model.files import load_tensors, read_json, save_weights
from upwell.model.state import State, from_leaves, leaves
from upwell.text.files import atomic_folder, atomic_write_json

KEEP = 2
"""Checkpoints kept, the newest; the weights of the best validation are the run's model.safetensors."""


@dataclass
class Progress:
    """Where a run is: all of its state that is not a tensor."""

    step: int = 0
    """Optimizer steps attempted, also the number of the next batch."""
    seconds: float = 0.0
    """Time spent training, over all sittings."""
    rate_scale: float = 1.0
    """Factor on the learning rate, lowered after a non-finite loss."""
    skipped: int = 0
    """Steps in a row whose loss or gradient was not finite."""
    rollbacks: int = 0
    """Times the run went back to a checkpoint."""
    best: float = float("inf")
    """Criterion of the best validation so far: for a language model its bits per byte."""
    best_step: int = -1
    stale: int = 0
    """Validations since the best."""
    validated_step: int = -1
    """Step of the last validation."""
    dtype: str = ""
    threads: int = 0

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values (infinity as null)."""
        values = dataclasses.asdict(self)
        return {**values, "best": None if self.best == float("inf") else self.best}

    @classmethod
    def from_dict(cls, values: Any) -> Progress:
        """The progress held in JSON `values`."""
        names = [field.name for field in dataclasses.fields(cls)]
        check_keys(values, known=names, where="progress")
        values = dict(values)
        if values.get("best", 0) is None:
            values["best"] = float("inf")
        for field in dataclasses.fields(cls):
            wanted = str if field.name == "dtype" else (int, float)
            if field.name not in values or not isinstance(values[field.name], wanted):
                raise UserError(f"progress: {field.name} is missing or of the wrong type")
        return cls(**values)


def save_checkpoint(folder: Path, progress: Progress, tensors: dict[str, Tensor], carried: State) -> Path:
    """Write the checkpoint of `progress.step` under `folder`, then drop all but the newest few."""
    path = folder / f"step-{progress.step:08d}"
    if path.exists():  # the same step from an earlier sitting; its content is the same
        return path
    with atomic_folder(path) as temporary:
        save_weights(temporary / "tensors.safetensors", tensors)
        carried_tensors = dict(leaves(carried))
        if carried_tensors:
            save_weights(temporary / "carried.safetensors", carried_tensors)
        atomic_write_json(temporary / "progress.json", {"format": 1, **progress.to_dict()})
    for old in checkpoints(folder)[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)
    return path


def checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints under `folder`, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if re.fullmatch(r"step-\d{8,}", path.name) and path.is_dir())


def load_progress(path: Path) -> Progress:
    """The progress of the checkpoint at `path`."""
    values = read_json(path / "progress.json")
    if not isinstance(values, dict) or values.pop("format", None) != 1:
        raise UserError(f"{path / 'progress.json'}: not a checkpoint of format 1")
    return Progress.from_dict(values)


def load_checkpoint(
    path: Path, tensors: dict[str, Tensor], carried_template: State
) -> tuple[Progress, dict[str, Tensor], State]:
    """Progress, tensors and carried state of the checkpoint at `path`.

    `tensors` and `carried_template` give the shapes and dtypes that the file must have. A checkpoint written before
    anything was carried has no carried file: then the state is None.
    """
    progress = load_progress(path)
    loaded = load_tensors(path / "tensors.safetensors", _shapes(tensors))
    carried_path = path / "carried.safetensors"
    if not carried_path.exists():
        return progress, loaded, None
    carried = load_tensors(carried_path, _shapes(dict(leaves(carried_template))))
    return progress, loaded, from_leaves(carried_template, carried)


def _shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[tuple[int, ...], torch.dtype | None]]:
    return {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
