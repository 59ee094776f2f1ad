"""How well a network predicts a text: every token of it once, each with context behind it.

Shapes: R rows, T tokens of a window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from upwell.model.network import Network
from upwell.model.state import reset_rows
from upwell.model.stepping import Stepper
from upwell.training.cross_entropy import linear_cross_entropy

SEGMENT = 4096
"""Tokens that one row reads in a stretch where the state is carried."""
WARM = 256
"""Tokens a carried state reads before the first one that counts."""
MAX_ROWS = 64
LOGIT_ROWS = 512
"""Tokens whose logits a stepper gives at once."""


class Judgement(Protocol):
    """What a validation found."""

    @property
    def criterion(self) -> float:
        """The lower, the better: decides which weights are kept."""

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""


class Judge(Protocol):
    """Something to validate on; called with a network, in the mode it is in, it gives a judgement."""

    @property
    def num_tokens(self) -> int:
        """Tokens that one validation reads."""

    def __call__(self, network: Network) -> Judgement:
        """Judge `network`."""


@dataclass(frozen=True)
class Score:
    """Loss of a network on a text."""

    nats: float
    """Sum over all tokens, end-of-text tokens included."""
    tokens: int
    num_bytes: int
    """UTF-8 bytes of the text."""
    num_words: int

    @property
    def criterion(self) -> float:
        """Bits per byte."""
        return self.bits_per_byte

    @property
    def loss(self) -> float:
        """Nats per token."""
        return self.nats / self.tokens

    @property
    def bits_per_byte(self) -> float:
        """Bits per UTF-8 byte of text: comparable over tokenizers."""
        return self.nats / math.log(2) / self.num_bytes

    @property
    def word_perplexity(self) -> float:
        """exp of the nats per word."""
        return math.exp(min(700.0, self.nats / max(1, self.num_words)))

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "loss": self.loss,
            "bits_per_byte": self.bits_per_byte,
            "word_perplexity": self.word_perplexity,
            "tokens": self.tokens,
            "bytes": self.num_bytes,
        }


@dataclass(frozen=True)
class Validation:
    """A text to validate on; called with a network it gives the score on the whole of it."""

    tokens: npt.NDArray[np.unsignedinteger]
    """(N,) token ids."""
    first: int
    """The token before the first: end-of-text."""
    num_bytes: int
    num_words: int

    @property
    def num_tokens(self) -> int:
        """Predictions of one validation."""
        return len(self.tokens)

    def __call__(self, network: Network | Stepper) -> Score:
        """Score `network`, in the mode it is in, on all of the text."""
        nats = stream_nats(network, self.tokens, self.first)
        return Score(nats, len(self.tokens), self.num_bytes, self.num_words)


@torch.inference_mode()
def stream_nats(network: Network | Stepper, tokens: npt.NDArray[np.unsignedinteger], first: int) -> float:
    """Sum of -log p over all of `tokens` (N,), the first one read after the token `first`, in nats.

    Where every block carries its state, the text is cut into a few long segments, each warmed with the tokens before
    it; otherwise into half contexts, each behind the half before it. The network is used in the mode it is in.
    """
    device = network.device
    if network.carries_all:
        segment, warm, window = SEGMENT, WARM, 256
    else:
        segment = warm = window = max(1, network.config.context // 2)
    total = 0.0
    num_segments = math.ceil(len(tokens) / segment)
    for row in range(0, num_segments, MAX_ROWS):
        starts = np.arange(row, min(row + MAX_ROWS, num_segments)) * segment
        # Token i is read at place i of `inputs`, whose place 0 is `first`; places before it are read and then forgotten.
        state = None
        for begin in range(-warm, 0, window):
            state = network.hidden(_inputs(tokens, first, starts, begin, min(0, begin + window), device), state)[1]
        state = reset_rows(state, torch.from_numpy(starts == 0).to(device))
        longest = min(segment, len(tokens) - int(starts[0]))
        for begin in range(0, longest, window):
            end = min(begin + window, longest)
            hidden, state = network.hidden(_inputs(tokens, first, starts, begin, end, device), state)  # (R, T, D)
            index = starts[:, None] + np.arange(begin, end)
            targets = torch.from_numpy(tokens[np.minimum(index, len(tokens) - 1)].astype(np.int64)).to(device)
            inside = torch.from_numpy((index < len(tokens)).ravel()).to(device)
            total += _nats(network, hidden.flatten(0, 1), targets.flatten(), inside)
    return total


def _nats(network: Network | Stepper, hidden: torch.Tensor, targets: torch.Tensor, inside: torch.Tensor) -> float:
    """Sum of -log p of the `targets` (R,) that are `inside` (R,), behind `hidden` (R, E)."""
    if isinstance(network, Network):
        return float(linear_cross_entropy(hidden, network.head(), targets, inside.float()))
    hidden, targets = hidden[inside], targets[inside]
    pieces = [slice(begin, begin + LOGIT_ROWS) for begin in range(0, len(hidden), LOGIT_ROWS)]
    losses = [
        torch.nn.functional.cross_entropy(network.logits(hidden[piece]), targets[piece], reduction="sum")
        for piece in pieces
    ]
    return sum(float(loss) for loss in losses)


def _inputs(
    tokens: npt.NDArray[np.unsignedinteger],
    first: int,
    starts: npt.NDArray[np.int64],
    begin: int,
    end: int,
    device: torch.device,
) -> torch.Tensor:
    """Tokens read at places begin..end of each segment: those one before the ones predicted there."""
    index = starts[:, None] + np.arange(begin, end) - 1
    ids = tokens[np.clip(index, 0, len(tokens) - 1)].astype(np.int64)
    ids[index < 0] = first
    return torch.from_numpy(ids).to(device)
