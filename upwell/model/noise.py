"""Where dropout gets its randomness: a generator of the surrounding `noise` block, one per thread.

torch's global generator is shared by all threads, so workers that draw from it would depend on who comes first. Inside
`noise(seed)` every mask is drawn from a generator of that seed alone; outside, from torch's global one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

_generator: ContextVar[torch.Generator | None] = ContextVar("generator", default=None)


@contextmanager
def noise(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Draw all masks inside the block, in this thread, from a fresh generator of `seed` on `device`."""
    token = _generator.set(torch.Generator(device).manual_seed(seed))
    try:
        yield
    finally:
        _generator.reset(token)


def keep_mask(like: Tensor, shape: tuple[int, ...], probability: float) -> Tensor:
    """Factors of `shape`, dtype and device as `like`: 0 with `probability`, otherwise 1 / (1 - probability)."""
    mask = torch.empty(shape, dtype=like.dtype, device=like.device)
    return mask.bernoulli_(1 - probability, generator=_generator.get()).div_(1 - probability)
