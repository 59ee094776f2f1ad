"""What readers are trained for and judged by: classes of texts, tags of tokens.

Shapes: N texts, B texts of a batch, T tokens of the longest, C classes or tags, K kinds of tags.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from upwell.model.network import Network
from upwell.model.reader import Reader
from upwell.model.state import State
from upwell.training.example_streams import Examples, ExampleSet
from upwell.training.objectives import Batch, Outcome

TOKENS_AT_ONCE = 8192
"""Tokens, padding among them, that are read together where nothing is learned."""


def read(network: Network, batch: Batch) -> Tensor:
    """What `network`, a reader, says of a batch: logits in fp32."""
    assert batch.lengths is not None
    return cast(Reader, network).read(batch.tokens, batch.lengths, concealed=batch.concealed).float()


class ReaderObjective(Protocol):
    """An objective that can also tell which answers are right."""

    def __call__(self, network: Network, batch: Batch, state: State = None) -> Outcome:
        """The loss of a batch, summed over what is asked."""

    def loss(self, logits: Tensor, batch: Batch) -> Outcome:
        """The same, of logits that `read` gave."""

    def num_right(self, logits: Tensor, batch: Batch) -> int:
        """Right answers among what is asked."""


@dataclass(frozen=True)
class TextClasses:
    """Cross-entropy of the class of each text; where a text may have several, of each of them being there or not."""

    smoothing: float = 0.0
    """Share of the probability that is wanted of all classes alike (Szegedy et al. 2016, section 7)."""

    def __call__(self, network: Network, batch: Batch, state: State = None) -> Outcome:
        """The loss of a batch, summed over its texts."""
        return self.loss(read(network, batch), batch)

    def loss(self, logits: Tensor, batch: Batch) -> Outcome:
        """The same, of logits (B, C)."""
        if batch.targets.is_floating_point():
            wanted = batch.targets + self.smoothing * (0.5 - batch.targets)
            loss = F.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
        else:
            loss = F.cross_entropy(logits, batch.targets, reduction="sum", label_smoothing=self.smoothing)
        return Outcome(loss, len(logits))

    def num_right(self, logits: Tensor, batch: Batch) -> int:
        """Texts with exactly their classes."""
        if batch.targets.is_floating_point():
            return int(((logits > 0) == (batch.targets > 0.5)).all(1).sum())
        return int((logits.argmax(1) == batch.targets).sum())


@dataclass(frozen=True)
class TokenTags:
    """Cross-entropy of the tag of each token that is asked, and of its tag of another kind where there is one."""

    number: int
    """Tags of the first kind: the first outputs of the network. The others are those of the other kind."""
    other_weight: float = 0.5
    """Of the other kind's loss: docs/experiments.md, "Taggers"."""

    def __call__(self, network: Network, batch: Batch, state: State = None) -> Outcome:
        """The loss of a batch, summed over its tokens; targets (B, T, K), of one kind or two."""
        return self.loss(read(network, batch), batch)

    def loss(self, logits: Tensor, batch: Batch) -> Outcome:
        """The same, of logits (B, T, C)."""
        loss = _tag_loss(logits[..., : self.number], batch.targets[..., 0])
        if batch.targets.shape[2] > 1:
            loss = loss + self.other_weight * _tag_loss(logits[..., self.number :], batch.targets[..., 1])
        return Outcome(loss, float((batch.targets[..., 0] >= 0).sum()))

    def num_right(self, logits: Tensor, batch: Batch) -> int:
        """Tokens with their tag of the first kind."""
        return int((logits[..., : self.number].argmax(2) == batch.targets[..., 0]).sum())


def _tag_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Summed over the targets (B, T) that are not below 0."""
    asked = (targets.flatten() >= 0).nonzero()[:, 0]
    return F.cross_entropy(logits.flatten(0, 1)[asked], targets.flatten()[asked], reduction="sum")


def batches(examples: ExampleSet) -> Iterator[npt.NDArray[np.int64]]:
    """Numbers of the examples, those of like length together, as many at once as have TOKENS_AT_ONCE tokens."""
    lengths = examples.lengths
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        rows = max(1, TOKENS_AT_ONCE // int(lengths[order[start]]))
        yield order[start : start + rows]
        start += rows


@torch.inference_mode()
def read_all(network: Network, examples: Examples) -> list[npt.NDArray[np.float32]]:
    """What a reader, in the mode it is in, says of each example: logits (C,) or (T, C)."""
    device = next(network.parameters()).device
    found: list[Any] = [None] * len(examples)
    for numbers in batches(examples):
        batch = examples.batch(numbers).to(device)
        assert batch.lengths is not None
        logits = read(network, batch).cpu().numpy()
        for number, said, length in zip(numbers, logits, batch.lengths.tolist(), strict=True):
            found[number] = said if network.config.head == "classes" else said[:length]
    return found


@dataclass(frozen=True)
class ReaderScore:
    """How well a reader does on held-out examples."""

    loss: float
    """Nats for each thing that was asked."""
    accuracy: float
    """Share of right answers: texts with exactly their classes, tokens with their tag."""
    asked: int
    """Texts, or tokens."""

    @property
    def criterion(self) -> float:
        """The share of wrong answers, of equal shares the lesser loss: a network that grows too sure may still be right."""
        return 1 - self.accuracy + 1e-6 * self.loss

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {"loss": self.loss, "accuracy": self.accuracy, "asked": self.asked}


@dataclass(frozen=True)
class ReaderJudge:
    """Held-out examples to judge a reader by."""

    examples: Examples
    objective: ReaderObjective

    @property
    def num_tokens(self) -> int:
        """Tokens that one validation reads."""
        return int(self.examples.lengths.sum())

    @torch.inference_mode()
    def __call__(self, network: Network) -> ReaderScore:
        """Judge `network`, in the mode it is in."""
        device = next(network.parameters()).device
        loss = right = asked = 0.0
        for numbers in batches(self.examples):
            batch = self.examples.batch(numbers).to(device)
            logits = read(network, batch)
            outcome = self.objective.loss(logits, batch)
            loss += float(outcome.loss)
            asked += outcome.count
            right += self.objective.num_right(logits, batch)
        return ReaderScore(loss / asked, right / asked, int(asked))
