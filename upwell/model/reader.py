"""A network that reads: it says of a text what class it is of, or of its tokens what tags they have.

Shapes: B texts, T tokens of the longest, F ids of a bag, D width, C classes or tags.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upwell.model.config import NetworkConfig
from upwell.model.encoder_decoder import EncoderDecoder
from upwell.model.network import FAR, Network
from upwell.model.question_reader import ChoiceReader, SpanReader
from upwell.model.story_reader import StoryReader


class Reader(Network):
    """A network whose head says something of a whole text: an encoder, or a language model that is asked at its end."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        parts = 2 if config.head == "classes" else 1
        self.output_weight = nn.Parameter(torch.empty(config.outputs, parts * config.width))
        self.output_bias = nn.Parameter(torch.empty(config.outputs))

    def reset_parameters(self, seed: int) -> None:
        """As a network's; every class is as likely as the others at first."""
        super().reset_parameters(seed)
        nn.init.zeros_(self.output_weight)
        nn.init.zeros_(self.output_bias)

    def read(self, tokens: Tensor, lengths: Tensor, *, concealed: Tensor | None = None) -> Tensor:
        """Logits of classes (B, C), or of tags (B, T, C).

        `tokens` (B, T), or (B, T, F) in bags, padded behind `lengths` (B,); `concealed` (B, T): tokens that are not shown.
        """
        hidden, _ = self.hidden(tokens, lengths=lengths, concealed=concealed)  # (B, T, D)
        said = pool(hidden, lengths) if self.config.head == "classes" else hidden
        return F.linear(said, self.output_weight, self.output_bias)


def build_network(config: NetworkConfig) -> Network:
    """The network of `config`: one that writes, of itself or what a source says, a reader of texts, or of questions with their
    passages."""
    if config.encoder:
        return EncoderDecoder(config)
    heads: dict[str, type[Network]] = {
        "tokens": Network,
        "spans": SpanReader,
        "choices": ChoiceReader,
        "words": StoryReader,
    }
    return heads.get(config.head, Reader)(config)


def pool(hidden: Tensor, lengths: Tensor) -> Tensor:
    """Mean and maximum (B, 2 D) over the first `lengths` (B,) vectors of `hidden` (B, T, D)."""
    outside = (torch.arange(hidden.shape[1], device=hidden.device) >= lengths[:, None])[..., None]
    mean = hidden.masked_fill(outside, 0).sum(1) / lengths[:, None].to(hidden.dtype)
    return torch.cat([mean, hidden.masked_fill(outside, FAR).amax(1)], 1)
