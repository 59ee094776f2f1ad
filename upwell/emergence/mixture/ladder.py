"""The mixture ladder: which of the five tasks appears at which size of one language model."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from upwell.emergence.jobs import Job, Result, load_result
from upwell.emergence.measures import Scores
from upwell.emergence.mixture.abilities import LANGUAGE_ABILITIES, LanguageAbility
from upwell.emergence.mixture.jobs import TOPIC, MixtureBudget, MixtureJob
from upwell.emergence.mixture.learning import (
    examples_of,
    measure_step,
    network_config,
    open_corpus,
    planned_seconds,
    run_job,
    steps_of,
)
from upwell.emergence.study import Study, Subject
from upwell.emergence.workers import Engine
from upwell.tasks.scorecard import make_tasks
from upwell.tasks.task import Item, Task
from upwell.text.examples import Example
from upwell.text.tokenizers import Tokenizer
from upwell.training.compute import measure_peaks

SIZES = (25_000, 100_000, 300_000, 1_000_000)
BYTES_PER_TOKEN = 4.5
BASELINE_EXAMPLES = 500
"""Training examples of each task that baselines and the context-free frequencies learn from, and among which test
items are looked for: their prompts, or of stories, which may begin alike, the whole texts."""
BF16_GAIN = 1.5
"""How much faster products must be in bf16 for it to be used."""


class MixtureLadder(Study):
    """One language model for every family, size and seed, trained on the micro-world's mixture and asked about five tasks.

    The axis is the width of the same blocks; tokens, rows and test items are the same on all rungs. `source`: the text, by
    default as much of the micro-world as `budget` reads once; `dtype`: float32 or bfloat16, by default what is faster on
    this machine. The rest as in `Ladder`.
    """

    run_job = staticmethod(run_job)
    measure_job = staticmethod(measure_step)
    planned_seconds = staticmethod(planned_seconds)

    def __init__(
        self,
        *,
        models: Sequence[str] = ("hybrid",),
        sizes: Sequence[int] = SIZES,
        seeds: int | Sequence[int] = 2,
        budget: MixtureBudget | None = None,
        source: str | None = None,
        dtype: str | None = None,
        workers: int | None = None,
        engine: Engine | None = None,
        out: str | Path = "runs/emerge",
    ) -> None:
        self.budget = budget or MixtureBudget()
        megabytes = max(0.2, self.budget.tokens * BYTES_PER_TOKEN / 1e6)
        self.source = source or f"world:level=1+2,megabytes={megabytes:g}"
        self.dtype = dtype or _usual_dtype()
        super().__init__(
            topics=[TOPIC], models=models, sizes=sizes, seeds=seeds, workers=workers, engine=engine, out=out
        )

    def job(
        self, topic: str, model: str, size: int, seed: int, *, kind: str = "run", factor: float = 1.0
    ) -> MixtureJob:
        """The run of a rung and seed, or with `kind` rates its check of rates."""
        return MixtureJob(self.source, model, size, seed, self.budget, self.dtype, kind, factor)

    def width(self, topic: str, model: str, size: int) -> int:
        """Channels of the network of a rung."""
        return network_config(model, size, vocab_size=1).width

    def describe(self) -> dict[str, Any]:
        """What the ladder is."""
        return {
            "format": 1,
            "suite": TOPIC,
            "abilities": [{"name": ability.name} for ability in LANGUAGE_ABILITIES],
            "models": self.models,
            "sizes": self.sizes,
            "seeds": self.seeds,
            "source": self.source,
            "dtype": self.dtype,
            "budget": asdict(self.budget),
        }

    def subjects(self) -> list[Subject]:
        """The five tasks, with what simple rules score."""
        tokenizer = open_corpus(self.source).tokenizer
        tasks = {task.name: task for task in make_tasks()}
        return [self._subject(ability, tasks[ability.name], tokenizer) for ability in LANGUAGE_ABILITIES]

    def _subject(self, ability: LanguageAbility, task: Task, tokenizer: Tokenizer) -> Subject:
        asked = examples_of(task.view, self.budget.test_items, "test")
        train = examples_of(task.view, BASELINE_EXAMPLES, "train")
        chance = float(np.mean([1 / len(e.options) if e.options else 0.0 for e in asked]))
        guesses = [
            float(np.mean([ability.is_right(Item(e, e.format.answer(guess(e.prompt)), None)) for e in asked]))
            for guess in task.baselines(train).values()
        ]
        asks = [(e.prompt, e.text)[task.temperature > 0] for e in (*asked, *train)]
        known = set(asks[len(asked) :])
        tokens = [_answer_tokens(e, tokenizer) for e in asked]
        return Subject(
            name=ability.name,
            topic=TOPIC,
            doc=ability.doc,
            chance=chance,
            baseline=max([chance, *guesses]),
            reference_nll=_frequency_nll(tokens, [_answer_tokens(e, tokenizer) for e in train]),
            answer_tokens=round(float(np.mean([len(ids) for ids in tokens]))),
            leak=float(np.mean([ask in known for ask in asks[: len(asked)]])),
        )

    def evaluation_steps(self, subject: Subject) -> list[int]:
        """Steps at which a run was measured."""
        return steps_of(self.budget)

    def results(self, subject: Subject, job: Job) -> Result:
        """Figures of a job, and the arrays that tell of `subject`."""
        figures, arrays = _loaded(job.path(self.folder))
        own = f"{subject.name}."
        chosen = {
            name.removeprefix(own): array for name, array in arrays.items() if "." not in name or name.startswith(own)
        }
        return figures, chosen

    def score(self, subject: Subject, arrays: dict[str, NDArray[Any]]) -> Scores:
        """Scores of one run: an answer is one thing, whatever the number of its tokens."""
        right, nll = arrays["right"][:, 0].astype(float), arrays["nll"][:, 0]
        share = 1 - nll / subject.reference_nll
        return Scores(
            match=float(right.mean()),
            tokens=float(right.mean()),
            whole=float(np.exp(-arrays["nats"]).mean()),
            nll=float(nll.mean()),
            continuous=float(share.mean()),
            similarity=float(arrays["similarity"].mean()),
            match_variance=float(right.var() / len(right)),
            continuous_variance=float(share.var() / len(share)),
        )

    def places(self, subject: Subject, arrays: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Answers are of any length and may be worded otherwise: only the probability of the right one predicts."""
        return np.asarray(np.exp(-arrays["nats"]).mean(0), np.float64)


@functools.cache
def _usual_dtype() -> str:
    peaks = measure_peaks(torch.device("cpu"), None, 1)
    return "bfloat16" if peaks["bfloat16"] > BF16_GAIN * peaks["float32"] else "float32"


@functools.lru_cache(maxsize=128)
def _loaded(path: Path) -> Result:
    """A result, read once for all tasks: once written it stays."""
    return load_result(path)


def _answer_tokens(example: Example, tokenizer: Tokenizer) -> list[int]:
    """Of the right answer and its end."""
    return [*map(int, tokenizer.encode(example.format.separator + example.answer)), tokenizer.end_of_text]


def _frequency_nll(asked: list[list[int]], known: list[list[int]]) -> float:
    """Mean over answers of the nats of a token, by how often tokens are in `known` answers."""
    counts = Counter(token for ids in known for token in ids)
    total = counts.total() + len(counts) + 1
    return float(np.mean([np.mean([-np.log((counts[token] + 1) / total) for token in ids]) for ids in asked]))
