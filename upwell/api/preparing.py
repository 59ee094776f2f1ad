"""Preparing a text: the cleaning room's work, with what could be trained on the outcome, as pages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from upwell.api.texts import Observer
from upwell.text.cleaning.page import render
from upwell.text.cleaning.preparation import prepare as prepare_text
from upwell.text.cleaning.words import LANGUAGES
from upwell.text.files import atomic_write_bytes, atomic_write_json
from upwell.text.prepared import Prepared

BUDGETS = (5, 30, 120)
"""Minutes of training that the report plans for."""


def prepare(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str],
    overwrite: bool = False,
    observe: Observer = lambda kind, figures: None,
    **options: Any,
) -> Prepared:
    """Clean the text in `sources` and write it, with tokens and a report, to the folder `out`; `train(out)` reads it.

    `options` are the fields of PrepareOptions: skip, quality, private, near, tokenizer and so on, as on the command line.
    A run that was killed goes on when it is called again in the same way; one that is complete is returned as it is.
    """
    prepared = prepare_text(sources, out=out, overwrite=overwrite, observe=observe, **options)
    pages = {
        language: prepared.folder / ("report.html" if language == "en" else f"report.{language}.html")
        for language in LANGUAGES
    }
    if not all(path.exists() for path in pages.values()):
        report = {**prepared.report(), "plan": _plans(prepared)}
        atomic_write_json(prepared.folder / "report.json", report)
        for language, path in pages.items():
            atomic_write_bytes(path, render(report, language=language).encode("utf-8"))
    return prepared


def _plans(prepared: Prepared) -> list[dict[str, Any]]:
    """For each budget the advised size and how much of the text it would read; none where there are no tokens."""
    tokens = prepared.report()["tokens"]
    if tokens is None:
        return []
    from upwell.model.machine import choose_device
    from upwell.model.sizes import count_text
    from upwell.training.compute import choose_threads, measure_peaks
    from upwell.training.distributed import World
    from upwell.training.options import TrainOptions
    from upwell.training.plan import USUAL_PEAK_SHARE, make_plan

    peaks = measure_peaks(choose_device(None), None, choose_threads(None, World()))
    dtype = max(peaks, key=lambda name: peaks[name])
    speed = USUAL_PEAK_SHARE * peaks[dtype]
    vocab_size = prepared.report()["tokenizer"]["vocab_size"]
    train = tokens["train"]
    rows = []
    for minutes in BUDGETS:
        plan = make_plan(
            TrainOptions(minutes=minutes),
            vocab_size=vocab_size,
            train_tokens=max(train["tokens"], 1),
            train_bytes=train["bytes"],
            flops_per_second=speed,
            dtype=dtype,
            documents=train["documents"],
        )
        outlook = plan.outlook(speed / plan.flops_per_token, train_tokens=max(train["tokens"], 1))
        rows.append(
            {
                "minutes": minutes,
                "size": count_text(plan.parameters["non_embedding"]),
                "training_tokens": outlook["training_tokens"],
                "epochs": outlook["epochs"],
            }
        )
    return rows
