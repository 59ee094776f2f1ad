"""The training of a classifier, from labelled texts to a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from upwell.api.classifying import ClassifierModel, encode, fit_shares, learn_linear, targets_of
from upwell.api.texts import Observer
from upwell.model.reader import build_network
from upwell.model.sizes import network_config, parse_size
from upwell.text.labelled import LabelledText
from upwell.text.tokenizer_training import train_tokenizer
from upwell.training.compute import apply_threads, torch_dtype
from upwell.training.example_streams import Examples, ExampleStream
from upwell.training.loop import Result, fit
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan, plan_reader, reader_recipe
from upwell.training.reading import ReaderJudge, TextClasses

MODEL, SIZE, DEPTH = "lstm", "250k", 1
VOCABULARY = 8000
CONTEXT = 256
"""Tokens of a text that are read; the middle of a longer one is left out."""
SMOOTHING = 0.05
DROPOUTS = {"embedding_dropout": 0.0, "dropout": 0.3, "output_dropout": 0.5}


def train_classifier(
    train: Sequence[LabelledText],
    valid: Sequence[LabelledText],
    options: TrainOptions,
    folder: Path,
    observe: Observer,
) -> tuple[ClassifierModel, ReaderPlan, Result]:
    """Learn from `train`, choose by `valid`; checkpoints and metrics go into `folder`."""
    names = sorted({label for row in train for label in row.labels})
    several = any(len(row.labels) != 1 for row in train)
    texts, held_out = [row.text for row in train], [row.text for row in valid]
    targets, wanted = (targets_of([row.labels for row in rows], names) for rows in (train, valid))
    kind = options.tokenizer or "bpe"
    tokenizer = train_tokenizer(kind, texts, vocab_size=options.vocab_size or (VOCABULARY if kind == "bpe" else None))
    context = options.context or CONTEXT
    examples = Examples(encode(tokenizer, texts, context), _as_wanted(targets, several))
    recipe = reader_recipe(len(examples), float(examples.lengths.mean()), options)
    config = network_config(
        options.model or MODEL,
        parse_size(options.size or SIZE),
        vocab_size=tokenizer.vocab_size,
        context=context,
        depth=options.depth or (DEPTH if options.model is None else None),
        causal=False,
        head="classes",
        outputs=len(names),
        **{name: DROPOUTS[name] if getattr(options, name) is None else getattr(options, name) for name in DROPOUTS},
    )
    objective = TextClasses(SMOOTHING)
    stream = ExampleStream(examples, recipe.rows, recipe.seed, word_dropout=0.1)
    plan = plan_reader(config, stream, recipe, objective, options)
    observe("reader plan", {"plan": plan})
    apply_threads(plan.compute)
    network = build_network(config)
    network.reset_parameters(recipe.seed)
    judged = Examples(encode(tokenizer, held_out, context), _as_wanted(wanted, several))
    result = fit(
        network,
        objective=objective,
        stream=stream,
        validate=ReaderJudge(judged, TextClasses()),
        recipe=recipe,
        budget=plan.budget,
        folder=folder,
        dtype=torch_dtype(plan.compute.dtype),
        num_workers=plan.compute.workers,
        observe=observe,
    )
    linear, penalty = learn_linear(texts, targets, held_out, wanted)
    model = ClassifierModel(network.float(), tokenizer, linear, tuple(names), several)  # type: ignore[arg-type]
    shares = fit_shares(model.judgements(held_out), wanted, several=several)
    observe("note", {"text": f"shares: network {shares[0]:.2f}, n-grams {shares[1]:.2f} (penalty {penalty:g})"})
    return ClassifierModel(model.network, tokenizer, linear, tuple(names), several, shares), plan, result


def _as_wanted(targets: npt.NDArray[np.float32], several: bool) -> npt.NDArray[Any]:
    return targets if several else targets.argmax(1)
