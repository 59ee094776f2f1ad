"""The training of a classifier, from labelled texts to a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from upwell.api.classifying import ClassifierModel, encode, fit_shares, learn_linear, targets_of
from upwell.api.texts import Observer
from upwell.model.reader import Reader, build_network
from upwell.model.sizes import network_config, parse_size
from upwell.text.labelled import LabelledText
from upwell.text.tokenizer_training import train_tokenizer
from upwell.training.compute import Compute, apply_threads, torch_dtype
from upwell.training.example_streams import Examples, ExampleStream
from upwell.training.loop import Result, fit
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import WORD_DROPOUT, ReaderPlan, plan_reader, reader_recipe
from upwell.training.reading import ReaderJudge, TextClasses

MODEL, SIZE, DEPTH = "lstm", "250k", 1
VOCABULARY = 8000
CONTEXT = 256
"""Tokens of a text that are read; the middle of a longer one is left out."""
SMOOTHING = 0.05
DROPOUTS = {"embedding_dropout": 0.0, "dropout": 0.3, "output_dropout": 0.5}


class ClassifierTraining:
    """Labelled texts, ready to be learned from."""

    def __init__(self, train: Sequence[LabelledText], valid: Sequence[LabelledText], options: TrainOptions) -> None:
        """Learn from `train`, choose by `valid`."""
        self.options = options
        self.names = tuple(sorted({label for row in train for label in row.labels}))
        self.several = any(len(row.labels) != 1 for row in train)
        self.texts, self.held_out = [row.text for row in train], [row.text for row in valid]
        self.targets, self.wanted = (targets_of([row.labels for row in rows], self.names) for rows in (train, valid))
        kind = options.tokenizer or "bpe"
        size = options.vocab_size or (VOCABULARY if kind == "bpe" else None)
        self.tokenizer = train_tokenizer(kind, self.texts, vocab_size=size)
        self.context = options.context or CONTEXT
        examples = self._examples(self.texts, self.targets)
        self.recipe = reader_recipe(len(examples), float(examples.lengths.mean()), options)
        self.stream = ExampleStream(examples, self.recipe.rows, self.recipe.seed, word_dropout=WORD_DROPOUT)
        dropouts: dict[str, Any] = {
            name: usual if getattr(options, name) is None else getattr(options, name)
            for name, usual in DROPOUTS.items()
        }
        self.config = network_config(
            options.model or MODEL,
            parse_size(options.size or SIZE),
            vocab_size=self.tokenizer.vocab_size,
            context=self.context,
            depth=options.depth or (DEPTH if options.model is None else None),
            causal=False,
            head="classes",
            outputs=len(self.names),
            **dropouts,
        )
        self.objective = TextClasses(SMOOTHING)

    def plan(self, known: tuple[Compute, float] | None = None) -> ReaderPlan:
        """What the training will be; `known`: way of computing and peak, where they were measured before."""
        return plan_reader(self.config, self.stream, self.recipe, self.objective, self.options, known=known)

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[ClassifierModel | None, Result]:
        """Train, going on from the newest checkpoint in `folder`; no model after an interrupt."""
        apply_threads(plan.compute)
        network = build_network(self.config)
        network.reset_parameters(self.recipe.seed)
        result = fit(
            network.to(plan.compute.device),
            objective=self.objective,
            stream=self.stream,
            validate=ReaderJudge(self._examples(self.held_out, self.wanted), TextClasses()),
            recipe=self.recipe,
            budget=plan.budget,
            folder=folder,
            dtype=torch_dtype(plan.compute.dtype),
            num_workers=plan.compute.workers,
            observe=observe,
            stopped=stopped,
        )
        if not result.finished:
            return None, result
        linear, penalty = learn_linear(self.texts, self.targets, self.held_out, self.wanted)
        model = ClassifierModel(cast(Reader, network.float()), self.tokenizer, linear, self.names, self.several)
        shares = fit_shares(model.judgements(self.held_out), self.wanted, several=self.several)
        observe("note", {"text": f"shares: network {shares[0]:.2f}, n-grams {shares[1]:.2f} (penalty {penalty:g})"})
        return replace(model, shares=shares), result

    def _examples(self, texts: Sequence[str], targets: npt.NDArray[np.float32]) -> Examples:
        wanted = targets if self.several else targets.argmax(1)
        return Examples(encode(self.tokenizer, texts, self.context), wanted)
