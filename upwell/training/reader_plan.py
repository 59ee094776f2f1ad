"""What the training of a reader will be: recipe, budget, way of computing. The numbers are measured ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from upwell.model.accounting import meta_network, parameters_by_kind, training_flops_per_token
from upwell.model.config import NetworkConfig
from upwell.model.machine import choose_device
from upwell.training.compute import Compute, choose_compute, choose_threads, measure_peaks
from upwell.training.distributed import ALONE
from upwell.training.example_streams import ExampleSet, ExampleStream
from upwell.training.objectives import Objective
from upwell.training.options import TrainOptions
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget

MINUTES = 5.0
"""That training may take where the user gave no budget; then there are fewer passes than the task is used to."""


@dataclass(frozen=True)
class ReaderPlan:
    """A reader's training in numbers."""

    network: NetworkConfig
    recipe: Recipe
    budget: Budget
    compute: Compute
    peak: float
    """Matmul FLOP/s in the dtype that was chosen."""
    tokens_per_second: float
    parameters: dict[str, int]
    flops_per_token: int
    """Of training."""


def reader_recipe(examples: ExampleSet, options: TrainOptions, *, rows: int, **usual: Any) -> Recipe:
    """The recipe for `examples`, with batches of `rows` of them and further `usual` fields; what the user gave stands."""
    rows = max(1, min(options.rows or rows, len(examples) // 2))
    rows -= rows % 2 if rows > 1 else 0  # two workers share them
    given = {
        name: getattr(options, name)
        for name in ("optimizer", "learning_rate", "ema", "patience")
        if getattr(options, name) is not None
    }
    return Recipe(
        **{
            "rows": rows,
            "length": max(1, round(float(examples.lengths.mean()))),
            "carry": False,
            "optimizer": "adamw",
            "turns": 1,
            "warmup": 0.1,
            "decay": 0.9,
            "floor": 0.0,
            "seed": options.seed,
            **usual,
            **given,
        }
    )


def plan_reader(
    config: NetworkConfig,
    stream: ExampleStream[Any],
    recipe: Recipe,
    objective: Objective,
    options: TrainOptions,
    *,
    epochs: float,
    minutes: float = MINUTES,
    members: int = 1,
    known: tuple[Compute, float] | None = None,
) -> ReaderPlan:
    """Measure this machine on a batch of `stream` and plan the training of `config`.

    `epochs`: where the user gave no budget, of each of `members` networks, or as many as all can do in `minutes`; `known`: way of computing and matmul peak, where they were measured before.
    """
    speed = 0.0
    if known is not None:
        compute, peak = known
    else:
        device = choose_device(options.device)
        threads = choose_threads(options.threads, ALONE)
        peaks = measure_peaks(device, options.dtype, threads)
        trial = (objective, stream.batch(0))
        compute, speeds = choose_compute(
            config, recipe, device=device, peaks=peaks, threads=threads, world=ALONE, trial=trial
        )
        speed, peak = speeds.get(compute.describe(), 0.0), peaks[compute.dtype]
    if options.minutes is options.tokens is options.epochs is None:
        if speed:
            epoch = stream.windows * recipe.tokens_per_step / speed
            epochs = max(1.0, min(epochs, math.floor(60 * minutes / members / epoch)))
        budget = Budget("epochs", epochs)
    else:
        budget = Budget.choose(minutes=options.minutes, tokens=options.tokens, epochs=options.epochs)
    network = meta_network(config)
    return ReaderPlan(
        network=config,
        recipe=recipe,
        budget=budget,
        compute=compute,
        peak=peak,
        tokens_per_second=speed,
        parameters=parameters_by_kind(network),
        flops_per_token=training_flops_per_token(network, recipe.length),
    )
