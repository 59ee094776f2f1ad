"""The training of a classifier, from labelled texts to a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from upwell.api.classifying import ClassifierModel, encode, fit_shares, learn_linear, targets_of
from upwell.api.labelled_task import FREQUENT, details, score
from upwell.api.reader_training import ReaderTraining, chosen
from upwell.api.texts import Observer
from upwell.model.sizes import network_config, parse_size
from upwell.tasks.calibration import expected_calibration_error
from upwell.tasks.label_metrics import MultiLabelled, confusion
from upwell.tasks.metrics import Classified
from upwell.text.labelled import Labelled, LabelledText, read_classes
from upwell.text.tokenizer_training import train_tokenizer
from upwell.training.example_streams import Examples, ExampleStream
from upwell.training.loop import Result
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.reading import ReaderJudge, TextClasses
from upwell.training.runs import CLASSIFIER

MODEL, SIZE, DEPTH = "lstm", "250k", 1
VOCABULARY = 8000
CONTEXT = 256
"""Tokens of a text that are read; the middle of a longer one is left out."""
EPOCHS, RATE, DECAY = 12.0, 2e-3, 0.05
SMOOTHING, WORD_DROPOUT = 0.05, 0.1
DROPOUTS = {"embedding_dropout": 0.0, "dropout": 0.3, "output_dropout": 0.5}


class ClassifierTraining(ReaderTraining):
    """Labelled texts, ready to be learned from."""

    def __init__(self, train: Sequence[LabelledText], valid: Sequence[LabelledText], options: TrainOptions) -> None:
        """Learn from `train`, choose by `valid`."""
        self.options, self.epochs = options, EPOCHS
        self.names = tuple(sorted({label for row in train for label in row.labels}))
        self.several = any(len(row.labels) != 1 for row in train)
        self.texts, self.held_out = [row.text for row in train], [row.text for row in valid]
        self.targets, self.wanted = (targets_of([row.labels for row in rows], self.names) for rows in (train, valid))
        kind = options.tokenizer or "bpe"
        size = options.vocab_size or (VOCABULARY if kind == "bpe" else None)
        self.tokenizer = train_tokenizer(kind, self.texts, vocab_size=size)
        self.context = options.context or CONTEXT
        examples = self._examples(self.texts, self.targets)
        self.recipe = reader_recipe(examples, options, rows=32, learning_rate=RATE, weight_decay=DECAY)
        self.stream = ExampleStream(examples, self.recipe.rows, self.recipe.seed, word_dropout=WORD_DROPOUT)
        self.config = network_config(
            options.model or MODEL,
            parse_size(options.size or SIZE),
            vocab_size=self.tokenizer.vocab_size,
            context=self.context,
            depth=options.depth or (DEPTH if options.model is None else None),
            causal=False,
            head="classes",
            outputs=len(self.names),
            **chosen(options, DROPOUTS),
        )
        self.objective = TextClasses(SMOOTHING)
        self.judge = ReaderJudge(self._examples(self.held_out, self.wanted), TextClasses())

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[ClassifierModel | None, Result]:
        """Train the network, then the weights of n-grams, then how much either counts; None after an interrupt."""
        network, result = self.train(plan, folder, observe, stopped)
        if not result.finished:
            return None, result
        linear = learn_linear(self.texts, self.targets, self.held_out, self.wanted)
        model = ClassifierModel(network, self.tokenizer, linear, self.names, self.several)
        shares = fit_shares(model.judgements(self.held_out), self.wanted, several=self.several)
        observe("note", {"text": f"shares: network {shares[0]:.2f}, n-grams {shares[1]:.2f} and {shares[2]:.2f}"})
        return replace(model, shares=shares), result

    def _examples(self, texts: Sequence[str], targets: npt.NDArray[np.float32]) -> Examples:
        wanted = targets if self.several else targets.argmax(1)
        return Examples(encode(self.tokenizer, texts, self.context), wanted)


class Classify:
    """Texts and their labels."""

    kind = CLASSIFIER
    roles = ("text", "label")
    foreign = ()

    def read(self, sources: Sequence[str], columns: dict[str, str], options: TrainOptions) -> Labelled[LabelledText]:
        """Texts with their labels."""
        how: dict[str, Any] = {"separator": options.separator, "encoding": options.encoding, "errors": options.errors}
        return read_classes(list(sources), **how, **columns)

    def training(
        self, train: Labelled[LabelledText], valid: Labelled[LabelledText], options: TrainOptions
    ) -> ClassifierTraining:
        """Ready to learn."""
        return ClassifierTraining(train.rows, valid.rows, options)

    def parameters(self, model: ClassifierModel, plan: ReaderPlan) -> dict[str, int]:
        """Of the network and of the n-grams."""
        network, grams = plan.parameters["total"], model.linear.size
        return {"total": network + grams, "network": network, "ngrams": grams}

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
