"""Update rules over fp32 tensors: AdamW for everything, Muon for the matrices inside blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from upwell.training.recipe import Recipe

Item = TypeVar("Item")
Result = TypeVar("Result")


class Parallel(Protocol):
    """Anything that works like `map` on one iterable."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterable[Result]:
        """The results in order."""


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), on matrices alone, in torch's fused kernel."""

    def __init__(self, tensors: Mapping[str, Tensor], gradients: Mapping[str, Tensor], recipe: Recipe) -> None:
        self.names = list(tensors)
        parameters = {name: torch.nn.Parameter(tensor, requires_grad=True) for name, tensor in tensors.items()}
        for name, parameter in parameters.items():
            parameter.grad = gradients[name]
        groups = [
            {"params": [p for n, p in parameters.items() if p.ndim > 1], "weight_decay": recipe.weight_decay},
            {"params": [p for n, p in parameters.items() if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.parameters = parameters
        self.optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]], betas=(recipe.beta1, recipe.beta2), fused=True
        )
        for parameter in parameters.values():  # made now, so that a checkpoint of step 0 has its final shape
            self.optimizer.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }

    def step(self, rate: float) -> None:
        """One update at learning rate `rate`."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()

    @property
    def steps(self) -> int:
        """Updates so far."""
        return int(next(iter(self.optimizer.state.values()))["step"])

    def state_tensors(self) -> dict[str, Tensor]:
        """What must be kept to go on, by name; the tensors themselves, not copies."""
        return {f"{n}.{k}": v for n, p in self.parameters.items() for k, v in self.optimizer.state[p].items()}


# The quintic p(x) = a x + b x^3 + c x^5 that drives all singular values towards one (Jordan et al. 2024).
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ROUNDS = 5
"""Times that the quintic is applied."""


def orthogonalize(matrices: Tensor, *, dtype: torch.dtype, steps: int = ROUNDS) -> Tensor:
    """Nearest semi-orthogonal matrices, roughly: singular values of (K, M, N) brought into about 0.7 to 1.2."""
    a, b, c = _NEWTON_SCHULZ
    x = matrices.to(dtype)
    if tall := x.shape[1] > x.shape[2]:
        x = x.mT.contiguous()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = torch.bmm(x, x.mT)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    result: Tensor = x.mT if tall else x
    return result.to(matrices.dtype)


PIECE = 4_000_000
"""Entries of the matrices that Muon takes at once: what it needs beside weights, gradients and momenta is a few of these."""


class Group(NamedTuple):
    """Matrices of one shape (M, N), from all over the network."""

    average: Tensor
    """Momenta (K, M, N)."""
    tensors: list[Tensor]
    """Weights, each (k, M, N), K in all."""
    gradients: list[Tensor]
    """Of the same shapes."""

    def cut(self, number: int) -> list[Group]:
        """The same matrices in `number` parts of about equal size, or in as many as there are matrices."""
        number = min(len(self.average), number)
        bounds = [round(len(self.average) * part / number) for part in range(number + 1)]
        return [
            Group(self.average[low:high], _between(self.tensors, low, high), _between(self.gradients, low, high))
            for low, high in pairwise(bounds)
        ]

    def pieces(self, parts: int) -> list[Group]:
        """The same matrices in `parts` pieces or more, none of them much above PIECE entries."""
        return self.cut(max(parts, -(-self.average.numel() // PIECE)))


def _between(tensors: Sequence[Tensor], low: int, high: int) -> list[Tensor]:
    """Views of matrices `low` to `high` of those that `tensors` hold one after another."""
    found, first = [], 0
    for tensor in tensors:
        view = tensor[max(0, low - first) : max(0, high - first)]
        if len(view):
            found.append(view)
        first += len(tensor)
    return found


class Muon:
    """Momentum, orthogonalised (Jordan et al. 2024), scaled to AdamW's usual update size (Liu et al. 2025, eq. 4).

    A tensor that stacks the matrices of several gates or heads is cut into them first: each is a map of its own. Matrices
    of one shape, from all over the network, are orthogonalised together, as many as PIECE allows. They take turns: each
    gathers every gradient in its momentum and moves in one of the recipe's `turns` steps, by the root of `turns` more
    (docs/experiments.md, "Turns").
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        gradients: Mapping[str, Tensor],
        stacked: Mapping[str, int],
        recipe: Recipe,
        *,
        dtype: torch.dtype,
    ) -> None:
        self.momentum, self.weight_decay, self.dtype = recipe.momentum, recipe.weight_decay, dtype
        self.turns = recipe.turns
        shapes: dict[tuple[int, int], list[str]] = {}
        for name, tensor in tensors.items():
            shapes.setdefault((tensor.shape[0] // stacked[name], tensor.shape[1]), []).append(name)
        self.groups = []
        self.momenta: dict[str, Tensor] = {}
        for shape, names in shapes.items():
            average = torch.zeros(sum(stacked[name] for name in names), *shape, device=tensors[names[0]].device)
            cuts = torch.split(average, [stacked[name] for name in names])
            self.momenta |= {n: cut.view_as(tensors[n]) for n, cut in zip(names, cuts, strict=True)}
            views = [[of[name].view(-1, *shape) for name in names] for of in (tensors, gradients)]
            self.groups.append(Group(average, *views))
        self._pieces: dict[int, list[tuple[Group, int]]] = {}
        """By the number of parts, with the turn in which each moves."""

    def step(self, rate: float, *, turn: int = 0, parallel: Parallel = map, parts: int = 1) -> None:
        """The update of step number `turn` at learning rate `rate`; `parallel` may take `parts` of it side by side."""
        if parts not in self._pieces:
            # Turns are cut first, so that what moves when does not depend on the workers.
            self._pieces[parts] = [
                (piece, due)
                for group in self.groups
                for due, share in enumerate(group.cut(self.turns))
                for piece in share.pieces(parts)
            ]
        now, rate = turn % self.turns, rate * self.turns**0.5

        def take(item: tuple[Group, int]) -> None:
            piece, due = item
            self._update(piece, rate) if due == now else self._remember(piece)

        # The large ones first, so that no worker is left with one at the end.
        list(parallel(take, sorted(self._pieces[parts], key=lambda item: item[1] != now)))

    @torch.no_grad()
    def _remember(self, piece: Group) -> None:
        averages = torch.split(piece.average, [len(gradient) for gradient in piece.gradients])
        for average, gradient in zip(averages, piece.gradients, strict=True):
            average.lerp_(gradient, 1 - self.momentum)

    @torch.no_grad()
    def _update(self, piece: Group, rate: float) -> None:
        gradient = torch.cat(piece.gradients)
        piece.average.lerp_(gradient, 1 - self.momentum)
        ahead = gradient.lerp_(piece.average, self.momentum)  # Nesterov
        updates = torch.split(orthogonalize(ahead, dtype=self.dtype), [len(tensor) for tensor in piece.tensors])
        size = 0.2 * max(ahead.shape[1:]) ** 0.5
        for tensor, update in zip(piece.tensors, updates, strict=True):
            tensor.mul_(1 - rate * self.weight_decay).add_(update, alpha=-rate * size)

    def state_tensors(self) -> dict[str, Tensor]:
        """What must be kept to go on, by name; the tensors themselves, not copies."""
        return {f"{name}.momentum": average for name, average in self.momenta.items()}
