"""Many one-thread processes that take jobs side by side: two threads inside a small model help less than two models.

Jobs leave their results in files, so a worker that dies costs the job it was at, and that job is begun anew.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol

from upwell.emergence.jobs import Job, RunJob, save_result

Measure = Callable[[Any], dict[str, float]]
"""Seconds that the parts of a job take."""

DEATHS_BEFORE_STOP = 3
"""Times that a worker may die, with no job finished between, before the ladder stops."""


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
    # spawn: a forked copy of a process in which torch has run may hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(os.getpid(),))
    try:
        futures = {pool.submit(function, job, *arguments): job for job in jobs}
        while futures:
            done, _ = wait(futures, return_when=FIRST_COMPLETED)
            for future in done:
                yield futures.pop(future), future.result()
    except BaseException:
        # An interrupt should not wait for the runs at work, whose files appear whole or not at all; until Python 3.14
        # the processes are to be had from the pool's own dictionary alone, and only before it is shut down.
        processes = list((getattr(pool, "_processes", None) or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        raise
    pool.shutdown()


def _begin(parent: int) -> None:
    """Make this process a lean worker that ends when its parent does, even by kill -9."""
    import signal

    import torch

    from upwell.training.compute import keep_freed_memory

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    torch.set_num_threads(1)
    keep_freed_memory()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
