"""Training on labelled data, from the words of the user to a finished run."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from upwell.api.classifier_runs import ClassifierTraining
from upwell.api.classifying import ClassifierModel
from upwell.api.interrupts import interrupts
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.model.machine import describe_machine
from upwell.tasks.metrics import Classified, Figure
from upwell.text.allocator import keep_freed_memory
from upwell.text.files import atomic_write_json, lock_file
from upwell.text.labelled import Labelled, LabelledText, hold_out, read_classes, without_copies
from upwell.training.card import write_reader_card
from upwell.training.loop import Result
from upwell.training.options import TrainOptions, option_name
from upwell.training.reader_plan import ReaderPlan
from upwell.training.runs import CLASSIFIER, Run, check_out, create_run

TASKS = ("classify",)
ROLES = {"classify": ("text", "label")}
"""Columns of a task's data."""
OF_TEXTS = (
    "vectors freeze_vectors first column window length accumulate carry weight_drop embedding_dropout tensorboard tokens"
).split()
"""Options that make no sense where labelled data is learned from."""


def train_task(sources: Sequence[str], options: TrainOptions, observe: Observer) -> tuple[Run, dict[str, Any]]:
    """Learn `options.task` from labelled data in `sources`; the run and its figures.

    Raises UserError for data that cannot be used and options that the task does not have.
    """
    check_out(options.out)
    train, valid = _read(sources, options)
    observe("labelled", {"lines": [*train.describe(), *(f"held out: {line}" for line in valid.describe()[:1])]})
    keep_freed_memory()
    training = ClassifierTraining(train.rows, valid.rows, options)
    plan = training.plan()

    def fill(run: Run, final: Path) -> None:
        budget: dict[str, Any] = {plan.budget.kind: plan.budget.amount}
        planned = dataclasses.replace(options, **budget)
        run.write_config(
            {
                "sources": [os.fspath(name) for name in sources],
                "options": planned.to_dict(),
                "network": plan.network.to_dict(),
                "recipe": plan.recipe.to_dict(),
                "compute": dataclasses.asdict(plan.compute),
                "machine": {
                    "name": describe_machine(torch.device(plan.compute.device)),
                    "torch": torch.__version__,
                    "matmul_peaks": {plan.compute.dtype: plan.peak},
                },
                "corpus": _fingerprint(train, valid),
            },
            CLASSIFIER,
        )

    run = create_run(sources[0], out=options.out, overwrite=options.overwrite, fill=fill)
    observe("run", {"path": str(run.folder)})
    with lock_file(run.lock_path):
        return run, _learn(run, training, plan, train, valid, observe)


def resume_task(run: Run, observe: Observer) -> dict[str, Any]:
    """Bring a run on labelled data to its end from wherever it is."""
    observe("run", {"path": str(run.folder)})
    with lock_file(run.lock_path):
        finished = run.result()
        if finished is not None:
            return {"finished": True, **finished}
        sources, options = run.options()
        train, valid = _read(sources, options)
        if run.config(CLASSIFIER).get("corpus") != _fingerprint(train, valid):
            raise UserError(
                f"{run.folder}: the data in {', '.join(sources)} is not what this run was begun with; begin a new run"
            )
        keep_freed_memory()
        training = ClassifierTraining(train.rows, valid.rows, options)
        return _learn(run, training, training.plan(run.compute()), train, valid, observe)


def _learn(
    run: Run,
    training: ClassifierTraining,
    plan: ReaderPlan,
    train: Labelled[LabelledText],
    valid: Labelled[LabelledText],
    observe: Observer,
) -> dict[str, Any]:
    """Train to the end or an interrupt; the figures, written to the run at the end."""
    observe("reader plan", {"plan": plan})
    with interrupts() as stopped:
        model, result = training.learn(plan, run.folder, observe, stopped)
    if model is None:
        return {"finished": False, "run": str(run.folder), "tokens": result.tokens}
    kept = {name: value for name, value in run.config(CLASSIFIER).items() if name not in ("format", "kind")}
    model.save(run, kept)
    figures = _figures(run, train, valid, model, plan, result)
    write_reader_card(run.folder, run.config(CLASSIFIER), figures)
    atomic_write_json(run.result_path, {"format": 1, **figures})
    return {"finished": True, **figures}


