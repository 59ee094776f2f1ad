"""What summarizes documents, used as scikit-learn's estimators are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from upwell.api.estimator import Estimator, learned
from upwell.api.summarizing import ExtractModel, ExtractTraining, Limits
from upwell.errors import UserError
from upwell.tasks.overlap import Reference, best_rouge
from upwell.tasks.unit_features import words_of
from upwell.text.labelled import Labelled, SummarizedText, hold_out
from upwell.training.options import TrainOptions


class Summarizer(Estimator[ExtractModel]):
    """Summarizes documents by sentences or clauses of theirs, as it has learned from documents with their summaries."""

    kind_of_model = ExtractModel

    def fit(self, X: Iterable[str], y: Iterable[Any]) -> Self:
        """Learn from documents `X` and their summaries `y`, a text or a list of texts each; a part is held out to choose by."""
        documents, summaries = [str(text) for text in X], list(y)
        if len(documents) != len(summaries):
            raise UserError(f"{len(documents)} documents, but {len(summaries)} summaries")
        pairs = zip(documents, map(_listed, summaries), strict=True)
        rows = tuple(SummarizedText(text, given) for text, given in pairs if text.strip() and given)
        if len(rows) < 2:
            raise UserError("two documents with summaries at least are needed to learn from")
        data = Labelled(name="these documents", noun="documents", rows=rows, columns=())
        train, valid = hold_out(data, seed=self.seed)
        self._loaded(learned(ExtractTraining(train.rows, valid.rows, TrainOptions(**self.get_params()))))
        return self

    def predict(
        self,
        X: Iterable[str],
        *,
        sentences: int | None = None,
        max_words: int | None = None,
        max_characters: int | None = None,
    ) -> list[str]:
        """A summary of each document, as long as those that were learned from; or of so many `sentences` (or clauses, where it has
        learned to take these), and as many as fit into words (of which a Han character is one) and characters.
        """
        limits = Limits(sentences=sentences, words=max_words, characters=max_characters)
        return self._fitted().summarize([str(text) for text in X], limits)

    def predict_parts(
        self,
        parts: Iterable[str],
        *,
        sentences: int | None = None,
        max_words: int | None = None,
        max_characters: int | None = None,
    ) -> str:
        """A summary of one document that comes in parts, such as the lines of a file, whose whole needs no place in memory."""
        limits = Limits(sentences=sentences, words=max_words, characters=max_characters)
        return self._fitted().summarize_parts(parts, limits)

    def score(self, X: Iterable[str], y: Iterable[Any]) -> float:
        """Mean of ROUGE-1, -2 and -L (F1 of word stems; Chinese by characters) with the right summary that each is greatest with."""
        said = self.predict(X)
        wanted = [[Reference(words_of(text)) for text in _listed(given)] for given in y]
        found = [best_rouge(right, words_of(text)).mean for text, right in zip(said, wanted, strict=True)]
        return sum(found) / len(found)


def _listed(given: Any) -> tuple[str, ...]:
    """Summaries of a document as a tuple, without empty ones."""
    texts = given if isinstance(given, list | tuple) else [given]
    return tuple(str(text) for text in texts if text is not None and str(text).strip())
