"""Update rules over fp32 tensors: AdamW for everything, Muon for the matrices inside blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import torch
from torch import Tensor

from upwell.training.recipe import Recipe


class Parallel(Protocol):
    """Anything that works like `map` on one iterable."""

    def __call__(self, function: Callable[[Tensor], Tensor], items: Iterable[Tensor], /) -> Iterable[Tensor]:
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


class Muon:
    """Momentum, orthogonalised (Jordan et al. 2024), scaled to AdamW's usual update size (Liu et al. 2025, eq. 4).

    A tensor that stacks the matrices of several gates or heads is cut into them first: each is a map of its own. Matrices
    of one shape, from all over the network, are orthogonalised together.
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
        shapes: dict[tuple[int, int], list[str]] = {}
        for name, tensor in tensors.items():
            shapes.setdefault((tensor.shape[0] // stacked[name], tensor.shape[1]), []).append(name)
        self.groups = []
        self.momenta: dict[str, Tensor] = {}
        for shape, names in shapes.items():
            average = torch.zeros(sum(stacked[name] for name in names), *shape, device=tensors[names[0]].device)
            parts = torch.split(average, [stacked[name] for name in names])
            self.momenta |= {n: part.view_as(tensors[n]) for n, part in zip(names, parts, strict=True)}
            views = [(tensors[name].view(-1, *shape), gradients[name].view(-1, *shape)) for name in names]
            self.groups.append((average, [tensor for tensor, _ in views], [gradient for _, gradient in views]))

    @torch.no_grad()
    def step(self, rate: float, *, parallel: Parallel = map, parts: int = 1) -> None:
        """One update at learning rate `rate`; `parallel` may take `parts` of the matrices side by side."""
        jobs = []
        for average, tensors, gradients in self.groups:
            gradient = torch.cat(gradients)
            average.lerp_(gradient, 1 - self.momentum)
            ahead = gradient.lerp_(average, self.momentum)  # Nesterov
            cuts = ahead.tensor_split(min(parts, len(ahead)))
            jobs.append((tensors, [len(tensor) for tensor in tensors], cuts))
        pieces = [piece for _, _, cuts in jobs for piece in cuts]
        done = iter(list(parallel(lambda piece: orthogonalize(piece, dtype=self.dtype), pieces)))
        for tensors, lengths, cuts in jobs:
            updates = torch.split(torch.cat([next(done) for _ in cuts]), lengths)
            size = 0.2 * max(tensors[0].shape[1:]) ** 0.5
            for tensor, update in zip(tensors, updates, strict=True):
                tensor.mul_(1 - rate * self.weight_decay).add_(update, alpha=-rate * size)

    def state_tensors(self) -> dict[str, Tensor]:
        """What must be kept to go on, by name; the tensors themselves, not copies."""
        return {f"{name}.momentum": average for name, average in self.momenta.items()}
