"""The network: embedding, blocks, norm, head. Blocks differ in their mixer alone.

Shapes: B batch, T time, D width, E width of the embedding, V vocabulary, M hidden channels of the MLP.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upwell.model.config import NetworkConfig
from upwell.model.fused import gated_mlp, rms_norm
from upwell.model.mixers import GRU, LSTM, RNN, Attention, Bidirectional, MinGRU, Mixer, WholeAttention
from upwell.model.noise import keep_mask
from upwell.model.state import State, detach

NORM_EPSILON = 1e-6
FAR = -1e4
"""A logit of what cannot be: far enough in every dtype, and finite, so that no gradient is lost in it."""
MLP_PARTS = 4
"""Parts of an MLP's hidden units that Muon orthogonalises each for itself: docs/experiments.md, "Muon's parts"."""


class RMSNorm(nn.Module):
    """x / rms(x) * scale over the last axis (Zhang & Sennrich 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.scale, NORM_EPSILON)

    def reset_parameters(self) -> None:
        nn.init.ones_(self.scale)


class GatedMLP(nn.Module):
    """W_down(silu(W_gate x) * W_up x) on each position alone (Shazeer 2020, SwiGLU)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate_weight = nn.Parameter(torch.empty(hidden, width))
        self.up_weight = nn.Parameter(torch.empty(hidden, width))
        self.down_weight = nn.Parameter(torch.empty(width, hidden))
        parts = math.gcd(hidden, MLP_PARTS)
        self.stacked = {"gate_weight": parts, "up_weight": parts}

    def forward(self, x: Tensor) -> Tensor:
        return gated_mlp(x, self.gate_weight, self.up_weight, self.down_weight)  # (B, T, D)

    def reset_parameters(self) -> None:
        for weight in (self.gate_weight, self.up_weight, self.down_weight):
            nn.init.normal_(weight, std=1 / math.sqrt(weight.shape[1]))

    def flops_per_token(self) -> int:
        """Forward FLOPs, multiply-adds counted as 2."""
        return 2 * 3 * self.gate_weight.numel()


