"""What may come next in a beam search: beams joined with tokens, the likeliest found without sorting a vocabulary.

Shapes: A sources, W beams each, R = A * W, K candidates of a beam, V vocabulary.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 64
"""Tokens whose maximum is taken first; blocks that cannot hold one of the likeliest are not looked at again."""
SMALL = 512
"""Up to so many tokens are looked at at once."""


class Candidates:
    """The likeliest tokens behind each beam, with the log-probabilities of the longer texts."""

    def __init__(
        self, logits: Tensor, totals: Tensor, width: int, *, forbidden: Tensor | None = None, closed: int | None = None
    ) -> None:
        """Of `logits` (A * W, V) fp32 behind beams of log-probabilities `totals` (A, W) fp64, -inf where there is no beam.

        Without the tokens `forbidden` (V,) bool and `closed`, whose probabilities go to no one else.
        """
        self.totals, self.width = totals, width
        self._log_probabilities = logits.log_softmax(1)  # faster than logsumexp, which is not one kernel
        if forbidden is not None:
            logits = logits.masked_fill(forbidden, -torch.inf)
        if closed is not None:
            logits = logits.index_fill(1, torch.tensor([closed], device=logits.device), -torch.inf)
        values, self.tokens = likeliest(logits, min(width, logits.shape[1]))  # (R, K)
        found = self._log_probabilities.gather(1, self.tokens).masked_fill(values == -torch.inf, -torch.inf)
        self.sums = totals.reshape(-1, 1) + found.double()  # (R, K)

    def best(self) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities, beams and tokens (A, width) of the best longer texts, the best first; of equal ones that of the
        earlier beam, then of the likelier token, then of the lower id. -inf where there are not as many.
        """
        sources, candidates = len(self.totals), self.tokens.shape[1]
        sums = self.sums.view(sources, -1)
        sums = F.pad(sums, (0, max(0, self.width - sums.shape[1])), value=-torch.inf)
        totals, places = (part[:, : self.width] for part in sums.sort(dim=1, descending=True, stable=True))
        places = places.clamp(max=self.totals.shape[1] * candidates - 1)
        return totals, places // candidates, self.tokens.view(sources, -1).gather(1, places)

    def of(self, rows: Tensor, tokens: Tensor) -> Tensor:
        """Log-probabilities (N,) of the texts of beams `rows` (N,) with `tokens` (N,), which may come, behind them."""
        return self.totals.reshape(-1)[rows] + self._log_probabilities[rows, tokens].double()


def likeliest(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Logits and ids (R, k) of the k <= V likeliest tokens of `logits` (R, V) fp32, the likeliest first.

    Of equal logits the lower id comes first, also where only some of them find a place: as argmax takes them, and unlike
    torch.topk, whose choice among equals is anyone's.
    """
    size = logits.shape[1]
    if size <= max(SMALL, 4 * BLOCK * (k + 1)):
        return _exact(logits, k)
    whole = size // BLOCK * BLOCK
    maxima = logits[:, :whole].reshape(len(logits), -1, BLOCK).amax(2)  # (R, V / BLOCK)
    if whole < size:
        maxima = torch.cat([maxima, logits[:, whole:].amax(1, keepdim=True)], 1)
    blocks = maxima.topk(
        k + 1, dim=1
    ).indices  # the k + 1 highest values are in them, whichever of equal ones these are
    inside = (blocks[:, :, None] * BLOCK + torch.arange(BLOCK, device=logits.device)).flatten(1)  # (R, (k + 1) * BLOCK)
    values = logits.gather(1, inside.clamp(max=size - 1)).masked_fill(inside >= size, -torch.inf)
    values, places = values.topk(k + 1, dim=1)
    if bool((values[:, :-1] == values[:, 1:]).any()):
        return _exact(logits, k)
    return values[:, :k], inside.gather(1, places[:, :k])


def _exact(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    bits = (logits + 0.0).view(torch.int32).long()  # + 0.0: -0.0 is 0.0
    ordered = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits)  # as the logits are
    numbers = torch.arange(logits.shape[1], device=logits.device)
    keys = (ordered << 32) | (0xFFFFFFFF - numbers)  # no two are equal
    tokens = 0xFFFFFFFF - (keys.topk(k, dim=1).values & 0xFFFFFFFF)
    return logits.gather(1, tokens), tokens
