"""A network that answers a question about a story by words, whose sentences change the question one after the other.

A query-reduction network (Seo et al. 2017): for every sentence x_t and the query q_t that reaches it, a gate z_t decides whether
the sentence tells something, a candidate c_t is the query that it leads to, and h_t = z_t c_t + (1 - z_t) h_(t-1) is what has
been found so far. A layer reads the story in both directions, and what it found is the query of the next; the last one's end is
what the answer is read from. Neither gate nor candidate sees h, so that all h_t are sums with weights that come from running
products of 1 - z_t. At first a gate is the likeness of sentence and query and a candidate is the sentence, as if each layer
looked up what shares words with what was found before (docs/experiments.md, "Stories").

Several readers, which differ in their first weights alone, learn side by side: few find their way to a chain of facts, and what
is held out tells which (Sukhbaatar et al. 2015, section 4.2, take the best of ten).

Shapes: R readers, B questions, T sentences, J words of the longest, V words, D width, H heads, K words of an answer, X inputs of
a layer.
"""

from __future__ import annotations

import dataclasses
import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upwell.model.config import NetworkConfig
from upwell.model.network import FAR, Network

WORD_SPREAD = 0.2
"""Of the embeddings at first: so that a word in common moves a gate by about 2."""
PLACE_SPREAD = 0.3
"""Of the weights that tell the places of words apart, about 1 at first."""
FACTOR = 6_364_136_223_846_793_005
"""Of the keys of texts (Knuth's multiplier of a linear congruence modulo 2^64)."""
CHUNK = 32
"""Sentences that are taken together."""
GATE_BIAS = -2.0
"""At first: most sentences tell nothing."""


