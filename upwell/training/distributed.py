"""Several processes as one: rows are shared out, sums are added up. Alone, every function is free.

`torchrun` sets the environment; gloo joins CPUs, nccl GPUs. Data parallelism needs two sums, of gradients and of
counts, so that any number of processes takes the same step as one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from upwell.model.state import State, leaves, map_state


@dataclass(frozen=True)
class World:
    """This process's place among all."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and talks to the user."""
        return self.rank == 0


ALONE = World()
T = TypeVar("T")


def is_first() -> bool:
    """Whether this is the process that talks to the user: the first of torchrun's, or the only one."""
    return os.environ.get("RANK", "0") == "0"


def join(device: torch.device) -> World:
    """The world that torchrun set up, joined; a world of one without it."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World()
    if not dist.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(device)  # where nccl and broadcast objects go
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return World(dist.get_rank(), dist.get_world_size())


def leave(world: World) -> None:
    """Say goodbye to the others."""
    if world.size > 1 and dist.is_initialized():
        dist.destroy_process_group()


def add_up(world: World, tensor: Tensor) -> Tensor:
    """Sum of `tensor` over all processes, in place."""
    if world.size > 1:
        dist.all_reduce(tensor)
    return tensor


def from_leader(world: World, values: list[float], device: torch.device) -> list[float]:
    """The leader's numbers, for decisions that all processes must take alike."""
    if world.size == 1:
        return values
    tensor = torch.tensor(values, dtype=torch.float64, device=device)
    dist.broadcast(tensor, 0)
    return [float(value) for value in tensor]


def share_object(world: World, value: T) -> T:
    """The leader's object, for all processes of this job."""
    if world.size == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box, 0)
    return box[0]


def wait(world: World) -> None:
    """Until all processes are here."""
    if world.size > 1:
        dist.barrier()


def all_rows(world: World, state: State) -> State:
    """The states of all processes' rows as one state, in rank order."""
    if world.size == 1 or not any(True for _ in leaves(state)):
        return state

    def gather(leaf: Tensor) -> Tensor:
        parts = [torch.empty_like(leaf) for _ in range(world.size)]
        dist.all_gather(parts, leaf.contiguous())
        return torch.cat(parts)

    return map_state(gather, state)


def own_rows(world: World, state: State) -> State:
    """This process's share of the rows of a state; the inverse of `all_rows`."""
    if world.size == 1:
        return state
    return map_state(lambda leaf: leaf.chunk(world.size)[world.rank], state)
