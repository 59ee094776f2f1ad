"""What a network costs: parameters by kind, FLOPs per token, bytes of state.

Conventions: parameters are counted once (a tied head is the embedding); `non_embedding` leaves out the embedding and an
untied head, not the maps between an embedding of another width and the stream. FLOPs count a multiply-add as 2 and leave
out norms, activations and softmax; the head over tokens is counted, tied or not, because it is computed; training costs
three times the forward pass (Kaplan et al. 2020, section 2.1).
"""

from __future__ import annotations

from typing import cast

import torch

from upwell.model.config import NetworkConfig
from upwell.model.encoder_decoder import EncoderDecoder
from upwell.model.network import Block, Network
from upwell.model.reader import build_network


def meta_network(config: NetworkConfig) -> Network:
    """The network's shapes without its memory."""
    with torch.device("meta"):
        return build_network(config)


def parameters_by_kind(network: Network) -> dict[str, int]:
    """Parameter counts: embedding, head, map, mixer (attention to a source among them), mlp, norm; with `total` and `non_embedding`."""
    counts = dict.fromkeys(("embedding", "head", "map", "mixer", "mlp", "norm"), 0)
    for name, parameter in network.named_parameters():
        parts = name.split(".")
        if parts[0] in ("embedding_weight", "source_embedding_weight"):
            kind = "embedding"
        elif parts[0] in ("head_weight", "output_weight", "output_bias"):
            kind = "head"
        elif parts[0].endswith("_map"):
            kind = "map"
        elif "mixer" in parts or "cross" in parts:
            kind = "mixer"
        elif "mlp" in parts:
            kind = "mlp"
        else:
            kind = "norm" if any("norm" in part for part in parts) else "head"
        counts[kind] += parameter.numel()
    total = sum(counts.values())
    return {**counts, "total": total, "non_embedding": total - counts["embedding"] - counts["head"]}


def flops_per_token(network: Network, context: int) -> int:
    """Forward FLOPs of one token that sees `context` tokens; behind an encoder, also those of one token of the source."""
    head = 2 * network.head().numel() if network.config.head == "tokens" else 0
    maps = sum(2 * weight.numel() for weight in (network.embedding_map, network.head_map) if weight is not None)
    if isinstance(network, EncoderDecoder) and network.embedding_map is not None:
        maps += 2 * network.embedding_map.numel()  # as large as that of the source
    return sum(block.flops_per_token(context) for block in _blocks(network)) + maps + head


def training_flops_per_token(network: Network, length: int) -> int:
    """Forward and backward FLOPs per token over windows of `length`, whose tokens see half of it on average."""
    return 3 * flops_per_token(network, (length + 1) // 2)


def state_bytes(network: Network, context: int) -> int:
    """Bytes of state per sequence after `context` tokens, and from a source of as many."""
    return sum(block.state_bytes(context) for block in _blocks(network))


def training_memory(network: Network, *, batch_size: int, length: int, dtype: torch.dtype) -> int:
    """Planned peak of training, bytes: weights, gradients, optimizer, activations of one batch, logits.

    A plan, not a measurement: fp32 masters, gradients and two moments (16 bytes a parameter) plus the compute copy, and
    for every token about 16 stream-wide tensors a block, 4 MLP-wide ones, and logits in fp32 twice.
    """
    config = network.config
    item = torch.empty((), dtype=dtype).element_size()
    parameters = sum(p.numel() for p in network.parameters())
    weights = parameters * (16 + (item * 2 if item < 4 else 4))
    blocks = config.encoder + config.blocks
    mlps = sum(block.endswith("+mlp") for block in blocks)
    per_token = (16 * config.width * len(blocks) + 4 * config.mlp_width * mlps) * item + 10 * config.vocab_size
    return weights + batch_size * length * per_token + 300 * 2**20


def _blocks(network: Network) -> list[Block]:
    return [cast(Block, block) for stack in network.stacks for block in network.get_submodule(stack).children()]
