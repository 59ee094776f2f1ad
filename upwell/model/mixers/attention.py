"""Causal attention with rotary positions and grouped heads: the mixer of Llama and, with `qk_norm`, of Qwen3.

Shapes: B batch, T new tokens, S tokens seen, D width, H query heads, K key/value heads, E = D / H.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upwell.errors import UserError
from upwell.model.fused import rms_norm
from upwell.model.mixers.kernel import causal_attention, rotation
from upwell.model.mixers.mixer import Mixer
from upwell.model.state import State


class Attention(Mixer):
    """softmax(q k' / sqrt(E)) v over the tokens so far (Vaswani et al. 2017), rotated by position (Su et al. 2021).

    The state is a cache of rotated keys and values, right-aligned: the newest token is last in every row, and `length`
    (B,) says how many of the last slots are real. `window` bounds both the reach and the cache.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        kv_heads: int,
        context: int,
        window: int | None = None,
        rope_base: float = 10000.0,
        qk_norm: bool = False,
    ) -> None:
        super().__init__()
        self.width, self.heads, self.kv_heads = width, heads, kv_heads
        self.context, self.window, self.rope_base = context, window, rope_base
        self.head_width = width // heads
        self.query_weight = nn.Parameter(torch.empty(width, width))
        self.key_weight = nn.Parameter(torch.empty(kv_heads * self.head_width, width))
        self.value_weight = nn.Parameter(torch.empty(kv_heads * self.head_width, width))
        self.output_weight = nn.Parameter(torch.empty(width, width))
        self.query_norm = nn.Parameter(torch.empty(self.head_width)) if qk_norm else None
        self.key_norm = nn.Parameter(torch.empty(self.head_width)) if qk_norm else None

    @property
    def carries(self) -> bool:
        return self.window is not None

    def reset_parameters(self) -> None:
        for weight in (self.query_weight, self.key_weight, self.value_weight, self.output_weight):
            nn.init.normal_(weight, std=1 / math.sqrt(self.width))
        for scale in (self.query_norm, self.key_norm):
            if scale is not None:
                nn.init.ones_(scale)

    def forward(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        batch, time, _ = x.shape
        if state is None and x.device.type == "cpu" and torch.is_grad_enabled() and time <= (self.window or time):
            return self._train(x)
        query = F.linear(x, self.query_weight).view(batch, time, self.heads, self.head_width)
        key = F.linear(x, self.key_weight).view(batch, time, self.kv_heads, self.head_width)
        value = F.linear(x, self.value_weight).view(batch, time, self.kv_heads, self.head_width)
        if self.query_norm is not None and self.key_norm is not None:
            query = F.rms_norm(query, (self.head_width,), self.query_norm, 1e-6)
            key = F.rms_norm(key, (self.head_width,), self.key_norm, 1e-6)
        if state is None:
            self._check_reach(time)
            positions = torch.arange(time, device=x.device)
            query, key = self._rotate(query, positions), self._rotate(key, positions)
            mask = None if self.window is None or time <= self.window else self._visible(time, time, None, x.device)
            length = torch.full((batch,), time, dtype=torch.int64, device=x.device)
        else:
            length = state["length"]
            if state["key"].shape[1] + time > self.context:
                self._check_reach(int(length.max()) + time)
            positions = length[:, None] + torch.arange(time, device=x.device)  # (B, T)
            query, key = self._rotate(query, positions), self._rotate(key, positions)
            key = torch.cat([state["key"].to(key.dtype), key], 1)
            value = torch.cat([state["value"].to(value.dtype), value], 1)
            length = length + time
            mask = self._visible(time, key.shape[1], length, x.device)
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2),  # (B, H, T, E)
            key.transpose(1, 2),
            value.transpose(1, 2),
            attn_mask=mask,
            is_causal=mask is None,
            enable_gqa=self.kv_heads != self.heads,
        )
        y = F.linear(mixed.transpose(1, 2).reshape(batch, time, self.width), self.output_weight)
        return y, self._cache(key, value, length)

    def _train(self, x: Tensor) -> tuple[Tensor, State]:
        """The same from the initial state, with the kernel that is faster there, forward and backward."""
        batch, time, _ = x.shape
        self._check_reach(time)
        packed = F.linear(x, torch.cat([self.query_weight, self.key_weight, self.value_weight]))
        if self.query_norm is not None and self.key_norm is not None:
            by_head = packed.view(batch, time, -1, self.head_width)
            parts = torch.split(by_head, [self.heads, self.kv_heads, self.kv_heads], 2)
            query = rms_norm(parts[0], self.query_norm, 1e-6)
            key = rms_norm(parts[1], self.key_norm, 1e-6)
            packed = torch.cat([query, key, parts[2]], 2).flatten(2)
        cos, sin = rotation(time, self.head_width, self.rope_base, x.dtype)
        mixed, key, value = causal_attention(packed, cos, sin, heads=self.heads, kv_heads=self.kv_heads)
        length = torch.full((batch,), time, dtype=torch.int64)
        return F.linear(mixed, self.output_weight), self._cache(key, value, length)

    def _check_reach(self, time: int) -> None:
        if self.window is None and time > self.context:
            raise UserError(
                f"{time} tokens are past this model's context of {self.context}; "
                "shorten the text, or train with a larger --context or an attention window"
            )

    def _visible(self, time: int, seen: int, length: Tensor | None, device: torch.device) -> Tensor:
        """Boolean mask (1 or B, 1, T, S): which cached token each new one sees."""
        key_slot = torch.arange(seen, device=device)
        query_slot = torch.arange(seen - time, seen, device=device)[:, None]  # (T, 1)
        visible = key_slot <= query_slot  # (T, S)
        if self.window is not None:
            visible = visible & (key_slot > query_slot - self.window)
        if length is not None:
            visible = visible & (key_slot >= seen - length.view(-1, 1, 1))  # (B, T, S)
        return visible.view(-1, 1, time, seen)

    def _cache(self, key: Tensor, value: Tensor, length: Tensor) -> State:
        if self.window is not None and key.shape[1] >= self.window:
            start = key.shape[1] - self.window + 1
            key, value = key[:, start:], value[:, start:]
        return {"key": key, "value": value, "length": length}

    def _rotate(self, x: Tensor, positions: Tensor) -> Tensor:
        """Rotate pairs (i, i + E/2) of the last axis of x (B, T, heads, E) by position * base^(-2i/E)."""
        half = self.head_width // 2
        scale = torch.arange(half, device=x.device, dtype=torch.float32) * (-2 / self.head_width)
        angle = positions[..., None].float() * self.rope_base**scale  # (T, E/2) or (B, T, E/2)
        cos, sin = angle.cos()[..., None, :].to(x.dtype), angle.sin()[..., None, :].to(x.dtype)
        first, second = x[..., :half], x[..., half:]
        return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)

    def initial_state(self, batch_size: int) -> State:
        empty = self.key_weight.new_zeros(batch_size, 0, self.kv_heads, self.head_width)
        length = torch.zeros(batch_size, dtype=torch.int64, device=empty.device)
        return {"key": empty, "value": empty.clone(), "length": length}

    def flops_per_token(self, context: int) -> int:
        """Projections, then scores and weighted sum over the whole `context` (or window), as a reader at its end pays."""
        reach = context if self.window is None else min(context, self.window)
        projections = 2 * self.width * (2 * self.width + 2 * self.kv_heads * self.head_width)
        return projections + 2 * 2 * self.width * reach

    def state_bytes(self, context: int) -> int:
        reach = context if self.window is None else min(context, self.window - 1)
        return 2 * reach * self.kv_heads * self.head_width * self.key_weight.element_size() + 8
