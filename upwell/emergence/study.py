"""A study: topics, families, sizes and seeds as a list of independent jobs, and what comes of them.

What the jobs are is said by its kinds: `Ladder`, a model for each ability, and `MixtureLadder`, one for all tasks of a text.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.jobs import Job, Result, RunJob, load_result
from upwell.emergence.measures import Scores, score
from upwell.emergence.workers import Engine, LocalEngine, Measure
from upwell.errors import UserError
from upwell.model.files import read_json
from upwell.model.machine import usable_cores
from upwell.text.files import atomic_write_json, lock_file, remove_leftovers

Observer = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Subject:
    """An ability as the report speaks of it."""

    name: str
    topic: str
    """Whose jobs hold its results."""
    doc: str
    """What is asked and what counts as right, a sentence."""
    chance: float
    """Exact match of uniform guessing."""
    baseline: float
    """Exact match of the best rule that needs no skill, chance among them."""
    reference_nll: float
    """NLL in nats of an answer token by the frequencies of answers, without context."""
    answer_tokens: int
    favours: str = ""
    """Family expected to need fewer parameters."""
    leak: float | None = None
    """Share of test items known from training; None where that is meant."""


class Study:
    """What all ladders share: the grid, the folder, the plan, computing what is missing, and the report."""

    run_job: RunJob
    """Computes a job; a function of a module, so that other processes find it."""
    measure_job: Measure
    """Measures what its steps cost."""
    planned_seconds: Callable[..., float]
    """(job, cost, steps=None): how long a job should take by the cost of its parts, to its full length or to `steps`."""

    def __init__(
        self,
        *,
        topics: Sequence[str],
        models: Sequence[str],
        sizes: Sequence[int],
        seeds: int | Sequence[int],
        workers: int | None,
        engine: Engine | None,
        out: str | Path,
    ) -> None:
        self.topics = list(topics)
        self.models = list(dict.fromkeys(models))
        self.sizes = sorted(set(sizes))
        self.seeds = list(range(seeds)) if isinstance(seeds, int) else list(dict.fromkeys(seeds))
        self.workers = usable_cores() if workers is None else workers
        self.engine = engine or LocalEngine()
        self.folder = Path(out)
        self.costs: dict[str, dict[str, float]] = {}
        self._check()

    # What a kind of study says

    def job(self, topic: str, model: str, size: int, seed: int, *, kind: str = "run", factor: float = 1.0) -> Job:
        """The run of a rung and seed, or with `kind` rates its check of rates."""
        raise NotImplementedError

    def width(self, topic: str, model: str, size: int) -> int:
        """Channels of the network of a rung."""
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """What the study is: all that its jobs and its report depend on."""
        raise NotImplementedError

    def subjects(self) -> list[Subject]:
        """The abilities that are measured."""
        raise NotImplementedError

    def evaluation_steps(self, subject: Subject) -> list[int]:
        """Steps at which a run of full length was measured."""
        raise NotImplementedError

    def results(self, subject: Subject, job: Job) -> Result:
        """Figures of a job, and the arrays that tell of `subject`."""
        return load_result(job.path(self.folder))

    def score(self, subject: Subject, arrays: dict[str, NDArray[Any]]) -> Scores:
        """Scores of one run."""
        return score(arrays, subject.reference_nll)

    def places(self, subject: Subject, arrays: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Share of first choices at each place of the answer (K,), from which the mirage check predicts exact match."""
        return np.asarray(arrays["right"].mean(0), np.float64)

    # What follows from it

    def settings(self) -> dict[str, Any]:
        """What the study is, as JSON values; the same settings are the same study."""
        plain: dict[str, Any] = json.loads(
            json.dumps(self.describe())
        )  # as it comes back from a file: lists, no tuples
        return plain

    def _check(self) -> None:
        for what, values in (
            ("abilities", self.topics),
            ("models", self.models),
            ("sizes", self.sizes),
            ("seeds", self.seeds),
        ):
            if not values:
                raise UserError(f"a ladder needs {what}; none were given")
        if len(self.sizes) < 2:
            raise UserError(f"--sizes {self.sizes[0]}: a ladder has two sizes at least, and five for a verdict")
        if not 1 <= self.workers <= 1024:
            raise UserError(f"--workers {self.workers}: choose a number from 1")
        if min(self.seeds) < 0:
            raise UserError("--seeds: a seed cannot be negative")
        for topic in self.topics:
            for model in self.models:
                widths = [self.width(topic, model, size) for size in self.sizes]
                for low, high, one, two in zip(self.sizes, self.sizes[1:], widths, widths[1:], strict=False):
                    if one == two:
                        raise UserError(f"--sizes: {low} and {high} give the same {model} network (width {one})")

    def rungs(self) -> list[tuple[str, str, int]]:
        """Topic, family and size of every rung."""
        return [(topic, model, size) for topic in self.topics for model in self.models for size in self.sizes]

    def rate_checks(self) -> list[Job]:
        """The check of three learning rates of every rung."""
        return [self.job(*rung, 0, kind="rates") for rung in self.rungs()]

    def runs(self) -> list[Job]:
        """All runs, at the rates that the checks chose; the checks must be done."""
        return [job for rung in self.rungs() for job in self.runs_of(*rung)]

    def runs_of(self, topic: str, model: str, size: int) -> list[Job]:
        """The runs of one rung, a seed each; its check must be done."""
        figures, _ = load_result(self.job(topic, model, size, 0, kind="rates").path(self.folder))
        return [self.job(topic, model, size, seed, factor=figures["factor"]) for seed in self.seeds]

    def run(self, observe: Observer = lambda kind, figures: None, *, language: str = "en") -> dict[str, Any]:
        """Compute what is not yet there, then the statistics; writes report.json and report.html and returns the report.

        `observe` is told of the "plan" before any work, of every "job" that is done, and of the "report".
        """
        from upwell.emergence.analysis import analyse
        from upwell.emergence.report.page import write_page

        self.folder.mkdir(parents=True, exist_ok=True)
        with lock_file(self.folder / ".lock"):
            for place in (self.folder, self.folder / "results"):
                remove_leftovers(place)
            self._claim_folder()
            began = time.perf_counter()
            plan = self.plan()
            observe("plan", plan)
            done = 0
            for choose in (self.rate_checks, self.runs):
                jobs = self._longest_first(choose())
                for job in self.engine.compute_all(jobs, self.run_job, self.folder, workers=self.workers):
                    done += 1
                    figures, _ = load_result(job.path(self.folder))
                    observe("job", {**figures, "done": done, "left": plan["jobs_left"] - done})
            sitting = time.perf_counter() - began
            report = analyse(self, sitting=sitting)
            atomic_write_json(self.folder / "report.json", report)
            write_page(report, self.folder / "report.html", language=language)
            observe("report", report)
        return report

    def _claim_folder(self) -> None:
        """Write the settings, or make sure that those in the folder are the same."""
        path = self.folder / "ladder.json"
        if path.exists():
            if read_json(path) != self.settings():
                raise UserError(
                    f"{self.folder} holds another ladder; choose another --out, or --resume it with no options"
                )
        else:
            atomic_write_json(path, self.settings())

    def plan(self) -> dict[str, Any]:
        """Measure what a step costs on every rung (or read it, if a sitting before did) and say how long all will take.

        Returns seconds by rung, `rungs`: a list of model, ability, size, width, seconds of the check and of each run.
        """
        jobs = [self.job(*rung, 0) for rung in self.rungs()]
        path = self.folder / "costs.json"
        self.costs = dict(read_json(path)) if path.exists() else {}
        missing = [job for job in jobs if job.id not in self.costs]
        if missing:
            self.costs |= self.engine.measure_all(missing, self.measure_job, workers=self.workers)
            atomic_write_json(path, self.costs)
        found = []
        work, left = 0.0, 0
        for job in jobs:
            check = self.job(job.topic, job.family, job.size, 0, kind="rates")
            cost = self.costs[job.id]
            check_seconds, seconds = self.planned_seconds(check, cost), self.planned_seconds(job, cost)
            todo = self._runs_left(check)
            work += todo * seconds + (0 if check.path(self.folder).exists() else check_seconds)
            left += todo + (not check.path(self.folder).exists())
            found.append(
                {
                    "ability": job.topic,
                    "model": job.family,
                    "size": job.size,
                    "width": self.width(job.topic, job.family, job.size),
                    "check_seconds": check_seconds,
                    "run_seconds": seconds,
                    "runs_left": todo,
                }
            )
        workers = min(self.workers, max(1, left))
        return {"rungs": found, "seconds": work / workers, "jobs_left": left, "workers": self.workers}

    def _runs_left(self, check: Job) -> int:
        if not check.path(self.folder).exists():
            return len(self.seeds)
        runs = self.runs_of(check.topic, check.family, check.size)
        return sum(not run.path(self.folder).exists() for run in runs)

    def planned(self, job: Job, *, steps: int | None = None) -> float:
        """Seconds that `job` should take, to its full length or to `steps`, by what was measured before the start."""
        cost = self.costs[self.job(job.topic, job.family, job.size, 0).id]
        return self.planned_seconds(job, cost, steps=steps)

    def _longest_first(self, jobs: Iterable[Job]) -> list[Job]:
        """So that no worker is left with a long job at the end."""
        return sorted(jobs, key=self.planned, reverse=True)
