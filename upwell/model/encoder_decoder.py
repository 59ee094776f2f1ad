"""Networks that read a source, both ways, and write a target: from one language to another, from a document to a summary.

Both sides are stacks of the same blocks as everything else. Behind the time mixer of each block that writes stands attention
to the source as read, which is encoded once and stays. How it is read goes into the first state; from there on the network is
a language model to whoever uses it.

Shapes: B batch, T tokens of the target, U of the longest source, D width, E width of the embedding, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upwell.model.config import NetworkConfig
from upwell.model.mixers.bidirectional import backward_order, reorder
from upwell.model.mixers.cross_attention import CrossAttention
from upwell.model.network import Block, Network, RMSNorm, build_block, locked_dropout
from upwell.model.noise import keep_mask
from upwell.model.state import State


class WritingBlock(Block):
    """A block that looks at a source: x + mixer(norm(x)), x + cross(norm(x)), and x + mlp(norm(x)) where there is an MLP.

    Its state holds that of the mixer and the memory of the source: `{"mixer": …, "memory": …}`.
    """

    def __init__(self, block: Block, config: NetworkConfig) -> None:
        super().__init__(block.mixer, block.mlp, config.width, config.dropout)
        self.cross_norm = RMSNorm(config.width)
        self.cross = CrossAttention(config.width, heads=config.heads, kv_heads=config.kv_heads, qk_norm=config.qk_norm)

    def forward(
        self, x: Tensor, state: State = None, starts: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        x, mixer = self._along_time(x, state["mixer"], starts, lengths)
        asked = locked_dropout(self.cross_norm(x), self.dropout, training=self.training)
        said, memory = self.cross(asked, state["memory"])
        return self._along_channels(x + said), {"mixer": mixer, "memory": memory}

    def reset_parameters(self, branches: int) -> None:
        """As a block's."""
        super().reset_parameters(branches)
        self.cross_norm.reset_parameters()
        self.cross.reset_parameters()
        self.cross.output_weight.data.mul_(1 / math.sqrt(branches))

    @property
    def branches(self) -> int:
        """Terms that it adds to the stream."""
        return super().branches + 1

    def flops_per_token(self, context: int) -> int:
        """Forward FLOPs for one token at a context, and from a source, of that many tokens."""
        return super().flops_per_token(context) + self.cross.flops_per_token(context)

    def state_bytes(self, context: int) -> int:
        """Bytes of state per sequence after, and from a source of, `context` tokens."""
        return super().state_bytes(context) + self.cross.state_bytes(context)


class EncoderDecoder(Network):
    """Writes what a source says: `read_source` gives the state before the first token; with it the network is used as a
    language model is, token by token or all at once."""

    stacks: ClassVar[tuple[str, ...]] = ("encoder", "blocks")

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        reading = config.reading
        self.encoder = nn.ModuleList(build_block(name, reading) for name in reading.blocks)
        self.encoder_norm = RMSNorm(config.width)
        own, width = config.source_vocab_size, config.embedding_width or config.width
        self.source_embedding_weight = nn.Parameter(torch.empty(own, width)) if own else None
        is_mapped = own and config.embedding_width is not None
        self.source_map = nn.Parameter(torch.empty(config.width, width)) if is_mapped else None

    def reset_parameters(self, seed: int) -> None:
        """As a network's."""
        super().reset_parameters(seed)
        self.encoder_norm.reset_parameters()
        for block in self._encoder():
            block.reset_parameters(sum(block.branches for block in self._encoder()))
        if self.source_embedding_weight is not None:
            std = 0.02 if any(name.startswith("attention") for name in self.config.encoder) else 0.1
            nn.init.normal_(self.source_embedding_weight, std=std)
        if self.source_map is not None:
            nn.init.normal_(self.source_map, std=1 / math.sqrt(self.source_map.shape[1]))

    def read_source(self, source: Tensor, lengths: Tensor) -> State:
        """The state before the first token of the target, for `source` (B, U) int64, padded behind `lengths` (B,), 1 at least.

        One state for each block: its mixer's own, and the memory of the source. With gradients the first is None, which is the
        initial one, and nothing is covered.
        """
        x = self._embed_source(source)
        for block in self._encoder():
            x, _ = block(x, None, None, lengths)
        x = locked_dropout(self.encoder_norm(x), self.config.dropout, training=self.training)
        order = backward_order(lengths, source.shape[1])
        x = reorder(reorder(x, order), None)  # twice backward: right-aligned, as caches are
        learns, last = torch.is_grad_enabled(), len(self.blocks) - 1
        return tuple(
            {
                "mixer": None if learns else block.mixer.initial_state(len(source)),
                "memory": block.cross.memory(x, lengths, covered=place == last and not learns),
            }
            for place, block in enumerate(self._writing())
        )

    def coverage(self, state: State) -> Tensor:
        """What attention each token of the source has got so far, (B, U) fp32; 1 where a row has none."""
        memory = state[-1]["memory"]
        slots = memory["coverage"].shape[1]
        there = torch.arange(slots, device=self.device) >= slots - memory["length"][:, None]
        return memory["coverage"].masked_fill(~there, 1.0)  # type: ignore[no-any-return]

    def initial_state(self, batch_size: int) -> State:
        """There is none without a source."""
        raise TypeError("the state before the first token is that of read_source")

    def _build_block(self, name: str) -> Block:
        return WritingBlock(super()._build_block(name), self.config)

    def _embed_source(self, source: Tensor) -> Tensor:
        """What the encoder reads, (B, U, D)."""
        if self.source_embedding_weight is None:
            x, mapping = self._embed(source), self.embedding_map
        else:
            weight: Tensor = self.source_embedding_weight
            probability = self.config.embedding_dropout
            if self.training and probability:
                weight = weight * keep_mask(weight, (len(weight), 1), probability)
            x, mapping = F.embedding(source, weight), self.source_map
        return x if mapping is None else F.linear(x, mapping)

    def _encoder(self) -> Sequence[Block]:
        return list(self.encoder)  # type: ignore[arg-type]

    def _writing(self) -> Sequence[WritingBlock]:
        return list(self.blocks)  # type: ignore[arg-type]
