"""What a network is trained for: functions from a network, a batch and a state to a summed loss.

Shapes: B rows, T tokens, V vocabulary.
"""

from __future__ import annotations

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
    """(B, T) int64, what it should predict."""
    weights: Tensor | None = None
    """(B, T) weight of each prediction in the loss; None: all one."""
    fresh: Tensor | None = None
    """(B,) bool: rows that begin without a past, whose carried state is to be forgotten; None: none does."""

    def rows(self, start: int, stop: int) -> Batch:
        """The rows from `start` to before `stop`."""
        weights = None if self.weights is None else self.weights[start:stop]
        fresh = None if self.fresh is None else self.fresh[start:stop]
        return Batch(self.tokens[start:stop], self.targets[start:stop], weights, fresh)

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        weights = None if self.weights is None else self.weights.to(device)
        fresh = None if self.fresh is None else self.fresh.to(device)
        return Batch(self.tokens.to(device), self.targets.to(device), weights, fresh)


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
