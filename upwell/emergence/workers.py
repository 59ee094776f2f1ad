"""Many one-thread processes that take jobs side by side: two threads inside a small model help less than two models.

Jobs leave their results in files, so a worker that dies costs the job it was at, and that job is begun anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol

from upwell.emergence.jobs import Job, RunJob, save_result
from upwell.text.processes import DEATHS_BEFORE_STOP, process_pool

Measure = Callable[[Any], dict[str, float]]
"""Seconds that the parts of a job take."""


class Engine(Protocol):
    """Where jobs are computed."""

    def compute_all(self, jobs: Iterable[Job], run: RunJob, folder: Path, *, workers: int) -> Iterator[Job]:
        """Compute by `run` the jobs whose results are not yet in `folder`; yields each when its result is there."""

    def measure_all(self, jobs: Iterable[Job], measure: Measure, *, workers: int) -> dict[str, dict[str, float]]:
        """By job id what `measure` says of its cost."""


class LocalEngine:
    """This machine: processes of one thread.

    With one worker everything runs in this process, which also serves abilities that other processes cannot import.
    """

    def compute_all(self, jobs: Iterable[Job], run: RunJob, folder: Path, *, workers: int) -> Iterator[Job]:
        """In the given order."""
        left = {job.id: job for job in jobs if not job.path(folder).exists()}
        if workers == 1:
            for job in left.values():
                compute(job, run, folder)
                yield job
            return
        deaths = 0
        while left:
            try:
                for job, _ in _in_pool(list(left.values()), workers, compute, run, folder):
                    deaths = 0
                    del left[job.id]
                    yield job
            except BrokenProcessPool:
                deaths += 1
                if deaths >= DEATHS_BEFORE_STOP:
                    raise
                for job in [job for job in left.values() if job.path(folder).exists()]:  # done, but not yet told of
                    del left[job.id]
                    yield job

    def measure_all(self, jobs: Iterable[Job], measure: Measure, *, workers: int) -> dict[str, dict[str, float]]:
        """With all workers at work, as they will be."""
        if workers == 1:
            return {job.id: measure(job) for job in jobs}
        return {job.id: cost for job, cost in _in_pool(list(jobs), workers, measure)}


def compute(job: Job, run: RunJob, folder: Path) -> None:
    """Compute one job by `run` and write its result."""
    figures, arrays = run(job)
    save_result(job.path(folder), figures, arrays)


def _in_pool(jobs: list[Job], workers: int, function: Callable[..., Any], *arguments: Any) -> Iterator[tuple[Job, Any]]:
    """`function(job, *arguments)` of every job in `workers` processes, each result as it comes; none outlives this."""
    with process_pool(workers, _begin) as pool:
        futures = {pool.submit(function, job, *arguments): job for job in jobs}
        while futures:
            done, _ = wait(futures, return_when=FIRST_COMPLETED)
            for future in done:
                yield futures.pop(future), future.result()


def _begin() -> None:
    """Make this process a lean worker."""
    import torch

    from upwell.text.allocator import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()
