"""Causal attention for training on a CPU: rotation, scores, softmax and weighted sum, with their backward, in one function.

torch's flash kernel keeps no probabilities, which saves memory, but its backward makes many small products on a CPU. Here
the queries are cut into a few blocks, each against the keys up to its end, so that three eighths of the square are never
computed; every step is one batched product over all heads, and probabilities are kept in the compute dtype.
docs/experiments.md, "attention", has the times beside the flash kernel's.

Shapes: B batch, T time, H query heads, K key/value heads, G = H / K, E head width, N = B K, Q queries of a block.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCKS = 4
SMALLEST_BLOCK = 64
FILLED_ROWS = range(5, 16)
"""Lengths of rows of scores that are filled up to 16: torch's softmax of 11 takes nine times as long as that of 16."""


def causal_attention(
    packed: Tensor, cos: Tensor, sin: Tensor, first: Tensor | None = None, *, heads: int, kv_heads: int
) -> tuple[Tensor, Tensor, Tensor]:
    """softmax(q k' / sqrt(E)) v over the tokens so far, q and k rotated first.

    `packed` (B, T, (H + 2K) E) holds the queries, keys and values of each token side by side; `cos` and `sin` are
    (T, E/2) or (B, 1, T, E/2). `first` (B, T): the first token that each one sees; None: that of its row.
    Returns the outputs (B, T, H E), with a gradient, and rotated keys and values (B, T, K, E), without.
    """
    return _CausalAttention.apply(packed, cos, sin, first, heads, kv_heads)  # type: ignore[no-untyped-call, no-any-return]


@functools.lru_cache(maxsize=16)
def rotation(time: int, head_width: int, base: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines (T, E/2) of position times base^(-2i/E), for positions from 0, on the CPU."""
    angle = torch.arange(time)[:, None].float() * base ** (torch.arange(head_width // 2) * (-2 / head_width))
    return angle.cos().to(dtype), angle.sin().to(dtype)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor, out: Tensor) -> None:
    """Write x (..., T, E), its pairs (i, i + E/2) turned, to `out`; with -sin it turns back."""
    (first, second), (one, two) = x.chunk(2, -1), out.chunk(2, -1)
    torch.mul(first, cos, out=one).addcmul_(second, sin, value=-1)
    torch.mul(second, cos, out=two).addcmul_(first, sin)


def _borders(time: int) -> list[tuple[int, int, int]]:
    """Start and end of each block of queries, and how many keys it meets: those up to its end, and filling.

    The last block comes first: it reaches all keys, so that sums over blocks can begin with it.
    """
    size = max(SMALLEST_BLOCK, math.ceil(time / BLOCKS))
    stops = [min(start + size, time) for start in range(0, time, size)]
    return [(start, stop, _filled(stop)) for start, stop in zip(range(0, time, size), stops, strict=True)][::-1]


def _filled(length: int) -> int:
    return FILLED_ROWS.stop if length in FILLED_ROWS else length


class _CausalAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, packed: Tensor, cos: Tensor, sin: Tensor, first: Tensor | None, heads: int, kv_heads: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch, time, width = packed.shape
        head_width = width // (heads + 2 * kv_heads)
        group, number = heads // kv_heads, batch * kv_heads
        by_head = packed.view(batch, time, -1, head_width).transpose(1, 2)  # (B, H + 2K, T, E)
        scale = head_width**-0.5
        query = packed.new_empty(batch, heads, time, head_width)
        filled = _filled(time)
        key = packed.new_empty(batch, kv_heads, filled, head_width)
        value = torch.empty_like(key)
        if filled > time:
            key[:, :, time:], value[:, :, time:] = 0, 0
        _rotate(by_head[:, :heads], cos * scale, sin * scale, query)
        _rotate(by_head[:, heads : heads + kv_heads], cos, sin, key[:, :, :time])
        value[:, :, :time] = by_head[:, heads + kv_heads :]
        queries = query.view(number, group, time, head_width)
        keys, values = key.view(number, filled, head_width), value.view(number, filled, head_width)
        output = packed.new_empty(batch, time, heads, head_width)
        probabilities = []
        for start, stop, met in _borders(time):
            rows = queries[:, :, start:stop].reshape(number, -1, head_width)  # (N, G Q, E)
            scores = torch.bmm(rows, keys[:, :met].mT)  # (N, G Q, keys met)
            future = torch.full((stop - start, met - start), -math.inf, dtype=packed.dtype).triu_(1)
            scores.view(number, group, stop - start, met)[..., start:] += future
            if first is not None:
                unseen = torch.arange(met) < first[:, start:stop, None]  # (B, Q, keys met)
                scores.view(batch, heads, stop - start, met).masked_fill_(unseen[:, None], -math.inf)
            probability = torch.softmax(scores, -1)
            mixed = torch.bmm(probability, values[:, :met])
            output[:, start:stop] = mixed.view(batch, heads, stop - start, head_width).transpose(1, 2)
            probabilities.append(probability)
        ctx.save_for_backward(queries, keys, values, cos, sin, *probabilities)
        ctx.layout = batch, heads, kv_heads
        cache = key[:, :, :time].transpose(1, 2), value[:, :, :time].transpose(1, 2)
        ctx.mark_non_differentiable(*cache)
        return output.view(batch, time, -1), *cache

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        queries, keys, values, cos, sin, *probabilities = ctx.saved_tensors
        batch, heads, kv_heads = ctx.layout
        number, group, time, head_width = queries.shape
        gradients = gradient.reshape(batch, time, heads, head_width)
        for_queries = torch.empty_like(queries)
        for_keys, for_values = torch.empty_like(keys), torch.empty_like(values)  # (N, T and filling, E)
        for (start, stop, met), probability in zip(_borders(time), probabilities, strict=True):
            rows = queries[:, :, start:stop].reshape(number, -1, head_width)
            given = gradients[:, start:stop].transpose(1, 2).reshape(number, -1, head_width)  # (N, G Q, E)
            for_scores = torch.bmm(given, values[:, :met].mT)
            for_scores = torch.ops.aten._softmax_backward_data(for_scores, probability, -1, probability.dtype)
            for_rows = torch.bmm(for_scores, keys[:, :met])
            for_queries[:, :, start:stop] = for_rows.view(number, group, stop - start, head_width)
            if stop == time:
                torch.bmm(probability.mT, given, out=for_values)
                torch.bmm(for_scores.mT, rows, out=for_keys)
            else:
                for_values[:, :met].baddbmm_(probability.mT, given)
                for_keys[:, :met].baddbmm_(for_scores.mT, rows)
        packed = gradient.new_empty(batch, time, heads + 2 * kv_heads, head_width)
        by_head = packed.transpose(1, 2)
        scale = head_width**-0.5
        _rotate(for_queries.view(batch, heads, time, -1), cos * scale, sin * -scale, by_head[:, :heads])
        for_keys, for_values = (x.view(batch, kv_heads, -1, head_width)[:, :, :time] for x in (for_keys, for_values))
        _rotate(for_keys, cos, -sin, by_head[:, heads : heads + kv_heads])
        by_head[:, heads + kv_heads :] = for_values
        return packed.view(batch, time, -1), None, None, None, None, None
