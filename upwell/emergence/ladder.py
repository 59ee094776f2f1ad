"""The ladder: every ability, family, size and seed as a list of independent jobs, and what comes of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from upwell.emergence.ability import Ability
from upwell.emergence.jobs import Budget, Job, load_result
from upwell.emergence.learning import planned_seconds
from upwell.emergence.networks import network_config
from upwell.emergence.workers import compute_all, measure_all
from upwell.errors import UserError
from upwell.model.files import read_json
from upwell.model.machine import usable_cores
from upwell.text.files import atomic_write_json, lock_file, remove_leftovers

SIZES = (1_500, 5_000, 15_000, 40_000, 100_000)
Observer = Callable[[str, dict[str, Any]], None]


class Ladder:
    """A study of `abilities` over `models` (families) and `sizes` (parameters), every rung run with several seeds.

    The axis is the width of two blocks; steps, rows and test items are the same on all rungs, so curves over size mean
    size alone. Results go to the folder `out`, one file a job; a ladder with the same settings goes on where it stopped.

        ladder = Ladder([Recall(), MyAbility()], models=["lstm", "attention"], out="runs/mine")
        report = ladder.run()

    `seeds` is a number or the seeds themselves; `budget` holds for all abilities but those with one of their own in
    `budgets`, by name; `workers` are processes of one thread, by default as many as cores.
    """

    def __init__(
        self,
        abilities: Sequence[Ability],
        *,
        models: Sequence[str] = ("lstm", "attention"),
        sizes: Sequence[int] = SIZES,
        seeds: int | Sequence[int] = 3,
        budget: Budget | None = None,
        budgets: Mapping[str, Budget] | None = None,
        workers: int | None = None,
        out: str | Path = "runs/emerge",
    ) -> None:
        self.abilities = list(abilities)
        self.models = list(dict.fromkeys(models))
        self.sizes = sorted(set(sizes))
        self.seeds = list(range(seeds)) if isinstance(seeds, int) else list(dict.fromkeys(seeds))
        self.budget = budget or Budget()
        self.budgets = dict(budgets or {})
        self.workers = usable_cores() if workers is None else workers
        self.folder = Path(out)
        self.costs: dict[str, dict[str, float]] = {}
        self._check()

    def _check(self) -> None:
        names = [ability.name for ability in self.abilities]
        for what, values in (
            ("abilities", names),
            ("models", self.models),
            ("sizes", self.sizes),
            ("seeds", self.seeds),
        ):
            if not values:
                raise UserError(f"a ladder needs {what}; none were given")
        if len(self.sizes) < 2:
            raise UserError(f"--sizes {self.sizes[0]}: a ladder has two sizes at least, and five for a verdict")
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"two abilities are called {name!r}; give one of them another name")
        if not 1 <= self.workers <= 1024:
            raise UserError(f"--workers {self.workers}: choose a number from 1")
        if min(self.seeds) < 0:
            raise UserError("--seeds: a seed cannot be negative")
        for ability in self.abilities:
            for model in self.models:
                widths = [network_config(ability, model, size).width for size in self.sizes]
                for low, high, one, two in zip(self.sizes, self.sizes[1:], widths, widths[1:], strict=False):
                    if one == two:
                        raise UserError(f"--sizes: {low} and {high} give the same {model} network (width {one})")

    def _job(
        self, ability: Ability, model: str, size: int, seed: int, *, kind: str = "run", factor: float = 1.0
    ) -> Job:
        return Job(ability, model, size, seed, self.budgets.get(ability.name, self.budget), kind, factor)

    def rate_checks(self) -> list[Job]:
        """The check of three learning rates of every rung."""
        return [self._job(*rung, 0, kind="rates") for rung in self._rungs()]

    def runs(self) -> list[Job]:
        """All runs, at the rates that the checks chose; the checks must be done."""
        found = []
        for rung in self._rungs():
            figures, _ = load_result(self._job(*rung, 0, kind="rates").path(self.folder))
            found += [self._job(*rung, seed, factor=figures["factor"]) for seed in self.seeds]
        return found

    def _rungs(self) -> list[tuple[Ability, str, int]]:
        return [(ability, model, size) for ability in self.abilities for model in self.models for size in self.sizes]

    def settings(self) -> dict[str, Any]:
        """What the ladder is, as JSON values."""
        settings = {
            "format": 1,
            "abilities": [
                {"class": type(a).__name__, "name": a.name, "settings": a.settings()} for a in self.abilities
            ],
            "models": self.models,
            "sizes": self.sizes,
            "seeds": self.seeds,
            "budgets": {a.name: vars(self.budgets.get(a.name, self.budget)) for a in self.abilities},
        }
        plain: dict[str, Any] = json.loads(json.dumps(settings))  # as it comes back from a file: lists, no tuples
        return plain

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
            for jobs in (self._longest_first(self.rate_checks()), None):
                for job in compute_all(
                    self._longest_first(self.runs()) if jobs is None else jobs, self.folder, workers=self.workers
                ):
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
        jobs = [self._job(*rung, 0) for rung in self._rungs()]
        path = self.folder / "costs.json"
        self.costs = dict(read_json(path)) if path.exists() else {}
        missing = [job for job in jobs if job.id not in self.costs]
        if missing:
            self.costs |= measure_all(missing, workers=self.workers)
            atomic_write_json(path, self.costs)
        rungs = []
        work, left = 0.0, 0
        for job in jobs:
            check = self._job(job.ability, job.family, job.size, 0, kind="rates")
            check_seconds, seconds = (
                planned_seconds(check, self.costs[job.id]),
                planned_seconds(job, self.costs[job.id]),
            )
            todo = self._runs_left(check)
            work += todo * seconds + (0 if check.path(self.folder).exists() else check_seconds)
            left += todo + (not check.path(self.folder).exists())
            rungs.append(
                {
                    "ability": job.ability.name,
                    "model": job.family,
                    "size": job.size,
                    "width": network_config(job.ability, job.family, job.size).width,
                    "check_seconds": check_seconds,
                    "run_seconds": seconds,
                    "runs_left": todo,
                }
            )
        workers = min(self.workers, max(1, left))
        return {"rungs": rungs, "seconds": work / workers, "jobs_left": left, "workers": self.workers}

    def _runs_left(self, check: Job) -> int:
        if not check.path(self.folder).exists():
            return len(self.seeds)
        factor = load_result(check.path(self.folder))[0]["factor"]
        runs = (self._job(check.ability, check.family, check.size, seed, factor=factor) for seed in self.seeds)
        return sum(not run.path(self.folder).exists() for run in runs)

    def planned(self, job: Job, *, steps: int | None = None) -> float:
        """Seconds that `job` should take, to its full length or to `steps`, by what was measured before the start."""
        return planned_seconds(job, self.costs[self._job(job.ability, job.family, job.size, 0).id], steps=steps)

    def _longest_first(self, jobs: Iterable[Job]) -> list[Job]:
        """So that no worker is left with a long job at the end."""
        return sorted(jobs, key=self.planned, reverse=True)
