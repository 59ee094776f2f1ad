"""Parts of a block whose backward is written by hand, for fewer passes over memory than autograd's chain takes.

docs/experiments.md, "attention", has the times beside autograd's.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def rms_norm(x: Tensor, scale: Tensor, epsilon: float) -> Tensor:
    """x / rms(x) * scale over the last axis (Zhang & Sennrich 2019), computed in fp32 at least."""
    if x.device.type == "cpu" and torch.is_grad_enabled():
        return _RMSNorm.apply(x, scale, epsilon)  # type: ignore[no-untyped-call, no-any-return]
    return F.rms_norm(x, (x.shape[-1],), scale, epsilon)


def gated_mlp(x: Tensor, gate_weight: Tensor, up_weight: Tensor, down_weight: Tensor) -> Tensor:
    """W_down(silu(W_gate x) * W_up x) over the last axis of x (Shazeer 2020)."""
    if x.device.type == "cpu" and torch.is_grad_enabled():
        return _GatedMLP.apply(x, gate_weight, up_weight, down_weight)  # type: ignore[no-untyped-call, no-any-return]
    return F.linear(F.silu(F.linear(x, gate_weight)) * F.linear(x, up_weight), down_weight)


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, epsilon: float) -> Tensor:
        wide = x if x.dtype == torch.float64 else x.float()
        size = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        inverse = size.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()  # 1 / rms(x)
        ctx.save_for_backward(x, scale, inverse)
        normal: Tensor = wide * inverse
        return normal.mul_(scale).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, scale, inverse = ctx.saved_tensors
        width = x.shape[-1]
        normal = (x * inverse).view(-1, width)  # fp32, as is all below
        given = gradient.reshape(-1, width).to(normal.dtype)
        product = given * normal
        scale_wide = scale.to(normal.dtype)
        along = torch.mv(product, scale_wide).div_(-width)[:, None]  # how far the gradient points along x
        for_x = (given * scale_wide).addcmul_(normal, along).mul_(inverse.view(-1, 1))
        return for_x.view_as(x).to(x.dtype), product.sum(0).to(scale.dtype), None


class _GatedMLP(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gate_weight: Tensor, up_weight: Tensor, down_weight: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        gate, up = rows @ gate_weight.T, rows @ up_weight.T
        ctx.save_for_backward(rows, gate, up, gate_weight, up_weight, down_weight)
        return (F.silu(gate).mul_(up) @ down_weight.T).view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        rows, gate, up, gate_weight, up_weight, down_weight = ctx.saved_tensors
        given = gradient.reshape(-1, gradient.shape[-1])
        silu = F.silu(gate)
        for_hidden = given @ down_weight
        for_down = given.T @ (silu * up)
        for_gate = torch.ops.aten.silu_backward(for_hidden * up, gate)
        for_up = silu.mul_(for_hidden)
        for_x = (for_gate @ gate_weight).addmm_(for_up, up_weight)
        return for_x.view(*gradient.shape[:-1], -1), for_gate.T @ rows, for_up.T @ rows, for_down
