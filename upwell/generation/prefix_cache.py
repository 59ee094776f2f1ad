"""States after texts that were read before, so that a text which grows is not read anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from upwell.model.state import State, num_bytes, snapshot, trim


class PrefixCache:
    """Token ids to the state of one row after them; the least recently used are dropped beyond `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._states: OrderedDict[bytes, State] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def add(self, tokens: Sequence[int], state: State) -> None:
        """Keep a copy of `state` (one row), which comes after all of `tokens`; what alone is too large is not kept."""
        key = _key(tokens)
        if key in self._states:
            self._states.move_to_end(key)
            return
        kept = snapshot(trim(state))
        size = _size(key, kept)
        if size > self.max_bytes:
            return
        self._states[key] = kept
        self.bytes += size
        while self.bytes > self.max_bytes:
            dropped, old = self._states.popitem(last=False)
            self.bytes -= _size(dropped, old)

    def longest(self, tokens: Sequence[int]) -> tuple[int, State]:
        """The most tokens at the beginning of `tokens` whose state is known, and that state; 0 and None where none is."""
        wanted = _key(tokens)
        key = max(filter(wanted.startswith, self._states), key=len, default=None)
        if key is None:
            return 0, None
        self._states.move_to_end(key)
        return len(key) // np.dtype(np.int32).itemsize, self._states[key]


def _key(tokens: Sequence[int]) -> bytes:
    return np.array(tokens, np.int32).tobytes()  # so that a longer text is compared in one call


def _size(key: bytes, state: State) -> int:
    return len(key) + num_bytes(state)
