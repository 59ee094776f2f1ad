"""Measuring a model: its loss on a text, and its tasks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.api.language_model import LanguageModel
from upwell.api.texts import read_corpus
from upwell.api.writings import WRITE, spool_texts
from upwell.errors import UserError
from upwell.tasks.scorecard import Progress, keep_items, known_tasks, make_tasks, read_examples, score_world
from upwell.tasks.task import Evaluation, evaluate_task
from upwell.text.sources import open_sources
from upwell.text.stores import build_store
from upwell.training.distributed import World
from upwell.training.options import TrainOptions
from upwell.training.runs import Run
from upwell.training.validation import Validation
from upwell.world.source import open_worlds


def evaluate(
    model: LanguageModel | str | os.PathLike[str],
    sources: str | Sequence[str],
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
    column: str | None = None,
    columns: str | None = None,
) -> dict[str, Any]:
    """Loss of `model`, or of the run at that path, on all of `sources`.

    `columns`: of a table of prompts and texts, as in training with `--task write`, so that the texts are read behind their
    prompts; without it the text alone. Returns loss (nats per token), bits_per_byte, word_perplexity, tokens and bytes. Every
    token is predicted once.
    """
    if not isinstance(model, LanguageModel):
        model = LanguageModel.load(model)
    names = [os.fspath(name) for name in ([sources] if isinstance(sources, str | os.PathLike) else sources)]
    with tempfile.TemporaryDirectory(prefix="upwell-", ignore_cleanup_errors=True) as folder:
        if columns is not None:
            options = TrainOptions(task=WRITE, columns=columns, encoding=encoding, errors=errors)
            names = [str(spool_texts(names, options, model.formats, Path(folder)))]
            encoding, errors = "utf-8", "strict"
        texts = open_worlds(names, default_split="test")
        opened = open_sources(texts.sources, encoding=encoding, errors=errors, column=column)
        store = build_store(opened, model.tokenizer, Path(folder, "store"))
        end = model.tokenizer.end_of_text
        score = Validation(store.tokens, end, store.num_bytes, store.num_words)(model.network)
        del store  # a mapped file cannot be deleted on Windows
    return score.to_dict()


def score(
    model: LanguageModel | str | os.PathLike[str],
    *,
    tasks: Sequence[str] = (),
    examples: str | os.PathLike[str] | None = None,
    shots: int = 0,
    items: int | None = None,
    seed: int = 0,
    device: str | None = None,
    threads: int | None = None,
    dtype: str | None = None,
    progress: Progress = lambda said: None,
) -> list[Evaluation]:
    """Put tasks to `model`, or to the run at that path, on meanings of the micro-world that it has never seen.

    `tasks`: by default all that it knows. `examples`: a file with a JSON object a line (prompt, answer) instead, for one
    task. `shots`: worked examples before each prompt. `items`: examples of each task. Of a run the outputs are kept, item
    by item, in its folder.
    """
    run = None if isinstance(model, LanguageModel) else Run(Path(model))
    if not isinstance(model, LanguageModel):
        model = LanguageModel.load(model, device=device, threads=threads, dtype=dtype)
    if shots < 0 or (items is not None and items < 1):
        raise UserError("--shots must be 0 or more, --items 1 or more")
    if examples is not None:
        if len(tasks) != 1:
            raise UserError(f"{examples}: name the task that these examples are of by --task")
        (task,) = make_tasks(tasks)
        given = read_examples(Path(examples), view=task.view)
        train = [example for example in given if example.split == "train"]
        asked = [example for example in given if example.split != "train"][:items]
        if not asked:
            raise UserError(f"{examples}: all examples have split: train; none is left to be asked")
        if shots and not train:
            raise UserError(f"{examples}: --shots needs examples with split: train, to be shown before the others")
        evaluations = [evaluate_task(task, model.answerer, asked, train=train, shots=shots, seed=seed)]
    else:
        known = known_tasks(model.formats)
        if not known:
            raise UserError(f"{model.name}: was trained on plain text and knows no tasks; name a text to measure it on")
        names = tasks or known
        if strange := [task.name for task in make_tasks(names) if task.name not in known]:
            raise UserError(f"{model.name}: did not learn {', '.join(strange)}; it knows {', '.join(known)}")
        tokens = _train_tokens(run) if run is not None and "generation" in names else None
        pages = make_tasks(names, train_tokens=tokens, encode=model.tokenizer.encode)
        evaluations = score_world(
            model.answerer, pages, model.formats, shots=shots, items=items, seed=seed, progress=progress
        )
    if run is not None:
        source = "" if examples is None else Path(examples).stem
        keep_items(evaluations, run.folder / "evaluations", source=source)
    return evaluations


def _train_tokens(run: Run) -> NDArray[np.unsignedinteger] | None:
    """What the run learned from; None for a model that was saved without its text."""
    if "sources" not in run.config():
        return None
    sources, options = run.options()
    corpus, _ = read_corpus(sources, options, World(), lambda kind, figures: None)
    return corpus.train.tokens
