"""Pairs of a source and a target: examples, batches, what a network that writes the one for the other is trained for and judged
by.

Shapes: N pairs, B pairs of a batch, U tokens of the longest source, T of the longest target with the token that ends it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from upwell.model.encoder_decoder import EncoderDecoder
from upwell.model.network import Network
from upwell.model.state import State
from upwell.training.cross_entropy import linear_cross_entropy
from upwell.training.example_streams import ExampleStream, Ids, pad
from upwell.training.objectives import Batch, Outcome
from upwell.training.reading import batches


@dataclass(frozen=True, kw_only=True)
class PairBatch(Batch):
    """Targets, and the sources that they are written for; `tokens` (B, T) begin with the token that stands before a target."""

    source: torch.Tensor
    """(B, U) int64"""
    source_lengths: torch.Tensor
    """(B,) int64 tokens of each source, the others pad it."""


@dataclass(frozen=True)
class PairExamples:
    """Sources with their targets."""

    sources: Sequence[Ids]
    """N times (U,) ids; none is empty."""
    targets: Sequence[Ids]
    """N times (T - 1,) ids."""
    end: int
    """Id of the token that stands before a target, and ends it."""

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens (N,) that are to be said of each target, its end among them."""
        return np.array([len(target) + 1 for target in self.targets], np.int64)

    @property
    def source_lengths(self) -> npt.NDArray[np.int64]:
        """Tokens (N,) of each source."""
        return np.array([len(source) for source in self.sources], np.int64)

    def batch(self, numbers: npt.NDArray[np.int64]) -> PairBatch:
        """The pairs of these `numbers` (B,) as one batch."""
        sources, targets = [self.sources[i] for i in numbers], [self.targets[i] for i in numbers]
        lengths = torch.tensor([len(target) + 1 for target in targets])
        said = pad([np.append(target, self.end) for target in targets])
        return PairBatch(
            tokens=pad([np.append(self.end, target) for target in targets]),
            targets=said,
            weights=(torch.arange(said.shape[1]) < lengths[:, None]).float(),
            lengths=lengths,
            source=pad(sources),
            source_lengths=torch.tensor([len(source) for source in sources]),
        )


class PairStream(ExampleStream[PairExamples]):
    """Pairs in batches; of targets of one length those with sources of like length come together."""

    def __init__(self, examples: PairExamples, rows: int, seed: int) -> None:
        super().__init__(examples, rows, seed)
        sources = examples.source_lengths
        self._lengths = examples.lengths * (int(sources.max()) + 1) + sources


def _hidden(network: Network, batch: Batch) -> torch.Tensor:
    """What the head reads at each token of the targets, (B T, E)."""
    batch = cast(PairBatch, batch)
    state = cast(EncoderDecoder, network).read_source(batch.source, batch.source_lengths)
    return network.hidden(batch.tokens, state)[0].flatten(0, 1)


@dataclass(frozen=True)
class TargetTokens:
    """Cross-entropy of each token of the targets, L = -sum log p(token), in nats."""

    smoothing: float = 0.0
    """Share of the probability that is wanted of all tokens alike (Szegedy et al. 2016, section 7)."""

    def __call__(self, network: Network, batch: Batch, state: State = None) -> Outcome:
        """The loss of a batch, summed over its tokens."""
        assert batch.weights is not None
        hidden, targets, weights = _hidden(network, batch), batch.targets.flatten(), batch.weights.flatten()
        loss = linear_cross_entropy(hidden, network.head(), targets, weights, smoothing=self.smoothing)
        return Outcome(loss, float(weights.sum()))


@dataclass(frozen=True)
class PairScore:
    """How well a network tells the targets of held-out sources."""

    loss: float
    """Nats a token."""
    tokens: int

    @property
    def criterion(self) -> float:
        """The loss."""
        return self.loss

    @property
    def perplexity(self) -> float:
        """exp of the loss: among how many tokens it is as if it had to guess."""
        return math.exp(min(700.0, self.loss))

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {"loss": self.loss, "perplexity": self.perplexity, "tokens": self.tokens}


@dataclass(frozen=True)
class PairJudge:
    """Held-out pairs to judge a network by: the loss of each token of the targets, without smoothing."""

    examples: PairExamples

    @property
    def num_tokens(self) -> int:
        """Tokens that one validation reads."""
        return int(self.examples.lengths.sum())

    @torch.inference_mode()
    def __call__(self, network: Network) -> PairScore:
        """Judge `network`, in the mode it is in."""
        loss, objective = 0.0, TargetTokens()
        for numbers in batches(self.examples):
            loss += float(objective(network, self.examples.batch(numbers).to(network.device)).loss)
        return PairScore(loss / self.num_tokens, self.num_tokens)
