"""A network with all that training keeps beside it: fp32 master weights, gradients, optimizer state, average.

The network computes in its own dtype; the masters, one fp32 tensor per parameter, are what is updated, saved and
averaged. In fp32 the two share memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from upwell.model.network import Network
from upwell.training.optimizers import AdamW, Muon, Parallel
from upwell.training.recipe import Recipe

EMBEDDING = "embedding_weight"


class Learner:
    """Holds `network` (fp32, on its device) and turns it to compute in `dtype`.

    `frozen`: rows of the embedding (K,) int64 that no step moves, neither by gradient nor by decay.
    """

    def __init__(self, network: Network, recipe: Recipe, dtype: torch.dtype, *, frozen: Tensor | None = None) -> None:
        self.recipe = recipe
        self.masters = {name: p.detach() for name, p in network.named_parameters()}
        self.network = network.to(dtype)
        self.parameters = dict(network.named_parameters())
        if dtype == torch.float32:
            self.masters = {name: p.detach() for name, p in self.parameters.items()}
        sizes = [master.numel() for master in self.masters.values()]
        self.gradient = torch.zeros(sum(sizes), device=next(iter(self.masters.values())).device)
        pieces = torch.split(self.gradient, sizes)
        self.gradients = {n: g.view_as(m) for (n, m), g in zip(self.masters.items(), pieces, strict=True)}
        stacked = network.matrices() if recipe.optimizer == "muon" else {}
        others = {name: master for name, master in self.masters.items() if name not in stacked}
        self.adamw = AdamW(others, self.gradients, recipe)
        matrices = {name: self.masters[name] for name in stacked}
        self.muon = Muon(matrices, self.gradients, stacked, recipe, dtype=dtype) if matrices else None
        self.average = {n: m.clone() for n, m in self.masters.items()} if recipe.ema else {}
        no_rows = torch.empty(0, dtype=torch.int64)
        self.frozen = (no_rows if frozen is None else frozen).to(self.gradient.device)
        self.kept = self.masters[EMBEDDING][self.frozen]

    def add_gradients(self, gradients: Sequence[Tensor | None]) -> None:
        """Add one part's gradients, in the order of the parameters, to the fp32 buffer."""
        for name, gradient in zip(self.parameters, gradients, strict=True):
            if gradient is not None:
                self.gradients[name].add_(gradient)

    @torch.no_grad()
    def update(self, scale: float, factor: float, *, parallel: Parallel = map, parts: int = 1) -> float:
        """One optimizer step from the added gradients times `scale`, clipped, at `factor` of the peak rate.

        `parallel` works like map and may take `parts` of the work side by side.

        Returns the gradient norm before clipping; if that is not finite, no weight has been changed. The buffer is
        empty afterwards.
        """
        if len(self.frozen):
            self.gradients[EMBEDDING][self.frozen] = 0
        self.gradient.mul_(scale)
        norm = float(self.gradient.norm())
        if not math.isfinite(norm):
            self.gradient.zero_()
            return norm
        if self.recipe.clip and norm > self.recipe.clip:
            self.gradient.mul_(self.recipe.clip / norm)
        if self.muon:
            rate = self.recipe.matrix_learning_rate * factor
            self.muon.step(rate, turn=self.adamw.steps, parallel=parallel, parts=parts)
        self.adamw.step(self.recipe.learning_rate * factor)
        if len(self.frozen):
            self.masters[EMBEDDING][self.frozen] = self.kept  # weight decay has shrunk them
        memory = min(
            self.recipe.ema, self.adamw.steps / (10 + self.adamw.steps)
        )  # the first weights are soon forgotten
        for name, average in self.average.items():
            average.lerp_(self.masters[name], 1 - memory)
        self.gradient.zero_()
        self.publish(self.masters)
        return norm

    @torch.no_grad()
    def publish(self, weights: dict[str, Tensor]) -> None:
        """Copy fp32 `weights` into the computing network."""
        for name, parameter in self.parameters.items():
            if parameter.data_ptr() != weights[name].data_ptr():
                parameter.copy_(weights[name])

    @property
    def best_guess(self) -> dict[str, Tensor]:
        """The fp32 weights to validate and keep: the average where there is one, else the masters."""
        return self.average or self.masters

    @contextmanager
    def evaluating(self) -> Iterator[Network]:
        """The network in evaluation mode, with the weights of `best_guess`."""
        shared = [(n, m) for n, m in self.masters.items() if m.data_ptr() == self.parameters[n].data_ptr()]
        kept = {name: master.clone() for name, master in shared} if self.average else {}
        if self.average:
            self.publish(self.average)
        self.network.eval()
        try:
            yield self.network
        finally:
            self.network.train()
            if self.average:
                self.publish(self.masters | kept)

    def state_tensors(self) -> dict[str, Tensor]:
        """Everything to keep, by name: masters, optimizer state, average; the tensors themselves, not copies."""
        tensors = {f"weight.{name}": master for name, master in self.masters.items()}
        for prefix, part in (("adamw", self.adamw), ("muon", self.muon)):
            if part is not None:
                tensors |= {f"{prefix}.{name}": tensor for name, tensor in part.state_tensors().items()}
        return tensors | {f"average.{name}": average for name, average in self.average.items()}

    @torch.no_grad()
    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back to what `state_tensors` gave."""
        for name, tensor in self.state_tensors().items():
            tensor.copy_(tensors[name])
        self.publish(self.masters)

    def sample_update(self, names: Sequence[str], before: dict[str, Tensor]) -> float:
        """Root mean square of the change of the named weights since `before`, as a share of theirs."""
        change = sum(float((self.masters[n] - before[n]).square().sum()) for n in names)
        size = sum(float(before[n].square().sum()) for n in names)
        return (change / size) ** 0.5 if size else 0.0
