"""The rows of a step, cut into parts that threads take through forward and backward side by side.

A recurrent kernel hardly gains from a second thread inside it, because each time step waits for the one before; two
threads with half of the rows each do (docs/experiments.md, "workers"). Parts are also what saves memory: with more
parts than workers they follow one another. Gradients are added in the order of the parts, so the sum is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.model.network import Network
from upwell.model.noise import noise
from upwell.model.state import State, split
from upwell.training.distributed import World
from upwell.training.objectives import Batch, Objective, Outcome
from upwell.training.optimizers import Item, Result
from upwell.training.recipe import Recipe

Part = tuple[Outcome, tuple[Tensor | None, ...]]


class Workers:
    """`number` threads for the parts of a step; one means the calling thread."""

    def __init__(self, number: int, recipe: Recipe, world: World) -> None:
        self.parts = number * recipe.accumulate
        if recipe.rows % (world.size * self.parts):
            raise UserError(
                f"{recipe.rows} rows cannot be shared by {world.size} processes in {self.parts} parts; choose --rows so"
            )
        self.seed, self.first_part = recipe.seed, world.rank * self.parts
        threads = torch.get_num_threads()
        inside = max(1, threads // number)  # threads left for each worker's own kernels
        self.number = number
        self.pool = (
            ThreadPoolExecutor(number, "worker", initializer=torch.set_num_threads, initargs=(inside,))
            if number > 1
            else None
        )

    def run(self, network: Network, objective: Objective, batch: Batch, state: State, step: int) -> Iterator[Part]:
        """Outcome, detached from its graph, and gradients (in the order of the parameters) of each part, in order."""
        parameters = list(network.parameters())
        rows = len(batch.tokens) // self.parts
        states = [None] * self.parts if state is None else split(state, [rows] * self.parts)

        def run_part(part: int) -> Part:
            with noise(part_seed(self.seed, step, self.first_part + part), batch.tokens.device):
                outcome = objective(network, batch.rows(part * rows, (part + 1) * rows), states[part])
            gradients = torch.autograd.grad(outcome.loss, parameters, allow_unused=True)
            return replace(outcome, loss=outcome.loss.detach()), gradients

        yield from self.pool.map(run_part, range(self.parts)) if self.pool else map(run_part, range(self.parts))

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterable[Result]:
        """`map`, by all threads."""
        return self.pool.map(function, items) if self.pool else map(function, items)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.pool:
            self.pool.shutdown()


def part_seed(seed: int, step: int, part: int) -> int:
    """A seed of its own for every step and part (the finaliser of splitmix64, Steele et al. 2014)."""
    value = (seed * 0x9E3779B97F4A7C15 + step * 0xBF58476D1CE4E5B9 + part * 0x94D049BB133111EB) & (2**64 - 1)
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return value ^ (value >> 31)
