"""A bound on how much is at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from upwell.generation.batching import Busy


class Room:
    """So many may be inside at a time."""

    def __init__(self, size: int) -> None:
        self.size, self.taken = size, 0

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Be inside; Busy where it is full."""
        if self.taken >= self.size:
            raise Busy
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
