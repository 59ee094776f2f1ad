"""What a network is trained for: functions from a network, a batch and a state to a summed loss.

Shapes: B rows, T tokens, V vocabulary.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from upwell.model.network import Network
from upwell.model.state import State
from upwell.training.cross_entropy import linear_cross_entropy


@dataclass(frozen=True)
class Batch:
    """Rows of token ids and what is wanted at each position."""

    tokens: Tensor
    """(B, T) int64, what the network reads."""
    targets: Tensor
    """(B, T) int64, what it should predict. Of readers: classes (B,) int64, or (B, C) float where a text may have several;
    tags (B, T, K) int64 of one kind or two, below 0 where none is asked."""
    weights: Tensor | None = None
    """(B, T) weight of each prediction in the loss; None: all one."""
    fresh: Tensor | None = None
    """(B,) bool: rows that begin without a past, whose carried state is to be forgotten; None: none does."""
    lengths: Tensor | None = None
    """(B,) int64 tokens of each row that are text, the others pad it; None: all."""
    concealed: Tensor | None = None
    """(B, T) bool: tokens that the network is not shown; None: it is shown all."""

    def rows(self, start: int, stop: int) -> Batch:
        """The rows from `start` to before `stop`."""
        return self._map(lambda tensor: tensor[start:stop])

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        return self._map(lambda tensor: tensor.to(device))

    def _map(self, function: Callable[[Tensor], Tensor]) -> Batch:
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return dataclasses.replace(
            self, **{name: function(value) for name, value in values.items() if value is not None}
        )


@dataclass(frozen=True)
class Outcome:
    """What an objective returns; the loop divides by the count over the whole batch."""

    loss: Tensor
    """Sum of weighted losses in nats, with its graph."""
    count: float
    """Sum of weights."""
    state: State = None
    """State after the batch, for objectives that read on."""
    metrics: dict[str, float] = field(default_factory=dict)
    """Further sums to report, each divided by the count."""


Objective = Callable[[Network, Batch, State], Outcome]


def next_token(network: Network, batch: Batch, state: State = None) -> Outcome:
    """Cross-entropy of each next token, L = -sum log p(target), in nats."""
    hidden, state = network.hidden(batch.tokens, state)
    weights = None if batch.weights is None else batch.weights.flatten().float()
    loss = linear_cross_entropy(hidden.flatten(0, 1), network.head(), batch.targets.flatten(), weights)
    return Outcome(loss, batch.targets.numel() if weights is None else float(weights.sum()), state)
