"""The training of a classifier, from labelled texts to a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from upwell.api.classifying import ClassifierModel, fit_shares, learn_linear, targets_of
from upwell.api.embedding import encode, tokenizer_of
from upwell.api.labelled_task import FREQUENT, details, score
from upwell.api.members import usual_members
from upwell.api.reader_training import ReaderTraining, UsualNetwork
from upwell.api.starting import Start
from upwell.api.texts import Observer
from upwell.tasks.calibration import expected_calibration_error
from upwell.tasks.label_metrics import MultiLabelled, confusion
from upwell.tasks.metrics import Classified
from upwell.text.labelled import Labelled, LabelledText, read_classes
from upwell.training.example_streams import Examples, ExampleStream
from upwell.training.loop import Result
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.reading import ReaderJudge, TextClasses
from upwell.training.runs import CLASSIFIER, ENCODER, LANGUAGE_MODEL

EPOCHS, MINUTES, RATE, DECAY = 12.0, 1.1, 2e-3, 0.05
"""Passes over the texts of each network, or as many as the minutes allow all of them."""
LEAST_MEMBERS = 2
"""Networks, however much there is to learn from: docs/experiments.md, "Classifiers"."""
CONTEXT = 128
"""Tokens of a text that are read; the middle of a longer one is left out."""
ROWS, LONG = 32, 40
"""Texts of a step, twice as many where they have so many tokens on average, which costs little more."""
SMOOTHING, WORD_DROPOUT = 0.05, 0.2
USUAL = UsualNetwork("gru", "250k", 1, {"embedding_dropout": 0.0, "dropout": 0.3, "output_dropout": 0.5})


class ClassifierTraining(ReaderTraining):
    """Labelled texts, ready to be learned from."""

    def __init__(
        self,
        train: Sequence[LabelledText],
        valid: Sequence[LabelledText],
        options: TrainOptions,
        start: Start | None = None,
    ) -> None:
        """Learn from `train`, choose by `valid`; `start`: an encoder, a language model or a classifier to begin with."""
        self.options, self.epochs, self.minutes, self.start = options, EPOCHS, MINUTES, start
        self.names = tuple(sorted({label for row in train for label in row.labels}))
        self.several = any(len(row.labels) != 1 for row in train)
        self.texts, self.held_out = [row.text for row in train], [row.text for row in valid]
        self.targets, self.wanted = (targets_of([row.labels for row in rows], self.names) for rows in (train, valid))
        if start:
            self.tokenizer, self.context = start.tokenizer, min(CONTEXT, start.config.context)
        else:
            self.tokenizer, self.context = tokenizer_of(self.texts, options), options.context or CONTEXT
        examples = self._examples(self.texts, self.targets)
        self.members = max(LEAST_MEMBERS, usual_members(int(examples.lengths.sum())))
        rows = ROWS if examples.lengths.mean() < LONG else 2 * ROWS
        self.recipe = reader_recipe(examples, options, rows=rows, learning_rate=RATE, weight_decay=DECAY)
        self.stream = ExampleStream(examples, self.recipe.rows, self.recipe.seed, word_dropout=WORD_DROPOUT)
        task = {"head": "classes", "outputs": len(self.names), "context": self.context}
        self.config = USUAL.config(options, start, task=task, vocab_size=self.tokenizer.vocab_size)
        self.objective = TextClasses(SMOOTHING)
        self.judge = ReaderJudge(self._examples(self.held_out, self.wanted), TextClasses())

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[ClassifierModel | None, Result]:
        """Train the networks, then the weights of n-grams, then how much either counts; None after an interrupt."""
        networks, result = self.train_members(plan, folder, observe, stopped)
        if not result.finished:
            return None, result
        linear = learn_linear(self.texts, self.targets, self.held_out, self.wanted)
        model = ClassifierModel(networks, self.tokenizer, linear, self.names, self.several)
        shares = fit_shares(model.judgements(self.held_out), self.wanted, several=self.several)
        observe(
            "note",
            {
                "text": f"shares: network{'' if len(networks) == 1 else 's'} {shares[0]:.2f}, n-grams {shares[1]:.2f} and {shares[2]:.2f}"
            },
        )
        return replace(model, shares=shares), result

    def _examples(self, texts: Sequence[str], targets: npt.NDArray[np.float32]) -> Examples:
        wanted = targets if self.several else targets.argmax(1)
        return Examples(encode(self.tokenizer, texts, self.context), wanted)


class Classify:
    """Texts and their labels."""

    kind = CLASSIFIER
    roles = ("text", "label")
    foreign = ("column", "script")
    begins_with = (ENCODER, LANGUAGE_MODEL, CLASSIFIER)

    def read(self, sources: Sequence[str], columns: dict[str, str], options: TrainOptions) -> Labelled[LabelledText]:
        """Texts with their labels."""
        how: dict[str, Any] = {"separator": options.separator, "encoding": options.encoding, "errors": options.errors}
        return read_classes(list(sources), **how, **columns)

    def training(
        self,
        train: Labelled[LabelledText],
        valid: Labelled[LabelledText],
        options: TrainOptions,
        start: Start | None = None,
    ) -> ClassifierTraining:
        """Ready to learn."""
        return ClassifierTraining(train.rows, valid.rows, options, start)

    def parameters(self, model: ClassifierModel, plan: ReaderPlan) -> dict[str, int]:
        """Of the network and of the n-grams."""
        networks, grams = plan.parameters["total"] * len(model.networks), model.linear.size
        name = "network" if len(model.networks) == 1 else "networks"
        return {"total": networks + grams, name: networks, "ngrams": grams}

    def examine(
        self, model: ClassifierModel, train: Labelled[LabelledText], valid: Labelled[LabelledText]
    ) -> dict[str, Any]:
        """Accuracy, macro F1 and calibration error; where a text may have several classes, accuracy of whole sets, micro and
        macro F1. Baseline: the most frequent answer of the training texts.
        """
        log_p = model.log_probabilities([row.text for row in valid.rows])
        said, wanted = model.decide(log_p), [row.labels for row in valid.rows]
        common, times = Counter(row.labels for row in train.rows).most_common(1)[0]
        guessed = [common] * len(wanted)
        by_label = MultiLabelled(wanted, said)
        if model.several:
            other = MultiLabelled(wanted, guessed)
            scores = {
                "accuracy": score(by_label.exact_match(), other.exact_match()),
                "f1_micro": score(by_label.micro(), other.micro()),
                "f1_macro": score(by_label.macro(), other.macro()),
            }
            return {"scores": scores, "details": details(by_label.each(), valid.labels, None), "baseline": FREQUENT}
        right, frequent, answers = _singles(wanted), _singles(guessed), _singles(said)
        one, baseline = Classified(right, answers), Classified(right, frequent)
        scores = {
            "accuracy": score(one.accuracy(), baseline.accuracy()),
            "f1_macro": score(one.macro(), baseline.macro()),
            "calibration_error": score(
                expected_calibration_error(np.exp(log_p.max(1)), list(map(str.__eq__, right, answers))),
                expected_calibration_error([times / len(train)] * len(right), list(map(str.__eq__, right, frequent))),
            ),
        }
        found = details(by_label.each(), valid.labels, confusion(right, answers))
        return {"scores": scores, "details": found, "baseline": FREQUENT}


def _singles(sets: Sequence[Sequence[str]]) -> list[str]:
    return [labels[0] for labels in sets]
