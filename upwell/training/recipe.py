"""Everything a run needs beside the network's shape: batch, optimizer, schedule, regularization."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

from upwell.errors import UserError
from upwell.model.config import check_keys


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained. Derived from family, size and text by `derive_recipe`, printed at the start."""

    rows: int = 16
    """Sequences read side by side in one step, over all processes."""
    length: int = 128
    """Tokens per sequence and step."""
    accumulate: int = 1
    """Parts that a step's rows are cut into, one after the other, to save memory."""
    packed: bool = False
    """Windows begin with a document and hold whole ones, without a state from the window before."""
    prompt_share: float = 1.0
    """Share of the tokens of prompts that are asked, drawn anew in each step: of answers and plain text all are."""
    carry: bool = True
    """State is carried from window to window where the mixer has one (truncated backpropagation, Werbos 1990)."""
    optimizer: str = "muon"
    """adamw for all weights, or muon for the matrices of the blocks and adamw for the rest."""
    learning_rate: float = 4e-3
    """Peak rate of AdamW."""
    matrix_learning_rate: float = 1e-2
    """Peak rate of Muon."""
    weight_decay: float = 0.1
    """Decoupled decay of matrices, times the rate (Loshchilov & Hutter 2019)."""
    beta1: float = 0.9
    """AdamW's memory of the gradient."""
    beta2: float = 0.99
    """AdamW's memory of the squared gradient; below 0.999 because batches are small (Porian et al. 2024)."""
    momentum: float = 0.95
    """Muon's momentum."""
    turns: int = 2
    """Muon moves each matrix in one of so many steps."""
    warmup: float = 0.02
    """Share of the budget over which the rate rises."""
    decay: float = 0.4
    """Share of the budget over which the rate falls at the end."""
    floor: float = 0.02
    """Rate at the very end, as a share of the peak."""
    clip: float = 1.0
    """Largest gradient norm, in the loss per token (Pascanu et al. 2013)."""
    ema: float = 0.0
    """Memory of the exponential moving average of the weights that is validated and kept; 0: the weights themselves."""
    patience: int = 0
    """Validations without a new best after which the run stops; 0: never. The best weights are kept either way."""
    validations: int = 20
    """Validations over a run, at most; fewer where they would take more than a twentieth of the work."""
    checkpoint_seconds: float = 30.0
    """Seconds between checkpoints; more where writing one takes long."""
    seed: int = 0
    """Of weights, data order and dropout."""

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise UserError(f"recipe: {name} must be a number from {low:g} to {high:g}, not {value!r}")
        for name in ("rows", "length", "accumulate", "turns", "patience", "validations", "seed"):
            if not isinstance(getattr(self, name), int):
                raise UserError(f"recipe: {name} must be a whole number, not {getattr(self, name)!r}")
        if self.rows % self.accumulate:
            raise UserError(f"recipe: rows {self.rows} must be a multiple of accumulate {self.accumulate}")
        if self.optimizer not in ("adamw", "muon"):
            raise UserError(f"recipe: optimizer {self.optimizer!r} is neither adamw nor muon")
        for name in ("carry", "packed"):
            if not isinstance(getattr(self, name), bool):
                raise UserError(f"recipe: {name} must be true or false")

    @property
    def tokens_per_step(self) -> int:
        """Predictions per step."""
        return self.rows * self.length

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The recipe held in JSON `values`; an unknown key is a UserError that names the nearest one."""
        check_keys(values, known=[field.name for field in dataclasses.fields(cls)], where="recipe")
        return cls(**values)


_RANGES = (
    ("rows", 1, 1 << 20),
    ("length", 1, 1 << 20),
    ("accumulate", 1, 1 << 20),
    ("learning_rate", 0, 10),
    ("matrix_learning_rate", 0, 10),
    ("weight_decay", 0, 10),
    ("beta1", 0, 1),
    ("beta2", 0, 1),
    ("momentum", 0, 1),
    ("turns", 1, 16),
    ("warmup", 0, 1),
    ("decay", 0, 1),
    ("floor", 0, 1),
    ("clip", 0, 1e9),
    ("ema", 0, 1),
    ("patience", 0, 1 << 20),
    ("validations", 0, 1 << 20),
    ("checkpoint_seconds", 0, 1e9),
    ("prompt_share", 0, 1),
    ("seed", 0, 2**63 - 1),
)
