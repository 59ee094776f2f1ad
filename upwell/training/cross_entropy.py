"""Cross-entropy of a linear head over chunks of rows: loss and gradients in one pass, without (N, V) logits in fp32.

What F.cross_entropy keeps, logits and probabilities in fp32, is most of a step's memory where the vocabulary is large.
Here logits of a few rows are made in the compute dtype and become, in place, the gradient of the logits, from which the
gradients of hidden rows and head follow at once (as in Liger, Hsu et al. 2024; Wijmans et al. 2024). The softmax is
taken over still fewer rows, in fp32, so that its passes stay in the cache.

Shapes: N rows, D width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

CHUNK = 1 << 23
"""Most logits at once."""
SLICE = 1 << 18
"""Most logits at once in fp32 on a CPU: 1 MB. A GPU takes a whole chunk."""


def linear_cross_entropy(
    hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor | None = None, *, smoothing: float = 0.0
) -> Tensor:
    """Sum over rows of weight times -log softmax(head hidden)[target], in nats, an fp32 scalar.

    Arguments: `hidden` (N, D) and `head` (V, D) of one dtype, `targets` (N,) int64, `weights` (N,) fp32 or None for ones;
    `smoothing`, the share of the probability that is wanted of all V alike (Szegedy et al. 2016, section 7).
    Rows of weight 0 cost nothing.
    """
    if weights is not None:
        kept = weights.nonzero()[:, 0]
        if len(kept) < len(weights):
            hidden, targets, weights = hidden[kept], targets[kept], weights[kept]
    return _LinearCrossEntropy.apply(hidden, head, targets, weights, smoothing, torch.is_grad_enabled())  # type: ignore[no-untyped-call, no-any-return]


def _losses(
    logits: Tensor, targets: Tensor, weights: Tensor | None, smoothing: float, *, differentiate: bool
) -> Tensor:
    """Weighted loss (N,) of each row of `logits` (N, V), which become the gradient of their sum."""
    wide = logits if logits.dtype == torch.float64 else logits.float()  # the same memory in fp32
    peak = wide.amax(1, keepdim=True)
    chosen = wide.gather(1, targets[:, None]).sub_(peak)
    if smoothing:
        chosen.lerp_(wide.mean(1, keepdim=True).sub_(peak), smoothing)
    shares = wide.sub_(peak).exp_()
    total = shares.sum(1, keepdim=True)
    losses = total.log().sub_(chosen)[:, 0]
    if weights is not None:
        losses.mul_(weights)
    if differentiate:
        scale = total.reciprocal_() if weights is None else weights[:, None] / total
        shares.mul_(scale)
        one = torch.ones_like(losses) if weights is None else weights
        wanted = -one[:, None].to(shares.dtype)
        if smoothing:
            shares.add_(wanted * (smoothing / shares.shape[1]))
            wanted = wanted * (1 - smoothing)
        shares.scatter_add_(1, targets[:, None], wanted)
        if shares.data_ptr() != logits.data_ptr():
            logits.copy_(shares)
    return losses


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        head: Tensor,
        targets: Tensor,
        weights: Tensor | None,
        smoothing: float,
        differentiate: bool,
    ) -> Tensor:
        vocabulary = len(head)
        rows = max(1, CHUNK // vocabulary)
        few = max(1, SLICE // vocabulary) if hidden.device.type == "cpu" else rows
        wide = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        loss = torch.zeros((), dtype=wide, device=hidden.device)
        for_hidden = torch.empty_like(hidden) if differentiate else None
        for_head = None
        for start in range(0, len(hidden), rows):
            part = slice(start, start + rows)
            logits = hidden[part] @ head.T  # (rows, V)
            for first in range(0, len(logits), few):
                inner = slice(start + first, min(start + first + few, start + len(logits)))
                given = None if weights is None else weights[inner]
                piece = logits[first : first + few]
                loss += _losses(piece, targets[inner], given, smoothing, differentiate=differentiate).sum()
            if for_hidden is not None:
                torch.mm(logits, head, out=for_hidden[part])
                product = logits.T @ hidden[part]
                if for_head is None:
                    for_head = product if rows >= len(hidden) else product.to(wide)
                else:
                    for_head += product
        if differentiate:
            gradient = torch.zeros_like(head) if for_head is None else for_head.to(head.dtype)
            ctx.save_for_backward(for_hidden, gradient)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        for_hidden, for_head = ctx.saved_tensors
        if float(gradient) != 1:
            for_hidden, for_head = for_hidden * gradient.to(for_hidden.dtype), for_head * gradient.to(for_head.dtype)
        return for_hidden, for_head, None, None, None, None
