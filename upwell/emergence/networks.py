"""The networks of a ladder: two blocks, width set by the size, nothing else that changes along it."""

from __future__ import annotations

import math

from upwell.emergence.ability import Ability
from upwell.errors import UserError
from upwell.model.accounting import flops_per_token
from upwell.model.config import MIXERS, MIXERS_WITH_MLP, NetworkConfig
from upwell.model.network import Network
from upwell.model.sizes import MATRICES, MLP_MATRICES

DEPTH = 2
"""Blocks on every rung: one cannot look up what follows an earlier copy of a token, so depth must not vary with size."""
HEAD_WIDTH = 8
"""Width of each attention head on every rung, so that logits mean the same; only a network of width 4 has one head of 4."""
MAX_TASK_WIDTH = 1024


def network_config(ability: Ability, family: str, size: int) -> NetworkConfig:
    """Two blocks of `family` with about `size` parameters outside embedding and head, for the rows of `ability`."""
    if family not in MIXERS:
        raise UserError(f"--models {family}: choose from {', '.join(MIXERS)}")
    has_mlp = family in MIXERS_WITH_MLP
    unit = DEPTH * (MATRICES[family] + (MLP_MATRICES if has_mlp else 0))
    ideal = math.sqrt(size / unit)
    step = 2 if family != "attention" else HEAD_WIDTH if ideal >= 0.75 * HEAD_WIDTH else HEAD_WIDTH // 2
    width = max(step, step * round(ideal / step))
    if width > MAX_TASK_WIDTH:
        raise UserError(f"--sizes {size}: the circuits are for models of up to {unit * MAX_TASK_WIDTH**2:,} parameters")
    heads = max(1, width // HEAD_WIDTH) if family == "attention" else 1
    return NetworkConfig(
        vocab_size=ability.vocab_size,
        blocks=(f"{family}+mlp" if has_mlp else family,) * DEPTH,
        width=width,
        heads=heads,
        kv_heads=heads,
        mlp_width=8 * max(1, round(width / 3)) if has_mlp else 0,
        context=max(ability.positions) + 1,
        tied=False,
    )


def count_parameters(network: Network) -> tuple[int, int]:
    """Parameters of the blocks and norms alone, and of everything with embedding and head: the two counts of reports."""
    total = sum(p.numel() for p in network.parameters())
    assert network.head_weight is not None
    return total - network.embedding_weight.numel() - network.head_weight.numel(), total


def training_flops(network: Network, ability: Ability) -> int:
    """FLOPs of training on one row: forward and backward through the blocks at every token, the head at the answers."""
    tokens = network.config.context
    head = 2 * network.config.vocab_size * network.config.width
    blocks = flops_per_token(network, (tokens + 1) // 2) - head
    return 3 * (blocks * tokens + head * len(ability.positions))
