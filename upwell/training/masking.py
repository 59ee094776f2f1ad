"""Masked tokens: a network that reads both ways learns of texts alone, without labels, by telling what was hidden (Devlin et al. 2019).

Of the tokens of a text 15% are asked. Of these four in five are not shown at all, one in ten is replaced by another token, and
one in ten stays, so that no token can be passed over as certain.

Shapes: B texts, T tokens of the longest, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from upwell.model.network import Network
from upwell.model.state import State
from upwell.training.cross_entropy import linear_cross_entropy
from upwell.training.example_streams import Examples, ExampleStream
from upwell.training.objectives import Batch, Outcome
from upwell.training.reading import ReaderScore, batches

ASKED = 0.15
"""Share of the tokens that are asked."""
CONCEALED, REPLACED = 0.8, 0.1
"""Shares of these that are not shown, and that are shown as another token."""


def mask(batch: Batch, drawn: npt.NDArray[np.float32], vocab_size: int) -> Batch:
    """The same texts with tokens to be told: targets (B, T), below 0 where none is asked. `drawn` (B, T, 2) in [0, 1)."""
    assert batch.lengths is not None
    inside = torch.arange(batch.tokens.shape[1]) < batch.lengths[:, None]
    place = torch.from_numpy(drawn[..., 0]) / ASKED  # below 1: asked; where in [0, 1) it is says how
    asked = (place < 1) & inside
    replaced = asked & (place >= CONCEALED) & (place < CONCEALED + REPLACED)
    others = torch.from_numpy((drawn[..., 1] * vocab_size).astype(np.int64))
    return replace(
        batch,
        tokens=torch.where(replaced, others, batch.tokens),
        targets=torch.where(asked, batch.tokens, -1),
        concealed=asked & (place < CONCEALED),
    )


class MaskedStream(ExampleStream[Examples]):
    """Texts in batches, each time with other tokens hidden."""

    def __init__(self, examples: Examples, rows: int, seed: int, *, vocab_size: int) -> None:
        super().__init__(examples, rows, seed)
        self.vocab_size = vocab_size

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        batch = super().batch(step, rank=rank, world=world)
        share = self.rows // world
        longest = int(self._lengths[self._chosen(step)].max())  # of all processes
        drawn = np.random.default_rng((self.seed, step, 2)).random((self.rows, longest, 2), np.float32)
        return mask(batch, drawn[rank * share : (rank + 1) * share, : batch.tokens.shape[1]], self.vocab_size)


class MaskedTokens:
    """Cross-entropy of each token that is asked, L = -sum log p(token), in nats."""

    def __call__(self, network: Network, batch: Batch, state: State = None) -> Outcome:
        """The loss of a batch, summed over the tokens that are asked."""
        hidden, asked, targets = hidden_of_asked(network, batch)
        return Outcome(linear_cross_entropy(hidden[asked], network.head(), targets, None), len(targets))


def hidden_of_asked(network: Network, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """All hidden vectors (B T, D), which of them are asked (A,), and the tokens that should be told (A,)."""
    hidden, _ = network.hidden(batch.tokens, lengths=batch.lengths, concealed=batch.concealed)
    targets = batch.targets.flatten()
    asked = (targets >= 0).nonzero()[:, 0]
    return hidden.flatten(0, 1), asked, targets[asked]


@dataclass(frozen=True)
class MaskedScore(ReaderScore):
    """How well masked tokens are told."""

    @property
    def criterion(self) -> float:
        """The loss."""
        return self.loss


@dataclass(frozen=True)
class MaskedJudge:
    """Held-out texts, always with the same tokens hidden."""

    examples: Examples

    @property
    def num_tokens(self) -> int:
        """Tokens that one validation reads."""
        return int(self.examples.lengths.sum())

    @torch.inference_mode()
    def __call__(self, network: Network) -> MaskedScore:
        """Judge `network`, in the mode it is in."""
        loss = right = asked = 0.0
        for _, _, nats, hits in self.told(network):
            loss, right, asked = loss + float(nats.sum()), right + float(hits.sum()), asked + len(nats)
        return MaskedScore(loss / max(1.0, asked), right / max(1.0, asked), int(asked))

    @torch.inference_mode()
    def told(self, network: Network) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Tensor, Tensor]]:
        """Of batch after batch: of which text each token that is asked is (A,), the token (A,), its nats (A,), and whether it
        is told (A,).
        """
        device = next(network.parameters()).device
        for numbers in batches(self.examples):
            plain = self.examples.batch(numbers)
            drawn = np.stack(
                [
                    np.random.default_rng((3, number)).random((plain.tokens.shape[1], 2), np.float32)
                    for number in numbers
                ]
            )
            batch = mask(plain, drawn, network.config.vocab_size).to(device)
            hidden, asked, targets = hidden_of_asked(network, batch)
            logits = network.logits(hidden[asked]).float()
            nats = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
            rows = numbers[(asked // batch.tokens.shape[1]).cpu().numpy()]
            yield rows, targets.cpu().numpy(), nats.cpu(), (logits.argmax(1) == targets).cpu()
