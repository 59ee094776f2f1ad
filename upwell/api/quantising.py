"""A run with its weights in fewer bits, and what that costs and gains."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from upwell.api.evaluation import score
from upwell.api.language_model import LanguageModel
from upwell.api.texts import read_corpus
from upwell.errors import UserError
from upwell.model.files import save_quantised
from upwell.model.stepping import Stepper
from upwell.tasks.scorecard import known_tasks, to_json
from upwell.text.files import atomic_write_json
from upwell.training.distributed import World
from upwell.training.runs import Run
from upwell.training.validation import Validation

QUANTISED = ("bf16", "int8", "int4")
TIMED_TOKENS = 200


@dataclass(frozen=True)
class Figures:
    """What is compared."""

    bytes: int
    """Of the file of weights."""
    tokens_per_second: float
    """One text, one token after the other, drawing not counted: the median token."""
    bits_per_byte: float | None
    """On the text that the run held out; None where the run does not know its text."""
    scorecard: dict[str, Any] | None
    """None where the run knows no tasks."""


def quantize(
    run: str | os.PathLike[str],
    *,
    precision: str = "int8",
    out: str | os.PathLike[str] | None = None,
    items: int | None = None,
    threads: int | None = None,
) -> dict[str, Any]:
    """Write `run` with its matrices in `precision` (bf16, int8, int4) to the new folder `out`, by default RUN-int8.

    `items`: examples of each task; None: the scorecard's own number. Returns run, precision, and what is `before` and
    `after` (see Figures), which quantised.json keeps.
    """
    if precision not in QUANTISED:
        raise UserError(f"--precision {precision}: choose among {', '.join(QUANTISED)}")
    source = Run(Path(run))
    if source.precision():
        raise UserError(f"{source.folder}: is quantised already; start from the run that it was made of")
    target = Run(Path(out) if out else source.folder.with_name(f"{source.folder.resolve().name}-{precision}"))
    if target.folder.exists():
        raise UserError(f"{target.folder}: is there already; choose another folder by --out")
    model = LanguageModel.load(source.folder, device="cpu", threads=threads, precision="fp32")
    target.folder.mkdir(parents=True)
    values = {key: value for key, value in source.config().items() if key not in ("format", "kind")}
    target.write_config({**values, "precision": precision})
    model.tokenizer.save(target.tokenizer_path)
    if source.forms_path.exists():
        shutil.copyfile(source.forms_path, target.forms_path)
    save_quantised(target.weights_path, model.network, precision)
    changed = LanguageModel.load(target.folder, device="cpu")
    text = _held_out(source)
    report = {
        "run": str(target.folder),
        "precision": precision,
        "before": vars(_measured(model, source, text, items)),
        "after": vars(_measured(changed, target, text, items)),
    }
    atomic_write_json(target.folder / "quantised.json", {"format": 1, **report})
    return report


def _measured(model: LanguageModel, run: Run, text: Validation | None, items: int | None) -> Figures:
    scorecard = to_json(score(model, items=items))["scorecard"] if known_tasks(model.formats) else None
    with torch.inference_mode():
        found = None if text is None else text(model.writer).bits_per_byte
    return Figures(run.weights_path.stat().st_size, _tokens_per_second(model.writer), found, scorecard)


def _held_out(run: Run) -> Validation | None:
    if "sources" not in run.config():
        return None
    sources, options = run.options()
    corpus, _ = read_corpus(sources, options, World(), lambda kind, figures: None)
    store = corpus.valid
    return Validation(store.tokens, corpus.tokenizer.end_of_text, store.num_bytes, store.num_words)


@torch.inference_mode()
def _tokens_per_second(writer: Stepper) -> float:
    token, state = torch.zeros(1, 1, dtype=torch.int64), None
    room = writer.config.context if "attention" in writer.config.mixers else TIMED_TOKENS
    seconds = []
    for _ in range(min(room, TIMED_TOKENS)):
        start = time.perf_counter()
        _, state = writer(token, state)
        seconds.append(time.perf_counter() - start)
    return 1 / sorted(seconds)[len(seconds) // 2]
