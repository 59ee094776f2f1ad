"""Mixers that see a whole text at once, for encoders: a recurrent mixer in each direction, and attention without a mask.

They have no state and no step form: they are given a text from its first token to its last, padded on the right.

Shapes: B batch, T time, D width.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from upwell.model.mixers.attention import Attention
from upwell.model.mixers.mixer import Mixer
from upwell.model.state import State


class Bidirectional(Mixer):
    """The sum of one mixer that reads forward and one that reads backward (Schuster & Paliwal 1997)."""

    causal: ClassVar[bool] = False

    def __init__(self, forward: Mixer, backward: Mixer) -> None:
        super().__init__()
        self.forward_mixer, self.backward_mixer = forward, backward

    @property
    def carries(self) -> bool:
        return False

    def reset_parameters(self) -> None:
        self.forward_mixer.reset_parameters()
        self.backward_mixer.reset_parameters()

    def forward(self, x: Tensor, state: State = None, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Outputs (B, T, D) for texts `x` (B, T, D) of `lengths` (B,), None: all of T; what pads a text changes nothing."""
        order = None if lengths is None else backward_order(lengths, x.shape[1])
        ahead, _ = self.forward_mixer(x)
        behind, _ = self.backward_mixer(reorder(x, order))
        return ahead + reorder(behind, order), None

    def initial_state(self, batch_size: int) -> State:
        return None

    def flops_per_token(self, context: int) -> int:
        return self.forward_mixer.flops_per_token(context) + self.backward_mixer.flops_per_token(context)

    def state_bytes(self, context: int) -> int:
        return 0


class WholeAttention(Attention):
    """Attention in which every token sees every other (Vaswani et al. 2017), rotated by position."""

    causal: ClassVar[bool] = False
    looks_back: ClassVar[bool] = False

    @property
    def carries(self) -> bool:
        return False

    def forward(self, x: Tensor, state: State = None, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Outputs (B, T, D) for texts `x` (B, T, D) of `lengths` (B,), None: all of T; what pads a text is not seen."""
        batch, time, _ = x.shape
        self.check_reach(time)
        query, key, value = self._project(x)
        positions = torch.arange(time, device=x.device)[None]
        query, key = self._rotate(query, positions), self._rotate(key, positions)
        near = positions.T - positions  # (T, T)
        mask = None if self.window is None else (near.abs() < self.window)[None, None]
        if lengths is not None:
            inside = (positions < lengths[:, None])[:, None, None]  # (B, 1, 1, T)
            mask = inside if mask is None else inside & mask
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2),  # (B, H, T, E)
            key.transpose(1, 2),
            value.transpose(1, 2),
            attn_mask=mask,
            enable_gqa=self.kv_heads != self.heads,
        )
        return F.linear(mixed.transpose(1, 2).reshape(batch, time, self.width), self.output_weight), None

    def initial_state(self, batch_size: int) -> State:
        return None

    def state_bytes(self, context: int) -> int:
        return 0


def backward_order(lengths: Tensor, time: int) -> Tensor:
    """Places (B * T,) among the rows (B, T) that read each text of `lengths` (B,) backward and leave its padding behind it.

    The order is its own inverse.
    """
    places = (lengths[:, None] - 1 - torch.arange(time, device=lengths.device)) % time
    return (places + time * torch.arange(len(lengths), device=lengths.device)[:, None]).flatten()


def reorder(x: Tensor, order: Tensor | None) -> Tensor:
    """x (B, T, D) with its B * T vectors in `order`, which is its own inverse; None: every row from its end."""
    return x.flip(1) if order is None else _Reorder.apply(x, order)  # type: ignore[no-untyped-call]


class _Reorder(torch.autograd.Function):
    """Picks vectors by an order that is its own inverse, so that the way back picks too, where indexing would add."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor) -> Tensor:
        ctx.save_for_backward(order)
        return x.flatten(0, 1).index_select(0, order).view_as(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (order,) = ctx.saved_tensors
        return gradient.flatten(0, 1).index_select(0, order).view_as(gradient), None