def _fingerprint(*parts: Labelled[LabelledText]) -> list[str]:
    """Hashes of the rows of each part."""
    return [hashlib.blake2b(repr(part.rows).encode("utf-8", "replace"), digest_size=16).hexdigest() for part in parts]


def _check(options: TrainOptions) -> dict[str, str]:
    """The columns that were named, by role; a UserError for options that a task does not have."""
    if options.task not in TASKS:
        raise UserError(f"--task {options.task}: choose {' or '.join(TASKS)}")
    plain = TrainOptions()
    for name in OF_TEXTS:
        if getattr(options, name) != getattr(plain, name):
            raise UserError(f"{option_name(name)}: is of texts to write like, not of --task {options.task}")
    found = {}
    for part in (options.columns or "").split(","):
        role, sign, name = part.partition("=")
        if part and (not sign or role.strip() not in ROLES[options.task]):
            roles = ",".join(f"{role}=NAME" for role in ROLES[options.task])
            raise UserError(f"--columns {options.columns}: write {roles}, or some of them")
        if part:
            found[role.strip()] = name.strip()
    return found


def _read(sources: Sequence[str], options: TrainOptions) -> tuple[Labelled[LabelledText], Labelled[LabelledText]]:
    """What is learned from, and what is held out: given, or a part of it."""
    columns = _check(options)
    if not sources:
        raise UserError("--task classify: name a file of labelled texts")
    how: dict[str, Any] = {
        "separator": options.separator,
        "encoding": options.encoding,
        "errors": options.errors,
        **columns,
    }
    data = read_classes(list(sources), **how)
    if not options.valid:
        return hold_out(data, seed=options.seed)
    valid = without_copies(read_classes(list(options.valid), **how), data)
    known = data.labels
    rows = [row for row in valid.rows if all(label in known for label in row.labels)]
    if not rows:
        raise UserError(f"{valid.name}: has no label that {data.name} has")
    unknown = len(valid.rows) - len(rows)
    return data, valid.with_rows(rows, left_out={f"with a label that {data.name} has not": unknown})


def _figures(
    run: Run,
    train: Labelled[LabelledText],
    valid: Labelled[LabelledText],
    model: ClassifierModel,
    plan: ReaderPlan,
    result: Result,
) -> dict[str, Any]:
    """The figures of a finished run, as `--json` prints them."""
    log_p = model.log_probabilities([row.text for row in valid.rows])
    common = next(iter(train.labels))
    if model.several:
        wanted = [frozenset(row.labels) for row in valid.rows]
        said = [frozenset(model.labels[i] for i in np.flatnonzero(row > np.log(0.5))) for row in log_p]
        right = Classified([_spelled(one) for one in wanted], [_spelled(one) for one in said])
        guessed = Classified([_spelled(one) for one in wanted], [_spelled(frozenset([common]))] * len(wanted))
        scores = {"exact": _score(right.accuracy().interval(), guessed.accuracy().value())}
    else:
        labels = [row.labels[0] for row in valid.rows]
        right = Classified(labels, [model.labels[i] for i in log_p.argmax(1)])
        guessed = Classified(labels, [common] * len(labels))
        scores = {
            "accuracy": _score(right.accuracy().interval(), guessed.accuracy().value()),
            "f1_macro": _score(right.macro().interval(), guessed.macro().value()),
        }
    return {
        "run": str(run.folder),
        "task": "classify",
        "model": " ".join(plan.network.blocks),
        "parameters": {
            "total": plan.parameters["total"] + model.linear.weights.size,
            "network": plan.parameters["total"],
            "ngrams": model.linear.weights.size,
        },
        "data": {"train": len(train), "valid": len(valid), "labels": train.labels, "left_out": dict(train.left_out)},
        "shares": {"network": model.shares[0], "ngrams": model.shares[1]},
        "seconds": round(result.progress.seconds, 3),
        "steps": result.progress.step,
        "scores": scores,
    }


def _score(figure: Figure, baseline: float) -> dict[str, float]:
    return {**dataclasses.asdict(figure), "baseline": baseline}


def _spelled(labels: frozenset[str]) -> str:
    return "\n".join(sorted(labels))
