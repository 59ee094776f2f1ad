"""A tagger of words, used as scikit-learn's estimators are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from upwell.api.estimator import Estimator, learned
from upwell.api.tagging import TaggerModel, TaggerTraining
from upwell.errors import UserError
from upwell.text.labelled import Labelled, TaggedSentence, hold_out
from upwell.training.options import TrainOptions


class Tagger(Estimator[TaggerModel]):
    """Says what tag each word of a sentence has: its part of speech, or whether it belongs to a name."""

    kind_of_model = TaggerModel

    def fit(self, X: Iterable[Sequence[str]], y: Iterable[Sequence[str]]) -> Self:
        """Learn from sentences of words `X` and the tags of their words `y`; a part is held out to choose by."""
        sentences, tags = [tuple(words) for words in X], [tuple(given) for given in y]
        if [len(words) for words in sentences] != [len(given) for given in tags]:
            raise UserError("every word needs a tag: words and tags are not of the same numbers")
        rows = tuple(TaggedSentence(*pair) for pair in zip(sentences, tags, strict=True) if pair[0])
        if len({tag for row in rows for tag in row.tags}) < 2:
            raise UserError("two tags at least are needed to tell apart")
        data = Labelled(name="these sentences", noun="sentences", rows=rows, columns=())
        train, valid = hold_out(data, seed=self.seed)
        self._loaded(learned(TaggerTraining(train.rows, valid.rows, TrainOptions(**self.get_params()))))
        return self

    def predict(self, X: Iterable[Sequence[str]]) -> list[list[str]]:
        """The likeliest tags of each sentence of words."""
        return self._fitted().predict([list(words) for words in X])

    def predict_proba(self, X: Iterable[Sequence[str]]) -> list[npt.NDArray[np.float64]]:
        """Probabilities of each sentence (T, C), in the order of `tags_`."""
        return [
            np.exp(row.astype(np.float64)) for row in self._fitted().log_probabilities([list(words) for words in X])
        ]

    def score(self, X: Iterable[Sequence[str]], y: Iterable[Sequence[str]]) -> float:
        """Share of words with the right tag."""
        pairs = [
            said == wanted
            for tags, given in zip(self.predict(X), y, strict=True)
            for said, wanted in zip(tags, given, strict=True)
        ]
        return float(np.mean(pairs))

    def _loaded(self, model: TaggerModel) -> None:
        self.model_, self.tags_ = model, model.tags
