"""The jobs of a ladder on a Ray cluster: each is a task of one core that sends its result back, to be written here.

No file is shared: the cluster's machines need Upwell and nothing else. A worker that dies is replaced by Ray, and its job
begins anew; what has come back is on this machine's disk and is not computed again, even if the cluster is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from upwell.emergence.jobs import Job, RunJob, save_result
from upwell.emergence.workers import Measure
from upwell.text.clusters import connected_ray
from upwell.text.processes import DEATHS_BEFORE_STOP


class RayEngine:
    """The cluster at `address`, by default that of RAY_ADDRESS, or else Ray on this machine with as many cores as workers."""

    def __init__(self, address: str | None = None) -> None:
        self.address = address

    def compute_all(self, jobs: Iterable[Job], run: RunJob, folder: Path, *, workers: int) -> Iterator[Job]:
        """Begun in the given order; yields each job when its result is written."""
        left = list({job.id: job for job in jobs if not job.path(folder).exists()}.values())
        for job, (figures, arrays) in self._each(run, left, workers):
            save_result(job.path(folder), figures, arrays)
            yield job

    def measure_all(self, jobs: Iterable[Job], measure: Measure, *, workers: int) -> dict[str, dict[str, float]]:
        """With as many side by side as the cluster has cores."""
        return {job.id: cost for job, cost in self._each(measure, list(jobs), workers)}

    def _each(self, function: Callable[[Any], Any], jobs: list[Job], workers: int) -> Iterator[tuple[Job, Any]]:
        """`function(job)` of every job, each as it comes; at most `workers` are asked for at a time."""
        if not jobs:
            return
        ray = connected_ray(workers=workers, address=self.address)
        task = ray.remote(num_cpus=1, max_retries=DEATHS_BEFORE_STOP)(_leanly)
        waiting = list(reversed(jobs))
        running: dict[Any, Job] = {}
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    job = waiting.pop()
                    running[task.remote(function, job)] = job
                done, _ = ray.wait(list(running))
                for reference in done:
                    yield running.pop(reference), ray.get(reference)
        finally:
            for reference in running:
                ray.cancel(reference, force=True)


def _leanly(function: Callable[[Any], Any], job: Job) -> Any:
    """`function(job)` by one thread, as in a local worker."""
    import torch

    from upwell.text.allocator import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()
    return function(job)