class Block(nn.Module):
    """x + mixer(norm(x)), then x + mlp(norm(x)) where there is an MLP (pre-norm residual, Xiong et al. 2020)."""

    def __init__(self, mixer: Mixer, mlp: GatedMLP | None, width: int, dropout: float) -> None:
        super().__init__()
        self.mixer_norm = RMSNorm(width)
        self.mixer = mixer
        self.mlp_norm = RMSNorm(width) if mlp else None
        self.mlp = mlp
        self.dropout = dropout

    def forward(
        self, x: Tensor, state: State = None, starts: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        x, state = self._along_time(x, state, starts, lengths)
        return self._along_channels(x), state

    def _along_time(
        self, x: Tensor, state: State, starts: Tensor | None, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        told = (starts,) if self.mixer.looks_back else () if self.mixer.causal else (lengths,)
        mixed, state = self.mixer(
            locked_dropout(self.mixer_norm(x), self.dropout, training=self.training), state, *told
        )
        return x + mixed, state

    def _along_channels(self, x: Tensor) -> Tensor:
        if self.mlp is None or self.mlp_norm is None:
            return x
        told: Tensor = self.mlp(locked_dropout(self.mlp_norm(x), self.dropout, training=self.training))
        return x + told

    @property
    def branches(self) -> int:
        """Terms that it adds to the stream."""
        return 2 if self.mlp else 1

    def flops_per_token(self, context: int) -> int:
        """Forward FLOPs for one token at a context of that many tokens, multiply-adds counted as 2."""
        return self.mixer.flops_per_token(context) + (self.mlp.flops_per_token() if self.mlp else 0)

    def state_bytes(self, context: int) -> int:
        """Bytes of state per sequence after `context` tokens."""
        return self.mixer.state_bytes(context)

    def reset_parameters(self, branches: int) -> None:
        """Draw the weights of one of the blocks whose `branches` add up in a stream.

        Smaller last matrices keep the sum near one (Radford et al. 2019, section 2.3).
        """
        for part in (self.mixer_norm, self.mixer, self.mlp_norm, self.mlp):
            if part is not None:
                part.reset_parameters()
        lasts = [getattr(self.mixer, "output_weight", None), self.mlp.down_weight if self.mlp else None]
        for last in lasts:
            if isinstance(last, Tensor):
                last.data.mul_(1 / math.sqrt(branches))


class Network(nn.Module):
    """A language model: tokens (B, T) and a state to logits (B, T, V) and the next state; or, where it is not causal, an
    encoder: whole texts (B, T) and their lengths (B,) to vectors (B, T, D)."""

    stacks: ClassVar[tuple[str, ...]] = ("blocks",)
    """The stacks of blocks that it consists of."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        embedding_width = config.embedding_width or config.width
        self.embedding_weight = nn.Parameter(torch.empty(config.vocab_size, embedding_width))
        is_mapped = config.embedding_width is not None
        self.embedding_map = nn.Parameter(torch.empty(config.width, embedding_width)) if is_mapped else None
        writes = config.head == "tokens"
        is_back = is_mapped and writes and config.tied
        self.head_map = nn.Parameter(torch.empty(embedding_width, config.width)) if is_back else None
        self.blocks = nn.ModuleList(self._build_block(name) for name in config.blocks)
        self.norm = RMSNorm(config.width)
        has_own_head = writes and not config.tied
        self.head_weight = nn.Parameter(torch.empty(config.vocab_size, config.width)) if has_own_head else None

    @property
    def device(self) -> torch.device:
        """Where the weights are, and tokens must be."""
        return self.embedding_weight.device

    @property
    def carries(self) -> bool:
        """Whether training may carry the state of some block from window to window."""
        return any(block.mixer.carries for block in self._blocks())

    @property
    def carries_all(self) -> bool:
        """Whether every block carries, so that a text may be read in windows as if at once."""
        return all(block.mixer.carries for block in self._blocks())

    def reset_parameters(self, seed: int) -> None:
        """Draw all weights from torch's generator seeded with `seed`; the same on every device and thread count."""
        torch.manual_seed(seed)
        nn.init.normal_(self.embedding_weight, std=0.02 if "attention" in self.config.mixers else 0.1)
        if self.head_weight is not None:
            nn.init.normal_(self.head_weight, std=0.02)
        self.norm.reset_parameters()
        branches = sum(block.branches for block in self._blocks())
        for block in self._blocks():
            block.reset_parameters(branches)
        for weight in (self.embedding_map, self.head_map):
            if weight is not None:
                nn.init.normal_(weight, std=1 / math.sqrt(weight.shape[1]))

    def forward(self, tokens: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Logits (B, T, V) for `tokens` (B, T) int64, and the state after them; state None is the initial one."""
        hidden, state = self.hidden(tokens, state)
        return self.logits(hidden), state

    def hidden(
        self,
        tokens: Tensor,
        state: State = None,
        *,
        lengths: Tensor | None = None,
        concealed: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """What the head reads, and the next state: the stream after the last norm (B, T, D), or its map (B, T, E).

        `lengths` (B,): how much of each row is text, which an encoder must know; None: all. `concealed` (B, T) bool: tokens
        whose embedding is replaced by zeros; None: none.
        """
        x = self._embed(tokens)  # (B, T, E)
        if concealed is not None:
            x = x.masked_fill(concealed[..., None], 0)
        if self.embedding_map is not None:
            x = F.linear(x, self.embedding_map)  # (B, T, D)
        starts = None if self.config.boundary is None else tokens == self.config.boundary  # (B, T)
        states = state if state is not None else (None,) * len(self.blocks)
        following = []
        for block, block_state in zip(self.blocks, states, strict=True):
            x, block_state = block(x, block_state, starts, lengths)
            following.append(block_state)
        x = locked_dropout(self.norm(x), self.config.output_dropout, training=self.training)
        if self.head_map is not None:
            x = F.linear(x, self.head_map)  # (B, T, E)
        return x, tuple(following)

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits (..., V) of what `hidden` gives."""
        return F.linear(hidden, self.head())

    def head(self) -> Tensor:
        """The output matrix (V, D): the embedding (V, E) where they are tied."""
        return self.embedding_weight if self.head_weight is None else self.head_weight

    def initial_state(self, batch_size: int) -> State:
        """The state of every block before the first token."""
        return tuple(block.mixer.initial_state(batch_size) for block in self._blocks())

    def carried(self, state: State) -> State:
        """What training carries to the next window: detached states of the blocks that carry, None for the others."""
        return tuple(detach(s) if block.mixer.carries else None for block, s in zip(self._blocks(), state, strict=True))

    def matrices(self) -> dict[str, int]:
        """Names of the matrices inside blocks, each with the number of maps stacked in it along the first axis:

        gates, heads, or parts of the hidden units, which Muon orthogonalises each for itself.
        """
        found = {}
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2 and name.partition(".")[0] in self.stacks:
                owner = self.get_submodule(name.rpartition(".")[0])
                found[name] = getattr(owner, "stacked", {}).get(name.rpartition(".")[2], 1)
        return found

    def _build_block(self, name: str) -> Block:
        return build_block(name, self.config)

    def _embed(self, tokens: Tensor) -> Tensor:
        """Embeddings (B, T, E) of `tokens` (B, T); of bags (B, T, F) the sums, divided by the root of the number of ids."""
        if not self.config.bags:
            return F.embedding(tokens, self._embedding())
        bags = F.embedding_bag(tokens.flatten(0, 1), self._embedding(), mode="sum", padding_idx=0)
        number = (tokens > 0).sum(-1, keepdim=True).clamp(min=1)
        return bags.view(*tokens.shape[:2], -1) * number.to(bags.dtype).rsqrt()

    def _embedding(self) -> Tensor:
        probability = self.config.embedding_dropout
        if not self.training or probability == 0:
            return self.embedding_weight
        return self.embedding_weight * keep_mask(self.embedding_weight, (self.config.vocab_size, 1), probability)

    def _blocks(self) -> Sequence[Block]:
        return list(self.blocks)  # type: ignore[arg-type]


def locked_dropout(x: Tensor, probability: float, *, training: bool) -> Tensor:
    """Dropout on x (B, T, D) with one mask (B, 1, D) for all time steps (Gal & Ghahramani 2016)."""
    if not training or probability == 0:
        return x
    return x * keep_mask(x, (x.shape[0], 1, x.shape[2]), probability)


def build_block(name: str, config: NetworkConfig) -> Block:
    """The block that a name of `config.blocks` stands for."""
    mlp = GatedMLP(config.width, config.mlp_width) if name.endswith("+mlp") else None
    return Block(_mixer(name.partition("+")[0], config), mlp, config.width, config.dropout)


def _mixer(name: str, config: NetworkConfig) -> Mixer:
    if config.causal or name == "attention":
        return _one_mixer(name, config)
    return Bidirectional(_one_mixer(name, config), _one_mixer(name, config))


def _one_mixer(name: str, config: NetworkConfig) -> Mixer:
    if name == "rnn":
        return RNN(config.width, nonlinearity=config.nonlinearity, weight_drop=config.weight_drop)
    if name == "lstm":
        return LSTM(config.width, weight_drop=config.weight_drop)
    if name == "gru":
        return GRU(config.width, weight_drop=config.weight_drop)
    if name == "mingru":
        return MinGRU(config.width)
    return (Attention if config.causal else WholeAttention)(
        config.width,
        heads=config.heads,
        kv_heads=config.kv_heads,
        context=config.context,
        window=config.window,
        rope_base=config.rope_base,
        qk_norm=config.qk_norm,
        late_keys=config.late_keys,
    )
