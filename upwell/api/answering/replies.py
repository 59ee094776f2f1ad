"""What all models that answer questions share: the form of an answer, and what a model is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import torch

from upwell.text.labelled import Question
from upwell.training.runs import Run


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model says to a question."""

    text: str
    """Empty where it says that the passage does not answer."""
    probability: float
    """How probable the model holds it that this very answer is right."""
    start: int | None = None
    """The character of the passage at which the answer begins; None where it was not cut from there."""
    choice: int | None = None
    """The place of the answer among the choices, where there were some."""


class AnswererModel(Protocol):
    """All that answers questions in one manner."""

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """A reply to each question; what is right of it is not looked at."""

    def parameters(self) -> dict[str, int]:
        """Parameters by part, with `total`."""

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config, which names the manner."""

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The inverse; a UserError where a file is missing, damaged or of something else."""
