"""The end of a run: what its model can do, scored and shown, all of it kept in the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from upwell.api.language_model import LanguageModel
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.tasks import samples, scorecard
from upwell.text.corpus import Corpus
from upwell.training.runs import Run

SCORED_SECONDS = 300.0
"""Training at least this long ends with the whole scorecard; shorter training with as much less of it."""


def examine(run: Run, corpus: Corpus, seconds: float, observe: Observer) -> dict[str, Any]:
    """What the best weights of `run` can do after `seconds` of training on `corpus`.

    Returns `scorecard` and `scoring` (items, seconds), both None for a model of plain text, and `samples`. A model that
    cannot hold an example in its context is not scored, which is noted.
    """
    model = LanguageModel.load(run.folder)
    found: dict[str, Any] = {"scorecard": None, "scoring": None, "samples": []}
    with _noted("scored", observe):
        if names := scorecard.known_tasks(model.formats):
            evaluations = scorecard.score_world(
                model.answerer,
                scorecard.make_tasks(names, train_tokens=corpus.train.tokens, encode=model.tokenizer.encode),
                model.formats,
                share=min(1.0, seconds / SCORED_SECONDS),
                progress=lambda said: observe("scoring", {"text": said}),
            )
            scorecard.keep_items(evaluations, run.folder / "evaluations")
            found |= scorecard.to_json(evaluations)
    with _noted("sampled", observe):
        found["samples"] = samples.to_json(samples.draw_samples(model.answerer, model.formats))
    return found


@contextmanager
def _noted(what: str, observe: Observer) -> Iterator[None]:
    """Go on behind the block where it raises a UserError, and say so: the model itself is there and is not to be lost."""
    try:
        yield
    except UserError as error:
        observe("note", {"text": f"not {what}: {error}"})
