"""Networks that read a passage with a question: they say which piece of it answers, or which of several answers is right.

The passage is read with the question beside it: each token is told how it matches (`upwell.text.passages`), which tokens of
the question are like it (Chen et al. 2017, section 3.2), and, between the blocks, what the question as read says to it (Seo et
al. 2017, section 2). docs/experiments.md, "Question answering", has what each part is worth.

Shapes: B questions, T tokens of the passage, U of the question, F ids of a bag, M match features, E width of the embedding, D
width, L tokens of the longest span, R rank, C choices.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upwell.model.config import NetworkConfig
from upwell.model.network import FAR, Network, RMSNorm, build_block, locked_dropout
from upwell.text.passages import MATCHES

RANK = 32


class QuestionReader(Network):
    """What is read of a passage in the light of a question; a subclass says something of it.

    The last of the blocks reads behind what the question says, those before it before; another reads the question.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        width, embedding = config.width, config.embedding_width or config.width
        self.align_weight = nn.Parameter(torch.empty(embedding, embedding))
        self.question_map = nn.Parameter(torch.empty(width, embedding))
        self.passage_map = nn.Parameter(torch.empty(width, 2 * embedding + MATCHES))
        self.question_block = build_block(config.blocks[0], config)
        self.question_norm, self.passage_norm = RMSNorm(width), RMSNorm(width)
        self.pool_weight = nn.Parameter(torch.empty(1, width))
        self.attended_map = nn.Parameter(torch.empty(width, 3 * width))

    def reset_parameters(self, seed: int) -> None:
        """As a network's."""
        super().reset_parameters(seed)
        self.question_block.reset_parameters(1)
        self.question_norm.reset_parameters()
        self.passage_norm.reset_parameters()
        for weight in (
            self.align_weight,
            self.question_map,
            self.passage_map,
            self.pool_weight,
            self.attended_map,
        ):
            nn.init.normal_(weight, std=1 / math.sqrt(weight.shape[1]))

    def joined(
        self, passage: Tensor, lengths: Tensor, matches: Tensor, asked: Tensor, asked_lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The passage as read (B, T, D), and the question in one vector (B, 1, D).

        `passage` (B, T, F) in bags, padded behind `lengths` (B,), with `matches` (B, T, M); `asked` (B, U, F), padded behind
        `asked_lengths` (B,).
        """
        there = inside(asked_lengths, asked.shape[1])  # (B, U)
        p, q = (
            self._dropped(self._embed(bags), self.config.dropout) for bags in (passage, asked)
        )  # (B, T, E), (B, U, E)
        aligned = attend(F.linear(p, self.align_weight).relu(), F.linear(q, self.align_weight).relu(), q, there, 1.0)
        q = F.linear(q, self.question_map)  # (B, U, D)
        q = self.question_norm(self.question_block(q, lengths=asked_lengths)[0])
        weights = F.linear(q, self.pool_weight)[..., 0].masked_fill(~there, FAR).softmax(-1)  # (B, U)
        pooled = self._dropped(weights[:, None] @ q, self.config.dropout)  # (B, 1, D)
        x = F.linear(torch.cat([p, aligned, matches.to(p.dtype)], -1), self.passage_map)  # (B, T, D)
        *first, last = self._blocks()
        for block in first:
            x, _ = block(x, lengths=lengths)
        y = self.passage_norm(x)
        said = attend(y, q, q, there, 1 / math.sqrt(y.shape[-1]))  # (B, T, D)
        beside = self._dropped(torch.cat([said, y * said, y * pooled], -1), self.config.dropout)
        x, _ = last(x + F.linear(beside, self.attended_map), lengths=lengths)
        return self._dropped(self.norm(x), self.config.output_dropout), pooled

    def _dropped(self, x: Tensor, probability: float) -> Tensor:
        return locked_dropout(x, probability, training=self.training)


class SpanReader(QuestionReader):
    """Says which piece of a passage answers.

    A span's score is the sum of one for its start, one for its end, both moved by the question, one of both ends together, of
    low rank, and one of its length, which the question chooses. The softmax is over all spans of up to L tokens (Lee et al.
    2016) and over there being none (Rajpurkar et al. 2018).
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        width, rank = config.width, min(RANK, config.width)
        self.start_weight = nn.Parameter(torch.empty(width, width))
        self.end_weight = nn.Parameter(torch.empty(width, width))
        self.ends_weight = nn.Parameter(torch.empty(2, width))
        self.left_weight = nn.Parameter(torch.empty(rank, width))
        self.right_weight = nn.Parameter(torch.empty(rank, width))
        self.length_weight = nn.Parameter(torch.empty(config.outputs, width))
        self.length_bias = nn.Parameter(torch.empty(config.outputs))
        self.none_weight = nn.Parameter(torch.empty(1, 2 * width))
        self.none_bias = nn.Parameter(torch.empty(1))

    def reset_parameters(self, seed: int) -> None:
        """As a network's; all lengths are alike at first."""
        super().reset_parameters(seed)
        for weight in (self.start_weight, self.end_weight, self.ends_weight, self.left_weight, self.right_weight):
            nn.init.normal_(weight, std=1 / math.sqrt(weight.shape[1]))
        for weight in (self.length_weight, self.length_bias, self.none_weight, self.none_bias):
            nn.init.zeros_(weight)

    def read_spans(
        self, passage: Tensor, lengths: Tensor, matches: Tensor, asked: Tensor, asked_lengths: Tensor
    ) -> Tensor:
        """Logits (B, 1 + T L): first of there being no answer, then of the spans by their first token, those of one by
        their length; FAR where there is no such span. Arguments as of `joined`.
        """
        x, pooled = self.joined(passage, lengths, matches, asked, asked_lengths)
        there = inside(lengths, x.shape[1])  # (B, T)
        longest, scale = self.config.outputs, 1 / math.sqrt(self.config.width)
        alone = F.linear(x, self.ends_weight)  # (B, T, 2)
        start = (x * F.linear(pooled, self.start_weight)).sum(-1) * scale + alone[..., 0]
        end = (x * F.linear(pooled, self.end_weight)).sum(-1) * scale + alone[..., 1]
        ends = F.pad(end, (0, longest - 1)).unfold(1, longest, 1)  # (B, T, L)
        can_be = F.pad(there, (0, longest - 1)).unfold(1, longest, 1)  # where the last token is there, the first is
        left, right = F.linear(x, self.left_weight), F.linear(x, self.right_weight)  # (B, T, R)
        pairs = F.pad(left @ right.transpose(1, 2), (0, longest - 1)) / math.sqrt(left.shape[-1])  # (B, T, T + L - 1)
        places = torch.arange(x.shape[1], device=x.device)[:, None] + torch.arange(longest, device=x.device)  # (T, L)
        both = pairs.gather(2, places.expand(len(x), -1, -1))  # (B, T, L)
        length = F.linear(pooled, self.length_weight, self.length_bias)  # (B, 1, L)
        spans = (start[..., None] + ends + both + length).masked_fill(~can_be, FAR).flatten(1)
        most = x.masked_fill(~there[..., None], FAR).amax(1)  # (B, D)
        none = F.linear(torch.cat([most, pooled[:, 0]], -1), self.none_weight, self.none_bias)
        return torch.cat([none, spans], 1)


class ChoiceReader(QuestionReader):
    """Says which of several answers is right: each is read with the question, as one text, beside the passage."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        self.choice_weight = nn.Parameter(torch.empty(1, 2 * config.width))

    def reset_parameters(self, seed: int) -> None:
        """As a network's; every choice is as likely as the others at first."""
        super().reset_parameters(seed)
        nn.init.zeros_(self.choice_weight)

    def read_choices(
        self, passage: Tensor, lengths: Tensor, matches: Tensor, asked: Tensor, asked_lengths: Tensor
    ) -> Tensor:
        """Logits (B, C), FAR where there is no such choice.

        `passage` (B, T, F), padded behind `lengths` (B,); of each choice `matches` (B, C, T, M), `asked` (B, C, U, F), padded
        behind `asked_lengths` (B, C), 0 where there is no choice.
        """
        rows, choices = asked_lengths.shape
        x, pooled = self.joined(
            passage.repeat_interleave(choices, 0),
            lengths.repeat_interleave(choices, 0),
            matches.flatten(0, 1),
            asked.flatten(0, 1),
            asked_lengths.flatten().clamp(min=1),
        )
        there = inside(lengths.repeat_interleave(choices, 0), x.shape[1])
        most = x.masked_fill(~there[..., None], FAR).amax(1)  # (B C, D)
        scores = F.linear(torch.cat([most, pooled[:, 0]], -1), self.choice_weight).view(rows, choices)
        return scores.masked_fill(asked_lengths == 0, FAR)


def inside(lengths: Tensor, time: int) -> Tensor:
    """Which of `time` places are within `lengths` (B,): (B, time) bool."""
    return torch.arange(time, device=lengths.device) < lengths[:, None]


def attend(queries: Tensor, keys: Tensor, values: Tensor, there: Tensor, scale: float) -> Tensor:
    """Values (B, U, V), mixed for each query (B, T, D) by softmax of its products with the keys (B, U, D) that are `there`
    (B, U).
    """
    return (queries @ keys.transpose(1, 2) * scale).masked_fill(~there[:, None], FAR).softmax(-1) @ values
