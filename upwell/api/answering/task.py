"""The task of answering questions about passages: how its data is read, what learns it, and what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from upwell.api.answering.manners import MANNERS, manner_of, ready
from upwell.api.answering.replies import AnswererModel, Reply
from upwell.api.labelled_task import Score, details, score
from upwell.api.reader_training import ReaderTraining
from upwell.api.starting import Start
from upwell.tasks.extraction_metrics import answer_measures
from upwell.tasks.metrics import Measure, mean
from upwell.text.labelled import Labelled, Question, read_questions, with_answers_inside
from upwell.text.labelled.rows import text_key
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan
from upwell.training.runs import ANSWERER


class Answer:
    """Questions about passages, with their answers."""

    kind = ANSWERER
    roles = ("context", "question", "answer")
    foreign = ("tokenizer", "vocab_size", "context", "separator", "column", "script")
    begins_with = (ANSWERER,)

    def read(self, sources: Sequence[str], columns: dict[str, str], options: TrainOptions) -> Labelled[Question]:
        """Questions; where answers are cut from the passage, without those whose answer does not stand there."""
        how: dict[str, Any] = {"encoding": options.encoding, "errors": options.errors}
        found = read_questions(list(sources), extractive=False, **how, **columns)
        return usable(found)

    def training(
        self, train: Labelled[Question], valid: Labelled[Question], options: TrainOptions, start: Start | None = None
    ) -> ReaderTraining:
        """Ready to learn, in the manner that the questions want; `start`: a run of that manner."""
        return ready(train.rows, valid.rows, options, start)

    def parameters(self, model: AnswererModel, plan: ReaderPlan) -> dict[str, int]:
        """As the model counts them."""
        return model.parameters()

    def examine(self, model: AnswererModel, train: Labelled[Question], valid: Labelled[Question]) -> dict[str, Any]:
        """Of pieces of the passage, exact match and F1, and how often it is right whether there is an answer; of choices and
        words, the share that is right. Baseline: a sliding window, or the most frequent answer.
        """
        name = manner_of(train.rows)
        manner = MANNERS[name]
        said, guessed = model.answer(valid.rows), manner.guesses(train.rows, valid.rows)
        measure = _cut if name == "spans" else _chosen
        found, other = measure(valid.rows, said), measure(valid.rows, [Reply(text, 0.0) for text in guessed])
        scores: dict[str, Score] = {what: score(found[what], other[what]) for what in found}
        return {"scores": scores, "details": details({}, {}, None), "baseline": manner.baseline}


def usable(questions: Labelled[Question]) -> Labelled[Question]:
    """Where answers are pieces of the passage, the questions whose answer stands there; else all."""
    return with_answers_inside(questions) if manner_of(questions.rows) == "spans" else questions


def _cut(questions: Sequence[Question], replies: Sequence[Reply]) -> dict[str, Measure]:
    wanted = [[answer.text for answer in row.answers] for row in questions]
    found = answer_measures(wanted, [reply.text for reply in replies])
    if not all(wanted):
        told = [bool(reply.text) == bool(right) for reply, right in zip(replies, wanted, strict=True)]
        found["answerable_accuracy"] = mean([float(right) for right in told])
    return found


def _chosen(questions: Sequence[Question], replies: Sequence[Reply]) -> dict[str, Measure]:
    right = [text_key(reply.text) in row.answer for row, reply in zip(questions, replies, strict=True)]
    return {"accuracy": mean([float(one) for one in right])}
