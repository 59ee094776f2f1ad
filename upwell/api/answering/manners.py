"""The manners of answering: which one a set of questions wants, and what learns it.

`choices`: one of those that the question offers. `words`: an answer that was learned, where the same answers come again and
again, as in bAbI (Weston et al. 2015). `spans`: a piece of the passage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from upwell.api.answering import choices, spans, words
from upwell.api.answering.replies import AnswererModel
from upwell.api.reader_training import ReaderTraining
from upwell.api.starting import Start
from upwell.errors import UserError
from upwell.text.labelled import Question
from upwell.training.options import TrainOptions
from upwell.training.runs import ANSWERER, Run

PASSAGES_PER_ANSWER = 4
"""Where an answer comes with so many different passages on average, answers are words of a list."""


@dataclass(frozen=True)
class Manner:
    """One manner of answering."""

    model: type[AnswererModel]
    training: Callable[[Sequence[Question], Sequence[Question], TrainOptions], ReaderTraining]
    """Of questions to learn from and of those to choose by."""
    baseline: str
    """The name of what answers without learning what words mean."""
    guesses: Callable[[Sequence[Question], Sequence[Question]], list[str]]
    """What that says to the second questions, knowing the first with their answers."""


MANNERS: dict[str, Manner] = {
    "spans": Manner(spans.SpanModel, spans.SpanTraining, "a sliding window", spans.guesses),
    "choices": Manner(choices.ChoiceModel, choices.ChoiceTraining, "a sliding window", spans.guesses),
    "words": Manner(words.WordModel, words.WordTraining, "the most frequent answer", words.guesses),
}
"""By the name that a run's config has."""


def manner_of(questions: Sequence[Question]) -> str:
    """The manner that these questions want; a UserError where they want different ones."""
    with_choices = sum(bool(row.choices) for row in questions)
    if with_choices == len(questions):
        return "choices"
    if with_choices:
        raise UserError(
            f"{with_choices:,} of {len(questions):,} questions have choices; give all of them some, or none"
        )
    pairs = {(row.group, answer) for row in questions for answer in row.answer}
    answers = {answer for _, answer in pairs}
    return "words" if len(pairs) >= PASSAGES_PER_ANSWER * len(answers) > 0 else "spans"


def ready(
    train: Sequence[Question], valid: Sequence[Question], options: TrainOptions, start: Start | None = None
) -> ReaderTraining:
    """What learns from `train`, in the manner that these questions want, beginning with the run `start` if there is one."""
    name = manner_of(train)
    if start is None:
        return MANNERS[name].training(train, valid, options)
    if name != "spans" or start.run.config(ANSWERER).get("manner") != name:
        raise UserError(
            f"{start.run.folder}: only a run that finds pieces of passages can be begun with, for questions whose answers are such"
        )
    return spans.SpanTraining(train, valid, options, start)


class AnyAnswerer:
    """What a run answers questions with, whatever its manner."""

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> AnswererModel:
        """The model of a run; a UserError where a file is missing, damaged or of something else."""
        name = run.config(ANSWERER).get("manner")
        if name is None:
            raise UserError(f"{run.folder}: its training has not come to its end; upwell train --resume {run.folder}")
        if name not in MANNERS:
            raise UserError(f"{run.config_path}: manner {name!r}: choose among {', '.join(MANNERS)}")
        return MANNERS[name].model.load(run, device=device, dtype=dtype)
