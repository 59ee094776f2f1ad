"""What a reader needs to doubt or repeat a ladder: rates, leaks, time, work, versions."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from upwell.emergence.jobs import load_result
from upwell.model.machine import describe_machine

if TYPE_CHECKING:
    from upwell.emergence.study import Study, Subject

TIME_TOLERANCE = 0.25


def audit(ladder: Study, subjects: Sequence[Subject], *, sitting: float) -> dict[str, Any]:
    """Rate checks, leak check, planned and real time of every rung, FLOPs, versions; `sitting` in seconds."""
    rates = [load_result(job.path(ladder.folder))[0] for job in ladder.rate_checks()]
    times: dict[tuple[str, str, int], list[tuple[float, float]]] = {}
    flops = seconds = wall = 0.0
    for job in ladder.runs():
        figures, _ = load_result(job.path(ladder.folder))
        planned = ladder.planned(job, steps=figures["steps"])
        times.setdefault((job.topic, job.family, job.size), []).append((planned, figures["seconds"]))
        flops += figures["flops"]
        seconds += figures["seconds"]
        wall += figures["wall_seconds"]
    rungs: list[dict[str, Any]] = []
    for (ability, model, size), pairs in times.items():
        planned, real = (float(np.sum(part)) for part in zip(*pairs, strict=True))
        rungs.append({"ability": ability, "model": model, "size": size, "planned": planned, "seconds": real})
    within = [abs(r["seconds"] / r["planned"] - 1) <= TIME_TOLERANCE for r in rungs]
    settings = json.dumps(ladder.settings(), sort_keys=True)
    return {
        "rates": rates,
        "leaks": {subject.name: subject.leak for subject in subjects},
        "times": rungs,
        "times_within_quarter": float(np.mean(within)),
        "flops": flops,
        "cpu_seconds": seconds + sum(rate["seconds"] for rate in rates),
        "wall_seconds": wall + sum(rate["wall_seconds"] for rate in rates),
        "sitting_seconds": sitting,
        "workers": ladder.workers,
        "machine": describe_machine(torch.device("cpu")),
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("torch", "numpy", "scipy")},
        },
        "settings_hash": hashlib.blake2b(settings.encode(), digest_size=8).hexdigest(),
    }
