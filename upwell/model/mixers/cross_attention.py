"""Attention from what is written to a source that has been read: keys and values stay, queries come step by step.

Shapes: B batch, T tokens written, U tokens of the longest source, D width, H query heads, K key/value heads, E = D / H.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from upwell.model.fused import rms_norm
from upwell.model.mixers.attention import AttentionMatrices
from upwell.model.state import State

NORM_EPSILON = 1e-6


class CrossAttention(AttentionMatrices):
    """softmax(q k' / sqrt(E)) v over a memory of the source (Bahdanau et al. 2015; Vaswani et al. 2017, section 3.2.3).

    The memory is a part of the state: `key` and `value` (B, U, K, E), right-aligned as all caches are, and `length` (B,), how
    many of the last slots are real. Where it holds `coverage` (B, U), the weights that each token of the source has had so far,
    means over the heads, are added there at each step outside of training: what a coverage penalty asks for (Wu et al. 2016,
    section 7). In bf16 a CPU does the products one by one in less than half of the time of torch's kernel for all of them
    (docs/experiments.md, "Translation").
    """

    def memory(self, source: Tensor, lengths: Tensor, *, covered: bool) -> State:
        """What is kept of a source as read (B, U, D), right-aligned, of `lengths` (B,); `covered`: with its coverage."""
        batch, time, _ = source.shape
        key = F.linear(source, self.key_weight).view(batch, time, self.kv_heads, self.head_width)
        value = F.linear(source, self.value_weight).view(batch, time, self.kv_heads, self.head_width)
        if self.key_norm is not None:
            key = rms_norm(key, self.key_norm, NORM_EPSILON)
        memory = {"key": key, "value": value, "length": lengths}
        return memory | ({"coverage": source.new_zeros(batch, time, dtype=torch.float32)} if covered else {})

    def forward(self, x: Tensor, memory: State) -> tuple[Tensor, State]:
        """Outputs (B, T, D) for `x` (B, T, D), and the memory, of which coverage alone changes."""
        batch, time, _ = x.shape
        query = F.linear(x, self.query_weight).view(batch, time, self.heads, self.head_width)
        if self.query_norm is not None:
            query = rms_norm(query, self.query_norm, NORM_EPSILON)
        query, key, value = (part.transpose(1, 2) for part in (query, memory["key"], memory["value"]))  # (B, H, T, E)
        slots = key.shape[2]
        there = (torch.arange(slots, device=x.device) >= slots - memory["length"][:, None])[
            :, None, None
        ]  # (B, 1, 1, U)
        covers = "coverage" in memory and not torch.is_grad_enabled()
        if covers or (x.device.type == "cpu" and x.dtype == torch.bfloat16):
            key, value = (part.repeat_interleave(self.heads // self.kv_heads, 1) for part in (key, value))
            scores = query / math.sqrt(self.head_width) @ key.transpose(2, 3)
            weights = scores.masked_fill(~there, -math.inf).softmax(-1)  # (B, H, T, U)
            mixed = weights @ value
        else:
            grouped = self.kv_heads != self.heads
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=there, enable_gqa=grouped)
        if covers:
            memory = memory | {"coverage": memory["coverage"] + weights.float().mean(1).sum(1)}
        return F.linear(mixed.transpose(1, 2).reshape(batch, time, self.width), self.output_weight), memory

    def flops_per_token(self, context: int) -> int:
        """Forward FLOPs for one token written, from a source of `context` tokens, and for one token of the source kept."""
        kept = 2 * 2 * self.width * self.kv_heads * self.head_width
        return 2 * 2 * self.width * self.width + 2 * 2 * self.width * context + kept

    def state_bytes(self, context: int) -> int:
        """Bytes of memory per sequence, of a source of `context` tokens."""
        return 2 * context * self.kv_heads * self.head_width * self.key_weight.element_size() + 8
