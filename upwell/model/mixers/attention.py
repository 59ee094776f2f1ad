"""Causal attention with rotary positions and grouped heads: the mixer of Llama and, with `qk_norm`, of Qwen3.

Shapes: B batch, T new tokens, S tokens seen, D width, H query heads, K key/value heads, of which L have late keys,
E = D / H.
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


class AttentionMatrices(nn.Module):
    """The matrices of queries, keys, values and outputs of grouped heads (Ainslie et al. 2023)."""

    def __init__(self, width: int, *, heads: int, kv_heads: int, qk_norm: bool = False) -> None:
        super().__init__()
        self.width, self.heads, self.kv_heads, self.head_width = width, heads, kv_heads, width // heads
        self.query_weight = nn.Parameter(torch.empty(width, width))
        self.key_weight = nn.Parameter(torch.empty(kv_heads * self.head_width, width))
        self.value_weight = nn.Parameter(torch.empty(kv_heads * self.head_width, width))
        self.output_weight = nn.Parameter(torch.empty(width, width))
        self.stacked = {"query_weight": heads, "key_weight": kv_heads, "value_weight": kv_heads}
        self.query_norm = nn.Parameter(torch.empty(self.head_width)) if qk_norm else None
        self.key_norm = nn.Parameter(torch.empty(self.head_width)) if qk_norm else None

    def reset_parameters(self) -> None:
        """Matrices of variance 1/D."""
        for weight in (self.query_weight, self.key_weight, self.value_weight, self.output_weight):
            nn.init.normal_(weight, std=1 / math.sqrt(self.width))
        for scale in (self.query_norm, self.key_norm):
            if scale is not None:
                nn.init.ones_(scale)


class Attention(AttentionMatrices, Mixer):
    """softmax(q k' / sqrt(E)) v over the tokens so far (Vaswani et al. 2017), rotated by position (Su et al. 2021).

    The state is a cache of rotated keys and values, right-aligned: the newest token is last in every row, and `length`
    (B,) says how many of the last slots are seen: those of the document so far. `window` bounds both the reach and the
    cache. In the last `late_keys` heads a value stands behind the key of the token before it, and the newest key waits
    in the state. They begin with equal queries and keys, so that they look, from the first step on, for what followed
    a token like this one: the induction that other heads must find out (Olsson et al. 2022; docs/experiments.md,
    "late keys").
    """

    looks_back = True

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
        late_keys: int = 0,
    ) -> None:
        super().__init__(width, heads=heads, kv_heads=kv_heads, qk_norm=qk_norm)
        self.context, self.window, self.rope_base, self.late_keys = context, window, rope_base, late_keys

    @property
    def carries(self) -> bool:
        return self.window is not None

    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.late_keys:
            keys = self.key_weight.data.view(self.kv_heads, 1, self.head_width, self.width)
            queries = self.query_weight.data.view(self.kv_heads, -1, self.head_width, self.width)
            queries[-self.late_keys :] = keys[-self.late_keys :]

    def forward(self, x: Tensor, state: State = None, starts: Tensor | None = None) -> tuple[Tensor, State]:
        batch, time, _ = x.shape
        if state is None and x.device.type == "cpu" and torch.is_grad_enabled() and time <= (self.window or time):
            return self._train(x, starts)
        query, key, value = self._project(x)
        plain = state is None and starts is None
        state = self.initial_state(batch) if state is None else state
        key, waiting = self._delay(key, state, starts)
        seen = state["key"].shape[1]
        if seen + time > self.context:
            self.check_reach(int(state["length"].max()) + time)
        positions = _positions(time, starts, state["length"])  # (B, T)
        query, key = self._rotate(query, positions), self._rotate(key, positions)
        key = torch.cat([state["key"].to(key.dtype), key], 1)
        value = torch.cat([state["value"].to(value.dtype), value], 1)
        causal = plain and (self.window is None or time <= self.window)
        mask = None if causal else self._visible(positions, seen + time)
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2),  # (B, H, T, E)
            key.transpose(1, 2),
            value.transpose(1, 2),
            attn_mask=mask,
            is_causal=causal,
            enable_gqa=self.kv_heads != self.heads,
        )
        y = F.linear(mixed.transpose(1, 2).reshape(batch, time, self.width), self.output_weight)
        return y, self._cache(key, value, positions[:, -1] + 1) | waiting

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (B, T, H, E), keys and values (B, T, K, E) of `x` (B, T, D), before they are rotated."""
        batch, time, _ = x.shape
        query = F.linear(x, self.query_weight).view(batch, time, self.heads, self.head_width)
        key = F.linear(x, self.key_weight).view(batch, time, self.kv_heads, self.head_width)
        value = F.linear(x, self.value_weight).view(batch, time, self.kv_heads, self.head_width)
        if self.query_norm is not None and self.key_norm is not None:
            query = F.rms_norm(query, (self.head_width,), self.query_norm, 1e-6)
            key = F.rms_norm(key, (self.head_width,), self.key_norm, 1e-6)
        return query, key, value

    def _train(self, x: Tensor, starts: Tensor | None) -> tuple[Tensor, State]:
        """The same from the initial state, with the kernel that is faster there, forward and backward."""
        batch, time, _ = x.shape
        self.check_reach(time)
        packed = F.linear(x, torch.cat([self.query_weight, self.key_weight, self.value_weight]))
        waiting: dict[str, Tensor] = {}
        if self.query_norm is not None or self.late_keys:
            by_head = packed.view(batch, time, -1, self.head_width)
            query, key, value = torch.split(by_head, [self.heads, self.kv_heads, self.kv_heads], 2)
            if self.query_norm is not None and self.key_norm is not None:
                query, key = rms_norm(query, self.query_norm, 1e-6), rms_norm(key, self.key_norm, 1e-6)
            key, waiting = self._delay(key, self.initial_state(batch), starts)
            packed = torch.cat([query, key, value], 2).flatten(2)
        cos, sin = rotation(time, self.head_width, self.rope_base, x.dtype)
        length = torch.full((batch,), time, dtype=torch.int64)
        first = None
        if starts is not None:
            positions = _positions(time, starts, torch.zeros(batch, dtype=torch.int64))
            first, length = torch.arange(time) - positions, positions[:, -1] + 1
            cos, sin = cos[positions][:, None], sin[positions][:, None]  # (B, 1, T, E/2)
        mixed, key, value = causal_attention(packed, cos, sin, first, heads=self.heads, kv_heads=self.kv_heads)
        return F.linear(mixed, self.output_weight), self._cache(key, value, length) | waiting

    def _delay(self, key: Tensor, state: State, starts: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        """Keys (B, T, K, E) of which the late ones are those of the token before, zero at the start of a document, and the
        state's `waiting` (B, 1, L, E): the newest late key, for the token to come.
        """
        if not self.late_keys:
            return key, {}
        early, late = torch.split(key, [self.kv_heads - self.late_keys, self.late_keys], 2)
        before = torch.cat([state["waiting"].to(key.dtype), late[:, :-1]], 1)
        if starts is not None:
            before = before.masked_fill(starts[..., None, None], 0)
        return torch.cat([early, before], 2), {"waiting": late[:, -1:]}

    def check_reach(self, time: int) -> None:
        if self.window is None and time > self.context:
            raise UserError(
                f"{time} tokens are past this model's context of {self.context}; "
                "shorten the text, or train with a larger --context or an attention window"
            )

    def _visible(self, positions: Tensor, seen: int) -> Tensor:
        """Boolean mask (B, 1, T, S): which of `seen` tokens each new one sees, at `positions` (B, T) in its document."""
        time = positions.shape[1]
        key_slot = torch.arange(seen, device=positions.device)
        query_slot = torch.arange(seen - time, seen, device=positions.device)[:, None]  # (T, 1)
        visible = key_slot <= query_slot  # (T, S)
        if self.window is not None:
            visible = visible & (key_slot > query_slot - self.window)
        return (visible & (key_slot >= query_slot - positions[..., None]))[:, None]

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
        state = {"key": empty, "value": empty.clone(), "length": length}
        if self.late_keys:
            state["waiting"] = empty.new_zeros(batch_size, 1, self.late_keys, self.head_width)
        return state

    def flops_per_token(self, context: int) -> int:
        """Projections, then scores and weighted sum over the whole `context` (or window), as a reader at its end pays."""
        reach = context if self.window is None else min(context, self.window)
        projections = 2 * self.width * (2 * self.width + 2 * self.kv_heads * self.head_width)
        return projections + 2 * 2 * self.width * reach

    def state_bytes(self, context: int) -> int:
        reach = context if self.window is None else min(context, self.window - 1)
        return (2 * reach * self.kv_heads + self.late_keys) * self.head_width * self.key_weight.element_size() + 8


def _positions(time: int, starts: Tensor | None, length: Tensor) -> Tensor:
    """Places (B, T) of `time` new tokens in their documents, of which `length` (B,) tokens were read before.

    `starts` (B, T): which of the new ones begin a document, at place 0.
    """
    places = torch.arange(time, device=length.device)
    going_on = length[:, None] + places
    if starts is None:
        return going_on
    last = torch.where(starts, places, -1).cummax(1).values  # (B, T)
    return torch.where(last < 0, going_on, places - last)
