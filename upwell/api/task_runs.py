"""Training on labelled data, from the words of the user to a finished run."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from upwell.api.answering import Answer
from upwell.api.classifier_runs import Classify
from upwell.api.columns import columns_of
from upwell.api.encoding import Encode
from upwell.api.interrupts import interrupts
from upwell.api.labelled_task import LabelledTask
from upwell.api.reader_training import ReaderTraining
from upwell.api.starting import Start, open_start
from upwell.api.summarizing import Summarize
from upwell.api.tagging import Tag
from upwell.api.texts import Observer
from upwell.api.translation_runs import Translate
from upwell.api.writings import WRITE
from upwell.errors import UserError
from upwell.model.machine import describe_machine
from upwell.text.allocator import keep_freed_memory
from upwell.text.files import argument_of_text, atomic_write_json, lock_file, text_of_argument
from upwell.text.labelled import Labelled, hold_out, without_copies
from upwell.training.card import write_reader_card
from upwell.training.loop import Result
from upwell.training.options import TrainOptions, option_name
from upwell.training.reader_plan import ReaderPlan
from upwell.training.runs import Run, check_out, create_run

TASKS: dict[str, LabelledTask] = {
    "classify": Classify(),
    "tag": Tag(),
    "answer": Answer(),
    "translate": Translate(),
    "summarize": Summarize(),
    "encode": Encode(),
}
OF_TEXTS = tuple(
    (
        "vectors freeze_vectors first window length accumulate carry weight_drop embedding_dropout tensorboard tokens"
    ).split()
)
"""Options that make no sense where labelled data is learned from."""


def train_task(
    sources: Sequence[str], options: TrainOptions, observe: Observer, *, begin_with: str | None = None
) -> tuple[Run, dict[str, Any]]:
    """Learn `options.task` from labelled data in `sources`, from the run `begin_with` on if there is one; the run and its figures.

    Raises UserError for data that cannot be used and options that the task does not have.
    """
    check_out(options.out)
    task = _task(options)
    start = open_start(begin_with, options, task.begins_with)
    train, valid, lines = _read(sources, options)
    observe("labelled", {"lines": lines})
    keep_freed_memory()
    training = task.training(train, valid, options, start)
    plan = training.plan()

    def fill(run: Run, final: Path) -> None:
        budget: dict[str, Any] = {plan.budget.kind: plan.budget.amount}
        planned = dataclasses.replace(options, **budget)
        run.write_config(
            {
                "sources": [os.fspath(name) for name in sources],
                **({"start": argument_of_text(begin_with)} if begin_with is not None else {}),
                "options": planned.to_dict(),
                "network": plan.network.to_dict(),
                "recipe": plan.recipe.to_dict(),
                "compute": dataclasses.asdict(plan.compute),
                "machine": {
                    "name": describe_machine(torch.device(plan.compute.device)),
                    "torch": torch.__version__,
                    "matmul_peaks": {plan.compute.dtype: plan.peak},
                },
                "corpus": _fingerprint(train, valid, start=start),
            },
            task.kind,
        )

    run = create_run(sources[0], out=options.out, overwrite=options.overwrite, fill=fill)
    observe("run", {"path": str(run.folder)})
    with lock_file(run.lock_path):
        return run, _learn(run, str(options.task), training, plan, train, valid, observe)


def resume_task(run: Run, observe: Observer) -> dict[str, Any]:
    """Bring a run on labelled data to its end from wherever it is."""
    observe("run", {"path": str(run.folder)})
    with lock_file(run.lock_path):
        finished = run.result()
        if finished is not None:
            return {"finished": True, **finished}
        sources, options = run.options()
        train, valid, _ = _read(sources, options)
        begin_with = run.config(None).get("start")
        start = open_start(
            None if begin_with is None else text_of_argument(str(begin_with)),
            options,
            _task(options).begins_with,
        )
        if run.config(None).get("corpus") != _fingerprint(train, valid, start=start):
            with_start = "" if start is None else f" or {start.run.folder}"
            raise UserError(
                f"{run.folder}: the data in {', '.join(sources)}{with_start} is not what this run was begun with; begin a new run"
            )
        keep_freed_memory()
        training = _task(options).training(train, valid, options, start)
        return _learn(run, str(options.task), training, training.plan(run.compute()), train, valid, observe)


def _learn(
    run: Run,
    task: str,
    training: ReaderTraining,
    plan: ReaderPlan,
    train: Labelled[Any],
    valid: Labelled[Any],
    observe: Observer,
) -> dict[str, Any]:
    """Train to the end or an interrupt; the figures, written to the run at the end."""
    observe("reader plan", {"plan": plan})
    with interrupts() as stopped:
        model, result = training.learn(plan, run.folder, observe, stopped)
    if model is None:
        return {"finished": False, "run": str(run.folder), "tokens": result.tokens}
    kept = {name: value for name, value in run.config(None).items() if name not in ("format", "kind")}
    model.save(run, kept)
    figures = _figures(run, task, train, valid, model, plan, result)
    write_reader_card(run.folder, run.config(None), figures)
    atomic_write_json(run.result_path, {"format": 1, **figures})
    return {"finished": True, **figures}


def _task(options: TrainOptions) -> LabelledTask:
    if options.task not in TASKS:
        raise UserError(f"--task {options.task}: choose {', '.join([*TASKS, WRITE])}")
    return TASKS[options.task]


def _fingerprint(*parts: Labelled[Any], start: Start | None) -> list[str]:
    """Hashes of the rows of each part, and of the weights that training began with."""
    found = []
    for part in parts:
        digest = hashlib.blake2b(digest_size=16)
        for row in part.rows:
            digest.update(repr(row).encode("utf-8", "replace"))
        found.append(digest.hexdigest())
    return found if start is None else [*found, start.fingerprint]


def _read(sources: Sequence[str], options: TrainOptions) -> tuple[Labelled[Any], Labelled[Any], list[str]]:
    """What is learned from, and what is held out: given, or a part of it. With lines that say what was understood."""
    task, plain = _task(options), TrainOptions()
    for name in (*OF_TEXTS, *task.foreign):
        if getattr(options, name) != getattr(plain, name):
            raise UserError(f"{option_name(name)}: is not an option of --task {options.task}")
    if not sources or "-" in sources:  # a run that goes on reads its data again
        raise UserError(f"--task {options.task}: name a file of labelled data")
    columns = columns_of(options, task.roles)
    data = task.read(sources, columns, options)
    if options.valid:
        options = dataclasses.replace(options, script=data.script)
        train, valid = data, without_copies(task.read(options.valid, columns, options), data)
    else:
        train, valid = hold_out(data, seed=options.seed)
    known = train.labels
    rows = [row for row in valid.rows if all(label in known for label in row.counted)]
    if not rows:
        raise UserError(
            f"{valid.name}: what is held out has no label that is left to learn; give more rows of each label"
        )
    unknown = len(valid.rows) - len(rows)
    valid = valid.with_rows(rows, left_out={"with a label that is not there to learn": unknown})
    return train, valid, [*data.describe(), f"held out: {valid.describe()[0]}"]


def _figures(
    run: Run,
    task: str,
    train: Labelled[Any],
    valid: Labelled[Any],
    model: Any,
    plan: ReaderPlan,
    result: Result,
) -> dict[str, Any]:
    """The figures of a finished run, as `--json` prints them."""
    return {
        "run": str(run.folder),
        "task": task,
        "model": " ".join(plan.network.blocks),
        "parameters": TASKS[task].parameters(model, plan),
        "data": {
            "noun": train.noun,
            "train": len(train),
            "valid": len(valid),
            "labels": train.labels,
            "left_out": dict(train.left_out),
        },
        "seconds": round(result.progress.seconds, 3),
        "steps": result.progress.step,
        **TASKS[task].examine(model, train, valid),
    }