class StoryLayer(nn.Module):
    """One pass over the sentences of a story, by R readers."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        readers, width = config.readers, config.width
        self.heads = config.heads
        self.gate_weight = nn.Parameter(torch.empty(readers, 3 * width, 2 * self.heads))
        self.gate_bias = nn.Parameter(torch.empty(readers, 1, 2 * self.heads))
        self.input_weight = nn.Parameter(torch.empty(readers, 2 * width, width))
        self.input_bias = nn.Parameter(torch.empty(readers, 1, width))

    def reset_parameters(self) -> None:
        """Gates begin as likeness, candidates as the sentence."""
        width = self.input_weight.shape[2]
        nn.init.normal_(self.gate_weight, std=0.3 / math.sqrt(3 * width))
        nn.init.normal_(self.input_weight, std=0.5 / math.sqrt(2 * width))
        with torch.no_grad():
            self.gate_weight[:, :width, : self.heads] += 1
            self.input_weight[:, :width] += torch.eye(width)
        nn.init.zeros_(self.gate_bias)
        nn.init.constant_(self.gate_bias[..., : self.heads], GATE_BIAS)
        nn.init.zeros_(self.input_bias)

    def forward(self, x: Tensor, query: Tensor, there: Tensor, *, is_last: bool) -> Tensor:
        """What was found: before and behind each sentence (R, B, T, D), or at the end of the story (R, B, D) where `is_last`.

        `x`, `query` (R, B, T, D); `there` (B, T): which sentences there are.
        """
        both = (x * query, x, query)
        gates = torch.baddbmm(self.gate_bias, torch.cat(both, -1).flatten(1, 2), self.gate_weight)
        gate, share = gates.view(*x.shape[:3], -1).transpose(2, 3).float().chunk(2, 2)  # (R, B, H, T)
        gate = gate.masked_fill(~there[:, None], FAR)
        candidate = torch.baddbmm(self.input_bias, torch.cat(both[1:], -1).flatten(1, 2), self.input_weight).tanh()
        candidate = candidate.view(*x.shape[:3], self.heads, -1).transpose(2, 3)  # (R, B, H, T, D / H)
        written = candidate * (gate.sigmoid() * share.sigmoid())[..., None].to(x.dtype)
        kept = F.logsigmoid(-gate)  # log of what is kept of what had been found before
        if is_last:
            after = kept.flip(3).cumsum(3).flip(3) - kept  # of what is kept of a sentence's until the end
            found = after.exp()[..., None, :].to(x.dtype) @ written  # (R, B, H, 1, D / H)
            return found.flatten(2)
        behind = running(kept.flip(3), written.flip(3)).flip(3)
        return (running(kept, written) + behind).transpose(2, 3).flatten(3)


def running(kept: Tensor, written: Tensor) -> Tensor:
    """h_t = exp(kept_t) h_(t-1) + written_t, from zeros: (..., T, D) of `kept` (..., T) and `written` (..., T, D).

    Pieces of CHUNK are matrix products; the state is carried from one to the next.
    """
    carried = None
    parts = []
    for log, values in zip(torch.split(kept, CHUNK, -1), torch.split(written, CHUNK, -2), strict=True):
        until = log.cumsum(-1)
        size = log.shape[-1]
        later = torch.ones(size, size, dtype=torch.bool, device=log.device).triu(1)  # [t, s]: s comes after t
        weights = (until[..., :, None] - until[..., None, :]).masked_fill(later, FAR).exp()
        part = weights.to(values.dtype) @ values
        if carried is not None:
            part = part + until.exp()[..., None].to(values.dtype) * carried
        parts.append(part)
        carried = part[..., -1:, :]
    return torch.cat(parts, -2)


class StoryReader(Network):
    """R readers of stories, with as many layers as the config has blocks."""

    def __init__(self, config: NetworkConfig) -> None:
        nn.Module.__init__(self)  # of a network's parts it has the embedding alone
        readers, vocabulary, width = config.readers, config.vocab_size, config.width
        self.config = config
        self.embedding_map = self.head_map = self.head_weight = None
        self.blocks = nn.ModuleList()
        self.embedding_weight = nn.Parameter(torch.empty(readers, vocabulary, width))
        self.question_weight = nn.Parameter(torch.empty(readers, vocabulary, width))
        self.place_weight = nn.Parameter(torch.empty(readers, config.context, width))
        self.layers = nn.ModuleList(StoryLayer(config) for _ in config.blocks)
        self.output_weight = nn.Parameter(torch.empty(config.outputs, readers, width, vocabulary))
        follow = torch.empty(config.outputs - 1, readers, vocabulary, vocabulary)
        self.previous_weight = nn.Parameter(follow) if config.outputs > 1 else None

    def reset_parameters(self, seed: int) -> None:
        """Draw all weights from torch's generator seeded with `seed`; the same on every device and thread count."""
        torch.manual_seed(seed)
        nn.init.normal_(self.embedding_weight, std=WORD_SPREAD)
        nn.init.normal_(self.question_weight, std=WORD_SPREAD)
        nn.init.normal_(self.place_weight, mean=1.0, std=PLACE_SPREAD)
        for layer in self.layers:
            cast(StoryLayer, layer).reset_parameters()
        nn.init.normal_(self.output_weight, std=1 / math.sqrt(self.config.width))
        if self.previous_weight is not None:
            nn.init.zeros_(self.previous_weight)

    def found(self, sentences: Tensor, question: Tensor) -> Tensor:
        """What was found (R, B, D) for each question (B, J) in the sentences (B, T, J) of its story, both padded with 0."""
        there = sentences[..., 0] > 0  # (B, T)
        x = self._encode(self.embedding_weight, sentences.flatten(0, 1)).view(
            -1, *there.shape, self.config.width
        )  # (R, B, T, D)
        query = self._encode(self.question_weight, question)[:, :, None].expand_as(x)
        for number, layer in enumerate(self.layers, 1):
            query = layer(x, query, there, is_last=number == len(self.layers))
        return query

    def say(self, found: Tensor, place: int, previous: Tensor) -> Tensor:
        """Logits (R, B, V) of the word of an answer at `place`, given the `previous` word (B,), which of the first is not
        looked at.
        """
        logits = found @ self.output_weight[place]
        if place == 0 or self.previous_weight is None:
            return logits
        return logits + self.previous_weight[place - 1][:, previous]

    def only(self, reader: int) -> StoryReader:
        """One of the readers, alone."""
        alone = StoryReader(dataclasses.replace(self.config, readers=1))
        axes = {"output_weight": 1, "previous_weight": 1}  # of the readers; of all others the first
        weights = {
            name: weight.detach().narrow(axes.get(name, 0), reader, 1).clone()
            for name, weight in self.named_parameters()
        }
        alone.load_state_dict(weights, assign=True)
        return alone.eval()

    def _encode(self, table: Tensor, texts: Tensor) -> Tensor:
        """The embeddings of the words, each weighted by its place, added up: texts (N, J) to (R, N, D).

        Few of the sentences of a batch differ; each is encoded once.
        """
        keys = texts.new_zeros(len(texts))
        for words in texts.unbind(1):
            keys = keys * FACTOR + words  # wraps round: as good as different for different texts
        distinct_keys, places = torch.unique(keys, return_inverse=True)
        distinct = texts.new_zeros(len(distinct_keys), texts.shape[1])
        distinct[places] = texts
        vectors = table[:, distinct] * (distinct > 0)[..., None]  # (R, n, J, D)
        sums = (vectors * self.place_weight[:, None, : texts.shape[1]]).sum(2)
        return sums.index_select(1, places)
