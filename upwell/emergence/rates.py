"""Initial weights and learning rates that mean the same at every width, so that a ladder compares sizes and not luck.

The rules for Adam of Yang & Hu et al. 2022 (Tensor Programs V, table 8): matrices from width to width move at a rate of
1 / width, embeddings, norms and biases at a constant one, and the head starts at zero. Attention's logits need no rule
of their own because heads have one width on all rungs. tests/emergence holds the coordinate check.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from upwell.model.network import Network

BASE_WIDTH = 32
"""Width at which a matrix's rate is the base rate."""


def reset_for_width(network: Network, seed: int) -> None:
    """Draw all weights: matrices of variance 1 / fan-in, embeddings of variance 1, a head of zeros."""
    network.reset_parameters(seed)
    nn.init.normal_(network.embedding_weight)
    assert network.head_weight is not None
    nn.init.zeros_(network.head_weight)


class FlatAdamW:
    """AdamW in torch's fused kernel, at `rate` for what does not grow with width and `rate` * 32 / width for matrices.

    Decay is decoupled and falls with the rate, on matrices alone. `weights` and `gradient` are one tensor each, matrices
    first, of which the network's parameters and their gradients become parts: small networks spend their time on the number
    of operations, and norm, clipping, update and average are one or two each this way.
    """

    def __init__(self, network: Network, *, rate: float, weight_decay: float, beta2: float) -> None:
        assert network.head_weight is not None
        matrices = [p for name, p in network.blocks.named_parameters() if p.ndim == 2] + [network.head_weight]
        known = {id(p) for p in matrices}
        ordered = matrices + [p for p in network.parameters() if id(p) not in known]
        self.weights = torch.cat([p.detach().flatten() for p in ordered])
        self.gradient = torch.zeros_like(self.weights)
        sizes = [p.numel() for p in ordered]
        for p, part, slope in zip(
            ordered, torch.split(self.weights, sizes), torch.split(self.gradient, sizes), strict=True
        ):
            p.data, p.grad = part.view_as(p), slope.view_as(p)
        border = sum(p.numel() for p in matrices)
        halves = [nn.Parameter(self.weights[:border]), nn.Parameter(self.weights[border:])]
        halves[0].grad, halves[1].grad = self.gradient[:border], self.gradient[border:]
        scale = BASE_WIDTH / network.config.width
        groups: list[dict[str, Any]] = [
            # The product of rate and decay is what a weight loses in a step; it must not fall with width as well.
            {"params": halves[:1], "lr": rate * scale, "weight_decay": weight_decay / scale},
            {"params": halves[1:], "lr": rate, "weight_decay": 0.0},
        ]
        for group in groups:
            group["base_rate"] = group["lr"]
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, beta2), fused=True)

    def step(self, *, factor: float = 1.0, clip: float = math.inf) -> None:
        """One update from the gradients that backward has added, clipped to the norm `clip`, at `factor` of the rates."""
        self.gradient.mul_((clip / (self.gradient.norm() + 1e-6)).clamp_(max=1.0))
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_rate"] * factor
        self.optimizer.step()
        self.gradient.zero_()
