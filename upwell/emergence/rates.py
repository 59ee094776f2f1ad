"""Initial weights and learning rates that mean the same at every width, so that a ladder compares sizes and not luck.

The rules for Adam of Yang & Hu et al. 2022 (Tensor Programs V, table 8): matrices from width to width move at a rate of
1 / width, embeddings, norms and biases at a constant one, and the head starts at zero. Attention's logits need no rule
of their own because heads have one width on all rungs. tests/emergence holds the coordinate check.
"""

from __future__ import annotations

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


def adamw(network: Network, *, rate: float, weight_decay: float, beta2: float) -> torch.optim.AdamW:
    """AdamW in torch's fused kernel, at `rate` for what does not grow with width and `rate` * 32 / width for matrices.

    Decay is decoupled and falls with the rate, on matrices alone.
    """
    assert network.head_weight is not None
    matrices = [p for name, p in network.blocks.named_parameters() if p.ndim == 2] + [network.head_weight]
    known = {id(p) for p in matrices}
    others = [p for p in network.parameters() if id(p) not in known]
    scale = BASE_WIDTH / network.config.width
    groups: list[dict[str, Any]] = [
        # The product of rate and decay is what a weight loses in a step; it must not fall with width as well.
        {"params": matrices, "lr": rate * scale, "weight_decay": weight_decay / scale},
        {"params": others, "lr": rate, "weight_decay": 0.0},
    ]
    for group in groups:
        group["base_rate"] = group["lr"]
    return torch.optim.AdamW(groups, betas=(0.9, beta2), fused=True)
