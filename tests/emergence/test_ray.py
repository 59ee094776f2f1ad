"""Jobs on a local Ray of two workers: the same results, and none lost with a worker."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from upwell.emergence import Budget
from upwell.emergence.circuits import Copy
from upwell.emergence.jobs import CircuitJob, load_result
from upwell.emergence.learning import measure_step, run_job
from upwell.emergence.ray_engine import RayEngine
from upwell.errors import UserError

JOB = CircuitJob(Copy(length=3, symbols=4), "lstm", 1500, 0, Budget(steps=300, rows=16, evaluations=4, check_items=32))


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray = pytest.importorskip("ray", reason="Ray is not installed: pip install upwell[ray]")
        yield RayEngine()
        ray.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_a_worker_killed_in_the_middle_loses_nothing(engine: RayEngine, tmp_path: Path) -> None:
    jobs = [replace(JOB, seed=seed) for seed in range(5)]
    killed: list[int] = []

    def kill_one() -> None:
        for child in psutil.Process().children(recursive=True):
            if "ray::" in " ".join(child.cmdline()) and "_leanly" in " ".join(child.cmdline()):
                os.kill(child.pid, signal.SIGKILL)
                killed.append(child.pid)
                return

    done = []
    for job in engine.compute_all(jobs, run_job, tmp_path, workers=2):
        done.append(job.id)
        if not killed:
            time.sleep(0.2)
            kill_one()
    assert killed and sorted(done) == sorted(job.id for job in jobs)
    _, alone = run_job(jobs[4])
    _, arrays = load_result(jobs[4].path(tmp_path))
    assert np.array_equal(arrays["nll"], alone["nll"])
    assert list(engine.compute_all(jobs, run_job, tmp_path, workers=2)) == []  # all is there


@pytest.mark.filterwarnings("ignore")
def test_costs_are_measured_on_the_cluster(engine: RayEngine) -> None:
    costs = engine.measure_all([JOB], measure_step, workers=2)
    assert costs[JOB.id]["step"] > 0


def test_without_ray_the_line_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r'pip install "upwell\[ray\]"'):
        RayEngine().measure_all([JOB], measure_step, workers=1)
