"""The jobs of a ladder on a Ray cluster: each is a task of one core that sends its result back, to be written here.

No file is shared: the cluster's machines need Upwell and nothing else. A worker that dies is replaced by Ray, and its job
begins anew; what has come back is on this machine's disk and is not computed again, even if the cluster is lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from upwell.emergence.jobs import Job, RunJob, save_result
from upwell.emergence.workers import DEATHS_BEFORE_STOP, Measure
from upwell.errors import UserError


class RayEngine:
    """The cluster at `address`, by default that of RAY_ADDRESS, or else Ray on this machine with as many cores as workers."""

    def __init__(self, address: str | None = None) -> None:
        self.address = address or os.environ.get("RAY_ADDRESS")

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
        ray = self._connected(workers)
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

    def _connected(self, workers: int) -> Any:
        """The ray module, connected; a UserError that says what to do where it is missing or cannot be reached."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError:
            raise UserError('--engine ray needs Ray: pip install "upwell[ray]"') from None
        if not ray.is_initialized():
            where: dict[str, Any] = {"address": self.address} if self.address else {"num_cpus": workers}
            try:
                ray.init(**where, include_dashboard=False, log_to_driver=False, configure_logging=False)
            except (ConnectionError, RuntimeError, ValueError) as error:
                reason = str(error).strip().splitlines()[0]
                raise UserError(f"--engine ray: {self.address or 'this machine'} cannot be used ({reason})") from None
        return ray


def _leanly(function: Callable[[Any], Any], job: Job) -> Any:
    """`function(job)` by one thread, as in a local worker."""
    import torch

    from upwell.training.compute import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()
    return function(job)
