"""How a network is computed on this machine: device, dtype, threads, workers; chosen by a short measurement."""

from __future__ import annotations

import dataclasses
import gc
import statistics
import time
from dataclasses import dataclass, replace
from typing import Any, Self

import torch

from upwell.errors import UserError
from upwell.model.config import NetworkConfig, check_keys
from upwell.model.machine import matmul_peak, usable_cores
from upwell.model.reader import build_network
from upwell.text.allocator import of_libc
from upwell.training.distributed import World
from upwell.training.learner import Learner
from upwell.training.objectives import Batch, Objective, next_token
from upwell.training.recipe import Recipe
from upwell.training.workers import Workers

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
TRIAL_TOKENS = 2048
"""Most tokens of each step of the measurement on a CPU; as many rows as the recipe has, over a shorter window if need be."""
TRIAL_STEPS = 3
"""Of each way, after a first one that is not counted."""
TRIAL_SECONDS = 2.0
"""After this time no further step is begun."""
WIDE = 256
"""From this width on matmuls decide: a dtype that is slow at them is not tried."""
HOPELESS, HOPELESS_IN_WIDE = 1 / 8, 0.6
"""Shares of the fastest dtype's matmul speed, below which another dtype is not tried."""


def torch_dtype(name: str) -> torch.dtype:
    """The torch dtype called `name`; a UserError that lists the others."""
    if name not in DTYPES:
        raise UserError(f"--dtype {name}: choose {' or '.join(DTYPES)}")
    return DTYPES[name]


Trial = tuple[Objective, Batch]
"""What a training step is tried on."""


@dataclass(frozen=True)
class Compute:
    """Where and in what precision the network runs."""

    device: str
    dtype: str
    threads: int
    """CPU threads in all."""
    workers: int
    """Threads that each take a part of the rows; `threads // workers` are left for the kernels of each."""

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The way of computing held in JSON `values`; a UserError for an unknown key or a value of a wrong type."""
        kinds = {field.name: field.type for field in dataclasses.fields(cls)}
        check_keys(values, known=list(kinds), where="compute")
        for name, kind in kinds.items():
            if type(values.get(name)).__name__ != kind:
                raise UserError(f"compute: {name} must be of type {kind}, not {values.get(name)!r}")
        compute = cls(**values)
        torch_dtype(compute.dtype)
        if not 1 <= compute.workers <= compute.threads <= 1024:
            raise UserError(f"compute: {compute.workers} workers of {compute.threads} threads cannot be")
        return compute

    def describe(self) -> str:
        """In words, e.g. `cpu, bfloat16, 2 workers of 1 thread`."""
        if self.device != "cpu":
            return f"{self.device}, {self.dtype}"
        inside = self.threads // self.workers
        plural = "" if inside == 1 else "s"
        layout = (
            f"{self.workers} workers of {inside} thread{plural}" if self.workers > 1 else f"{inside} thread{plural}"
        )
        return f"{self.device}, {self.dtype}, {layout}"


def measure_peaks(device: torch.device, dtype: str | None, threads: int) -> dict[str, float]:
    """Matmul FLOP/s of `device` in each dtype that training may use there: `dtype`, or all; `threads` on the CPU."""
    torch.set_num_threads(threads)
    names = [dtype] if dtype else list(DTYPES)
    return {name: matmul_peak(torch_dtype(name), device=device) for name in names}


def choose_threads(threads: int | None, world: World) -> int:
    """CPU threads of this process: as given, else its share of the usable cores."""
    if threads is not None and not 1 <= threads <= 1024:
        raise UserError(f"--threads {threads}: choose a number from 1")
    return threads or max(1, usable_cores() // world.size)


def choose_compute(
    config: NetworkConfig,
    recipe: Recipe,
    *,
    device: torch.device,
    peaks: dict[str, float],
    threads: int,
    world: World,
    trial: Trial | None = None,
) -> tuple[Compute, dict[str, float]]:
    """The fastest way to compute `config` on `device`, and the tokens/s of every way that was tried.

    `peaks` are those of `measure_peaks`. First the dtypes are compared, then, on the CPU, the layouts: all threads inside
    each kernel, or one worker per thread. Each way runs a few whole steps. A dtype whose matmuls are
    hopelessly slow (bf16 on a processor without its instructions) is not tried, nor, in wide networks, one that is
    clearly slower (fp32 beside fast bf16), which saves time and memory at the start. `trial`: what a step is tried on, None:
    windows of a language model.
    """
    parts = recipe.rows // (recipe.accumulate * world.size)
    layouts = sorted({1, threads if device.type == "cpu" and parts % threads == 0 else 1}, reverse=True)
    least = HOPELESS_IN_WIDE if config.width >= WIDE else HOPELESS
    dtypes = [name for name in peaks if peaks[name] >= least * max(peaks.values())]
    speeds: dict[str, float] = {}

    def fastest(ways: list[Compute]) -> Compute:
        if len(ways) == 1 and len(dtypes) + len(layouts) > 2:
            return ways[0]  # the other race measures it
        for way, speed in zip(ways, measure_speeds(config, recipe, ways, trial), strict=True):
            speeds[way.describe()] = speed
        return max(ways, key=lambda way: speeds[way.describe()])

    best = fastest([Compute(str(device), name, threads, layouts[0]) for name in dtypes])
    return fastest([replace(best, workers=number) for number in layouts]), speeds


def measure_speeds(
    config: NetworkConfig, recipe: Recipe, ways: list[Compute], trial: Trial | None = None
) -> list[float]:
    """Tokens/s of whole training steps done in each of the `ways`: the median of a few steps.

    One way after the other, and what one took is given back before the next: a race must not need more memory than the
    run that follows it. A network that takes seconds for a step gets one step.
    """
    on_cpu = all(way.device == "cpu" for way in ways)
    length = max(8, min(recipe.length, TRIAL_TOKENS // recipe.rows)) if on_cpu else recipe.length
    speeds = []
    for way in ways:
        apply_threads(way)
        zeros = torch.zeros(recipe.rows, length, dtype=torch.int64)
        objective, batch = trial or (next_token, Batch(zeros, zeros))
        batch = batch.to(torch.device(way.device))
        network = build_network(config)
        network.reset_parameters(0)
        network.to(way.device)
        learner = Learner(network, replace(recipe, ema=0.0), torch_dtype(way.dtype))
        seconds: list[float] = []
        began = time.perf_counter()
        with Workers(way.workers, recipe, World()) as workers:
            for step in range(1 + TRIAL_STEPS):
                start = time.perf_counter()
                for _, gradients in workers.run(learner.network, objective, batch, None, step):
                    learner.add_gradients(gradients)
                learner.update(0.0, 0.0, parallel=workers.map, parts=workers.number)
                if batch.tokens.is_cuda:
                    torch.cuda.synchronize(batch.tokens.device)
                seconds.append(time.perf_counter() - start)
                if time.perf_counter() - began > TRIAL_SECONDS:
                    break
        speeds.append(batch.targets.shape[0] * batch.tokens.shape[1] / statistics.median(seconds[1:] or seconds))
        del network, learner, workers, gradients, batch
        give_back_memory()
    return speeds


def apply_threads(compute: Compute) -> None:
    """Set torch's threads as chosen; before any parallel work of the run."""
    torch.set_num_threads(compute.threads)


def give_back_memory() -> None:
    """Hand what is free back to the system, where `keep_freed_memory` has kept it. See malloc_trim(3)."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if malloc_trim := of_libc("malloc_trim"):
        malloc_trim(0)
