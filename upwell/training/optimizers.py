"""Update rules over fp32 tensors: AdamW for everything, Muon for the matrices inside blocks."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from upwell.training.recipe import Recipe


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


def orthogonalize(matrices: Tensor, *, dtype: torch.dtype, steps: int = 5) -> Tensor:
    """Nearest semi-orthogonal matrices, roughly: singular values of (..., M, N) brought into about 0.7 to 1.2."""
    a, b, c = _NEWTON_SCHULZ
    x = matrices.to(dtype)
    if tall := x.shape[-2] > x.shape[-1]:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = x.mT if tall else x
    return result.to(matrices.dtype)


class Muon:
    """Momentum, orthogonalised (Jordan et al. 2024), scaled to AdamW's usual update size (Liu et al. 2025, eq. 4).

    A tensor that stacks the matrices of several gates is cut into them first: each gate is a map of its own.
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
        self.tensors, self.gradients, self.stacked = dict(tensors), gradients, stacked
        self.momenta = {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
        self.momentum, self.weight_decay, self.dtype = recipe.momentum, recipe.weight_decay, dtype

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update at learning rate `rate`."""
        for name, tensor in self.tensors.items():
            gradient, average = self.gradients[name], self.momenta[name]
            average.lerp_(gradient, 1 - self.momentum)
            ahead = gradient.lerp(average, self.momentum)  # Nesterov
            matrices = ahead.view(self.stacked[name], -1, tensor.shape[1])
            size = 0.2 * max(matrices.shape[1:]) ** 0.5
            tensor.mul_(1 - rate * self.weight_decay)
            tensor.add_(orthogonalize(matrices, dtype=self.dtype).view_as(tensor), alpha=-rate * size)

    def state_tensors(self) -> dict[str, Tensor]:
        """What must be kept to go on, by name; the tensors themselves, not copies."""
        return {f"{name}.momentum": average for name, average in self.momenta.items()}
