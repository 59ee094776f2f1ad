"""A classifier of texts, used as scikit-learn's classifiers are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from upwell.api.classifier_runs import ClassifierTraining, Classify
from upwell.api.classifying import ClassifierModel
from upwell.api.estimator import Estimator, learned
from upwell.api.starting import open_start
from upwell.errors import UserError
from upwell.text.labelled import Labelled, LabelledText, hold_out
from upwell.text.vectors.cutting import cut_words
from upwell.training.options import TrainOptions

MOST_WORDS = 200
"""Words of a text that are tried one by one when a decision is to be explained."""


class TextClassifier(Estimator[ClassifierModel]):
    """Says what class a text is of, or which classes: a network beside weighed n-grams, both learned from your texts.

    Used as scikit-learn's classifiers are, in its pipelines and cross-validation too: `fit`, `predict`, `predict_proba`,
    `score`, `classes_`. Where labels are given as lists, tuples or sets, a text may have several or none.
    """

    kind_of_model = ClassifierModel
    _estimator_type = "classifier"  # what scikit-learn before 1.6 asks for

    def __init__(
        self,
        *,
        model: str | None = None,
        size: str | None = None,
        epochs: float | None = None,
        minutes: float | None = None,
        tokenizer: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        dtype: str | None = None,
        begin_with: str | None = None,
    ) -> None:
        """As the options of `upwell train --task classify`; what is not given is chosen from the texts and the machine.

        `begin_with`: a run that the network goes on from, as `upwell finetune` takes it.
        """
        super().__init__(
            model=model, size=size, epochs=epochs, minutes=minutes, seed=seed, threads=threads, dtype=dtype
        )
        self.tokenizer, self.begin_with = tokenizer, begin_with

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks an estimator to be told: a classifier of texts."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_label=True),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
        )

    def fit(self, X: Iterable[str], y: Iterable[Any]) -> Self:
        """Learn from texts `X` and their labels `y`; a part of them is held out to choose by."""
        labels = list(y)
        several = any(isinstance(label, list | tuple | set | frozenset) for label in labels)
        known = {str(label): label for given in labels for label in (given if several else [given])}
        texts = [str(text) for text in X]
        if len(texts) != len(labels):
            raise UserError(f"{len(texts)} texts, but {len(labels)} labels")
        rows = tuple(
            LabelledText(text, tuple(sorted(map(str, given))) if several else (str(given),))
            for text, given in zip(texts, labels, strict=True)
        )
        if len(known) < 2:
            raise UserError("two labels at least are needed to tell apart")
        train, valid = hold_out(Labelled(name="these texts", noun="texts", rows=rows, columns=()), seed=self.seed)
        params = self.get_params()
        start = open_start(params.pop("begin_with"), TrainOptions(task="classify", **params), Classify.begins_with)
        self.model_ = learned(ClassifierTraining(train.rows, valid.rows, TrainOptions(**params), start))
        self.classes_ = np.array([known[name] for name in self.model_.labels])
        return self

    def predict(self, X: Iterable[str]) -> Any:
        """The likeliest class (N,) of each text; where a text may have several, a list of those likelier than not."""
        return self.decide(self.predict_proba(X))

    def decide(self, probabilities: npt.NDArray[np.float64]) -> Any:
        """What `predict` says where the probabilities are these (N, C)."""
        if not self._fitted().several:
            return self.classes_[probabilities.argmax(1)]
        return [[self.classes_[i] for i in np.flatnonzero(row > 0.5)] for row in probabilities]

    def predict_proba(self, X: Iterable[str]) -> npt.NDArray[np.float64]:
        """Probabilities (N, C) in the order of `classes_`; each row sums to 1 unless a text may have several classes."""
        return np.exp(self._log_probabilities(X))

    def predict_log_proba(self, X: Iterable[str]) -> npt.NDArray[np.float64]:
        """Their logarithms."""
        return self._log_probabilities(X)

    def score(self, X: Iterable[str], y: Iterable[Any]) -> float:
        """Share of texts whose classes are exactly right."""
        said = [set(one) if self.model_.several else one for one in self.predict(X)]
        wanted = [set(one) if self.model_.several else one for one in y]
        return float(np.mean([one == other for one, other in zip(said, wanted, strict=True)]))

    def explain(self, text: str, label: Any = None) -> list[tuple[str, float]]:
        """The words of a text, in their order, with how much log p of `label` (by default the likeliest) falls without each.

        In a long text the first MOST_WORDS words are asked about.
        """
        words, places, at = [], [], 0
        for word in cut_words(text):
            at = text.index(word, at)
            words.append(word)
            places.append((at, at + len(word)))
            at += len(word)
        words, places = words[:MOST_WORDS], places[:MOST_WORDS]
        without = [text[:begin] + text[end:] for begin, end in places]
        log_p = self._log_probabilities([text, *without])
        chosen = int(log_p[0].argmax()) if label is None else list(self.classes_).index(label)
        return [(word, float(log_p[0, chosen] - row[chosen])) for word, row in zip(words, log_p[1:], strict=True)]

    def _log_probabilities(self, texts: Iterable[str]) -> npt.NDArray[np.float64]:
        return np.asarray(self._fitted().log_probabilities([str(text) for text in texts]), np.float64)

    def _loaded(self, model: ClassifierModel) -> None:
        self.model_, self.classes_ = model, np.array(model.labels)
