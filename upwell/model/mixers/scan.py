"""The parallel scan behind linear recurrences: h_t = a_t * h_{t-1} + b_t for all t in O(sqrt T) sequential steps.

Two levels (Blelloch 1990): the sequence is cut into about sqrt(T) chunks; one pass runs through all chunks at once, a
second carries from chunk to chunk, a last adds what was carried. On a CPU each step is one fused pass over memory;
docs/experiments.md, "scan", has the times beside a doubling scan and a plain loop.

Shapes: B batch, T time, D width.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def gated_scan(packed: Tensor, bias: Tensor, start: Tensor) -> Tensor:
    """All states (B, T, D) of h_t = h_{t-1} + z_t (c_t - h_{t-1}), z = sigmoid(gate + bias), from `start` (B, D).

    `packed` (B, T, 2D) holds gate and candidate c side by side. States are fp32 at least, whatever the dtype of `packed`.
    """
    return _GatedScan.apply(packed, bias, start)  # type: ignore[no-untyped-call, no-any-return]


def _scan(decay: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
    """The states; `decay` and `inputs`, which are contiguous, are used up."""
    batch, time, width = inputs.shape
    length = math.ceil(math.sqrt(time))
    chunks = math.ceil(time / length)
    padding = chunks * length - time
    if padding:
        decay, inputs = F.pad(decay, (0, 0, 0, padding)), F.pad(inputs, (0, 0, 0, padding))
    decay = decay.view(batch, chunks, length, width)  # becomes the product of decays since the chunk's start
    states = inputs.view(batch, chunks, length, width)
    for t in range(1, length):
        states[:, :, t].addcmul_(decay[:, :, t], states[:, :, t - 1])
        decay[:, :, t].mul_(decay[:, :, t - 1])
    carried = [start]
    for c in range(chunks - 1):
        carried.append(torch.addcmul(states[:, c, -1], decay[:, c, -1], carried[-1]))
    states.addcmul_(decay, torch.stack(carried, 1)[:, :, None])
    return states.view(batch, chunks * length, width)[:, :time]


def _scan_back(decay: Tensor, gradient: Tensor) -> Tensor:
    """Full gradients g_t of h_t from those of the outputs: g_t = dL/dh_t + a_{t+1} g_{t+1}, the recurrence run backwards."""
    following = F.pad(decay[:, 1:], (0, 0, 0, 1)).flip(1)
    return _scan(following, gradient.flip(1), torch.zeros_like(decay[:, 0])).flip(1)


class _GatedScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, packed: Tensor, bias: Tensor, start: Tensor) -> Tensor:
        wide = torch.promote_types(packed.dtype, torch.float32)
        given, candidate = packed.chunk(2, -1)
        gate = torch.add(given, bias.to(wide)).sigmoid_()  # (B, T, D), fp32
        states = _scan(1 - gate, gate * candidate, start.to(wide))
        ctx.save_for_backward(packed, gate, states, start)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        packed, gate, states, start = ctx.saved_tensors
        keep = 1 - gate
        full = _scan_back(keep, gradient)
        candidate = packed.chunk(2, -1)[1]
        away = candidate - states.roll(1, 1)  # c_t - h_{t-1}
        torch.sub(candidate[:, 0], start, out=away[:, 0])
        for_candidate = full * gate
        for_gate = away.mul_(keep).mul_(for_candidate)
        for_packed = torch.cat([for_gate.to(packed.dtype), for_candidate.to(packed.dtype)], -1)
        return for_packed, for_gate.sum((0, 1)).to(packed.dtype), full[:, 0] * keep[:, 0]
