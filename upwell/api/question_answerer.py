"""What answers questions about passages, used as scikit-learn's estimators are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from upwell.api.answering import MANNERS, AnyAnswerer, Reply, manner_of, usable
from upwell.api.estimator import Estimator, learned
from upwell.errors import UserError
from upwell.tasks.extraction_metrics import answer_measures
from upwell.text.labelled import Question, hold_out, questions_of
from upwell.training.options import TrainOptions


class QuestionAnswerer(Estimator[Any]):
    """Answers questions about passages: by a piece of the passage, one of several choices, or a word of a list.

    Which of these is learned is told by the data: choices where the questions have some; words where the same answers come
    with many passages; else pieces, and that there is no answer where some questions have none.

    Questions are given as dicts (`context`, `question`, `answers`: a text or a list of texts, none where the passage does not
    answer; `choices`, a list, where there are some), as rows of `upwell.text.labelled.read_questions`, or as pairs of a passage
    and a question, with the answers as `y`.
    """

    kind_of_model = AnyAnswerer

    def fit(self, X: Iterable[Any], y: Iterable[Any] | None = None) -> Self:
        """Learn from questions `X` with their answers; a part, by passages, is held out to choose by."""
        data = usable(questions_of(_answered(X, y)))
        train, valid = hold_out(data, seed=self.seed)
        manner = MANNERS[manner_of(train.rows)]
        self._loaded(learned(manner.training(train.rows, valid.rows, TrainOptions(**self.get_params()))))
        return self

    def reply(self, X: Iterable[Any]) -> list[Reply]:
        """What is said to each question, with its probability and where it stands."""
        return self._fitted().answer([_asked(one) for one in X])  # type: ignore[no-any-return]

    def predict(self, X: Iterable[Any]) -> list[str]:
        """The answer to each question; empty where its passage is thought not to hold one."""
        return [reply.text for reply in self.reply(X)]

    def predict_proba(self, X: Iterable[Any]) -> npt.NDArray[np.float64]:
        """How probable it is (N,) that what `predict` says, word for word, is right."""
        return np.array([reply.probability for reply in self.reply(X)], np.float64)

    def score(self, X: Iterable[Any], y: Iterable[Any] | None = None) -> float:
        """Mean F1 of the words of each answer (Han characters count as words) with those of the right answer it is most like."""
        rows = questions_of(_answered(X, y)).rows
        wanted = [[answer.text for answer in row.answers] for row in rows]
        return answer_measures(wanted, self.predict(rows))["f1"].value()


def _answered(X: Iterable[Any], y: Iterable[Any] | None) -> list[Question | Mapping[str, Any]]:
    """Questions as rows or dicts, with their answers."""
    rows = list(X)
    if y is None:
        if not all(isinstance(row, Question | Mapping) for row in rows):
            raise UserError("pairs of a passage and a question need their answers: fit(X, y)")
        return rows
    answers = list(y)
    if len(rows) != len(answers):
        raise UserError(f"{len(rows)} questions, but {len(answers)} answers")
    return [{**_named(row), "answers": _listed(given)} for row, given in zip(rows, answers, strict=True)]


def _listed(answers: Any) -> list[Any]:
    """Answers as a list, empty where there is none."""
    if answers is None or answers == "":
        return []
    return list(answers) if isinstance(answers, list | tuple | set | frozenset) else [answers]


def _named(row: Any) -> dict[str, Any]:
    """A question by the names of its parts."""
    if isinstance(row, Question):
        choices = {"choices": list(row.choices)} if row.choices else {}
        return {"context": row.context, "question": row.question, **choices}
    if isinstance(row, Mapping):
        return dict(row)
    if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != 2:
        raise UserError(
            f"a question is a pair of a passage and a question, a dict, or a row of read_questions, not {row!r:.80}"
        )
    return {"context": str(row[0]), "question": str(row[1])}


def _asked(row: Any) -> Question:
    """A question without its answers."""
    if isinstance(row, Question):
        return row
    parts = _named(row)
    missing = [name for name in ("context", "question") if name not in parts]
    if missing:
        raise UserError(f"a question has no {missing[0]}: give a context and a question")
    choices = tuple(map(str, parts.get("choices") or ()))
    return Question(context=str(parts["context"]), question=str(parts["question"]), answers=(), choices=choices)
