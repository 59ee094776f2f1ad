"""What a task on labelled data adds to a run: how its data is read, what learns it, and what is measured."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from upwell.api.reader_training import ReaderTraining
from upwell.api.starting import Start
from upwell.tasks.label_metrics import Confusion
from upwell.tasks.metrics import Measure
from upwell.text.labelled import Labelled
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan

SHOWN_CONFUSIONS = 10
FREQUENT = "the most frequent"
"""The baseline that says what was most frequent in training."""


class LabelledTask(Protocol):
    """A task of `upwell train DATA --task`."""

    @property
    def kind(self) -> str:
        """Of its runs."""

    @property
    def roles(self) -> tuple[str, ...]:
        """What the columns of its data may be named as."""

    @property
    def foreign(self) -> tuple[str, ...]:
        """Options of training that it does not have."""

    @property
    def begins_with(self) -> tuple[str, ...]:
        """Kinds of runs that its training can begin with."""

    def read(self, sources: Sequence[str], columns: dict[str, str], options: TrainOptions) -> Labelled[Any]:
        """Labelled data; a UserError for what cannot be used."""

    def training(
        self, train: Labelled[Any], valid: Labelled[Any], options: TrainOptions, start: Start | None = None
    ) -> ReaderTraining:
        """Ready to learn from `train` and to choose by `valid`; `start`: a run to begin with."""

    def parameters(self, model: Any, plan: ReaderPlan) -> dict[str, int]:
        """Parameters by part, with `total`."""

    def examine(self, model: Any, train: Labelled[Any], valid: Labelled[Any]) -> dict[str, Any]:
        """How the model does on `valid`: `scores`, measures beside a baseline that learned from `train`; and `details`, which
        are `labels`, precision, recall, F1 and number of each, and `confusions`: label, what it was taken for, how often; and
        `baseline`, its name.
        """


Score = dict[str, float | None]
"""value, low, high, baseline; None where there is no such number, as the interval of a single item."""


def score(measure: Measure, baseline: Measure) -> Score:
    """A measure with its interval, beside that of a baseline on the same items."""
    figures = {**dataclasses.asdict(measure.interval()), "baseline": baseline.value()}
    return {name: None if math.isnan(value) else value for name, value in figures.items()}


def details(
    figures: Mapping[str, Mapping[str, Measure]], numbers: Mapping[str, int], confused: Confusion | None
) -> dict[str, Any]:
    """The figures of each label with its number, and the most frequent confusions where an answer is one label."""
    labels = {
        label: {**{what: measure.value() for what, measure in found.items()}, "number": numbers.get(label, 0)}
        for label, found in figures.items()
    }
    return {"labels": labels, "confusions": confused.most(SHOWN_CONFUSIONS) if confused else []}
