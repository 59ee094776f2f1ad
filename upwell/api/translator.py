"""What translates, used as scikit-learn's estimators are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from upwell.api.estimator import Estimator, learned
from upwell.api.starting import open_start
from upwell.api.translating import SEARCH, TranslatorModel, TranslatorTraining
from upwell.api.translation_runs import Translate
from upwell.errors import UserError
from upwell.generation import BeamOptions
from upwell.tasks.metrics import chrf
from upwell.text.labelled import hold_out, pairs_of
from upwell.training.options import TrainOptions


class Translator(Estimator[TranslatorModel]):
    """Writes a text in another language, or in another form: learned from texts and what each is to become."""

    kind_of_model = TranslatorModel

    def __init__(
        self,
        *,
        model: str | None = None,
        size: str | None = None,
        epochs: float | None = None,
        minutes: float | None = None,
        tokenizer: str | None = None,
        vocab_size: int | None = None,
        script: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        dtype: str | None = None,
        begin_with: str | None = None,
    ) -> None:
        """As the options of `upwell train --task translate`; what is not given is chosen from the texts and the machine.

        `begin_with`: a run that the network goes on from, as `upwell finetune` takes it.
        """
        super().__init__(
            model=model, size=size, epochs=epochs, minutes=minutes, seed=seed, threads=threads, dtype=dtype
        )
        self.tokenizer, self.vocab_size, self.script, self.begin_with = tokenizer, vocab_size, script, begin_with

    def fit(self, X: Iterable[str], y: Iterable[str]) -> Self:
        """Learn from texts `X` and their translations `y`; a part of them is held out to choose by."""
        sources, targets = list(X), list(y)
        if len(sources) != len(targets):
            raise UserError(f"{len(sources)} texts, but {len(targets)} translations")
        train, valid = hold_out(pairs_of(sources, targets, script=self.script), seed=self.seed)
        params = self.get_params()
        begin_with, options = params.pop("begin_with"), TrainOptions(task="translate", **params)
        start = open_start(begin_with, options, Translate.begins_with)
        self._loaded(learned(TranslatorTraining(train, valid, options, start)))
        return self

    def predict(self, X: Iterable[str], *, options: BeamOptions = SEARCH) -> list[str]:
        """The translation of each text, of any length; `options`: how it is looked for."""
        return self._fitted().translate([str(text) for text in X], options)

    def translate(self, text: str, *, options: BeamOptions = SEARCH) -> str:
        """The translation of one text."""
        return self.predict([text], options=options)[0]

    def hypotheses(self, text: str, *, options: BeamOptions) -> list[tuple[str, float]]:
        """The `n_best` translations of a text, read as one sentence, with their scores, the best first."""
        return self._fitted().hypotheses([text], options)[0]

    def score(self, X: Iterable[str], y: Iterable[str]) -> float:
        """chrF of the corpus, 0 to 1 (Popovic 2015)."""
        return chrf([str(text) for text in y], self.predict(X)).value()
