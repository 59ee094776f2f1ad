"""A tagger of words, used as scikit-learn's estimators are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from upwell.api.estimator import Estimator
from upwell.api.tagging import TaggerModel, TaggerTraining
from upwell.errors import UserError
from upwell.model.machine import choose_device
from upwell.text.labelled import Labelled, TaggedSentence, hold_out
from upwell.training.compute import torch_dtype
from upwell.training.options import TrainOptions
from upwell.training.runs import Run


class Tagger(Estimator):
    """Says what tag each word of a sentence has: its part of speech, or whether it belongs to a name."""

    def __init__(
        self,
        *,
        model: str | None = None,
        size: str | None = None,
        epochs: float | None = None,
        minutes: float | None = None,
        seed: int = 0,
        threads: int | None = None,
        dtype: str | None = None,
    ) -> None:
        """As the options of `upwell train --task tag`; what is not given is chosen from the sentences and the machine."""
        self.model, self.size, self.epochs, self.minutes = model, size, epochs, minutes
        self.seed, self.threads, self.dtype = seed, threads, dtype

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
        training = TaggerTraining(train.rows, valid.rows, TrainOptions(**self.get_params()))
        with tempfile.TemporaryDirectory(prefix="upwell-") as folder:
            model, _ = training.learn(training.plan(), Path(folder), lambda kind, figures: None)
        assert model is not None, "nobody can interrupt it"
        self.model_, self.tags_ = model, model.tags
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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a run folder that `load` and `upwell tag` read."""
        run = Run(Path(path))
        if run.weights_path.exists():
            raise UserError(f"{run.folder}: holds a model already; choose another folder")
        run.folder.mkdir(parents=True, exist_ok=True)
        self._fitted().save(run, {})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
    ) -> Self:
        """The tagger of the run folder at `path`. Nothing in a run is ever executed."""
        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        found = cls(threads=threads, dtype=dtype)
        found.model_ = TaggerModel.load(
            Run(Path(path)), device=choose_device(device), dtype=torch_dtype(dtype or "float32")
        )
        found.tags_ = found.model_.tags
        return found

    def _fitted(self) -> TaggerModel:
        if not hasattr(self, "model_"):
            raise UserError("this tagger has learned nothing yet; call fit, or load one")
        model: Any = self.model_
        assert isinstance(model, TaggerModel)
        return model
