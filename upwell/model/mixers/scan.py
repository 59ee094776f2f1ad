"""The parallel scan behind linear recurrences: h_t = a_t * h_{t-1} + b_t for all t in O(sqrt T) sequential steps.

Two levels (Blelloch 1990): the sequence is cut into about sqrt(T) chunks; one pass runs through all chunks at once, a
second carries from chunk to chunk, a last adds what was carried. On a CPU each step is one fused pass over memory;
docs/experiments.md, "scan", has the times beside a doubling scan and a plain loop.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def linear_scan(decay: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
    """All states h_1..h_T (B, T, D) of h_t = decay_t * h_{t-1} + inputs_t, from h_0 = `start` (B, D)."""
    return _LinearScan.apply(decay, inputs, start)  # type: ignore[no-untyped-call, no-any-return]


def _scan(decay: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
    batch, time, width = inputs.shape
    length = math.ceil(math.sqrt(time))
    chunks = math.ceil(time / length)
    padding = chunks * length - time
    if padding:
        decay, inputs = F.pad(decay, (0, 0, 0, padding)), F.pad(inputs, (0, 0, 0, padding))
    decay = decay.view(batch, chunks, length, width).clone()  # becomes the product of decays since the chunk's start
    states = inputs.reshape(batch, chunks, length, width).clone()
    for t in range(1, length):
        states[:, :, t].addcmul_(decay[:, :, t], states[:, :, t - 1])
        decay[:, :, t].mul_(decay[:, :, t - 1])
    carried = [start]
    for c in range(chunks - 1):
        carried.append(torch.addcmul(states[:, c, -1], decay[:, c, -1], carried[-1]))
    states.addcmul_(decay, torch.stack(carried, 1)[:, :, None])
    return states.view(batch, chunks * length, width)[:, :time]


class _LinearScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, decay: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
        states = _scan(decay, inputs, start)
        ctx.save_for_backward(decay, states, start)
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # With g_t the full gradient of h_t: g_t = dL/dh_t + a_{t+1} g_{t+1}, the same recurrence run backwards.
        decay, states, start = ctx.saved_tensors
        following = F.pad(decay[:, 1:], (0, 0, 0, 1)).flip(1)
        full = _scan(following, gradients[0].flip(1), torch.zeros_like(start)).flip(1)
        previous = torch.cat([start[:, None], states[:, :-1]], 1)
        return full * previous, full, full[:, 0] * decay[:, 0]
