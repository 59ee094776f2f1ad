"""What a network carries from one call to the next, as a plain tree of tensors, batch first.

Recurrent mixers carry hidden vectors, attention a cache of keys and values; both are a tree of dicts and tuples whose
leaves have one row per sequence. Beam search, batching, prefix caches, speculative decoding and carried training state
use these functions and nothing else. Caches are right-aligned along their second axis, so rows of unequal length meet
by padding on the left; a cache's `length` leaf tells how much of each row is real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

State = Any
"""A tree: None, a tensor (B, ...), or a dict or tuple of trees."""


def map_state(function: Callable[[Tensor], Tensor], state: State) -> State:
    """The same tree with `function` applied to every tensor."""
    if state is None:
        return None
    if isinstance(state, Tensor):
        return function(state)
    if isinstance(state, dict):
        return {key: map_state(function, value) for key, value in state.items()}
    return tuple(map_state(function, value) for value in state)


def leaves(state: State, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """Pairs of path (`0.mixer.h`) and tensor, in a fixed order."""
    if isinstance(state, Tensor):
        yield prefix, state
    elif state is not None:
        pairs = state.items() if isinstance(state, dict) else enumerate(state)
        for key, value in pairs:
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))


def from_leaves(template: State, tensors: dict[str, Tensor], prefix: str = "") -> State:
    """The tree shaped like `template` whose tensors are looked up by path; the inverse of `leaves`."""
    if template is None:
        return None
    if isinstance(template, Tensor):
        return tensors[prefix]
    if isinstance(template, dict):
        return {k: from_leaves(v, tensors, f"{prefix}.{k}" if prefix else str(k)) for k, v in template.items()}
    return tuple(from_leaves(v, tensors, f"{prefix}.{i}" if prefix else str(i)) for i, v in enumerate(template))


def detach(state: State) -> State:
    """The same values, cut from the graph that made them."""
    return map_state(Tensor.detach, state)


def snapshot(state: State) -> State:
    """A copy that later in-place changes cannot reach; going back to it is using it."""
    return map_state(lambda leaf: leaf.detach().clone(), state)


def move(state: State, device: torch.device | str) -> State:
    """The same tree on another device."""
    return map_state(lambda leaf: leaf.to(device), state)


def select(state: State, rows: Tensor | Sequence[int]) -> State:
    """The named rows, in that order; a row may be named more than once."""

    def pick(leaf: Tensor) -> Tensor:
        return leaf.index_select(0, torch.as_tensor(rows, dtype=torch.int64, device=leaf.device))

    return map_state(pick, state)


def select_changed(state: State, before: State, rows: Tensor) -> State:
    """As `select`, but a tensor that stands in `before` too, at the same place, stays as it is.

    For an order in which rows change places only with such as have read the same source: where they hold what was read of it,
    and steps hand that on, they are equal.
    """
    if state is None or state is before:
        return state
    if isinstance(state, Tensor):
        return state.index_select(0, rows)
    if isinstance(state, dict):
        return {key: select_changed(value, before[key], rows) for key, value in state.items()}
    return tuple(select_changed(value, old, rows) for value, old in zip(state, before, strict=True))


def split(state: State, sizes: Sequence[int]) -> list[State]:
    """Consecutive groups of rows; `sizes` add up to the batch."""
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [
        map_state(lambda leaf, start=start, size=size: leaf[start : start + size], state)  # type: ignore[misc]
        for start, size in zip(starts, sizes, strict=True)
    ]


def concat(states: Sequence[State]) -> State:
    """All rows of several states as one batch; caches of unequal length are padded on the left."""
    first = states[0]
    if first is None:
        return None
    if isinstance(first, Tensor):
        longest = max(leaf.shape[1] for leaf in states) if first.ndim > 1 else 0
        return torch.cat([_pad_left(leaf, longest) for leaf in states])
    if isinstance(first, dict):
        return {key: concat([state[key] for state in states]) for key in first}
    return tuple(concat(list(parts)) for parts in zip(*states, strict=True))


def trim(state: State) -> State:
    """Caches without the slots on the left that no row uses any more; rows leave and join, and the longest may be gone."""
    if state is None or isinstance(state, Tensor):
        return state
    if not isinstance(state, dict):
        return tuple(trim(part) for part in state)
    if "length" not in state:
        return {key: trim(part) for key, part in state.items()}
    longest = int(state["length"].max())
    return {key: leaf[:, -longest:] if leaf.ndim > 1 and longest else leaf for key, leaf in state.items()}


def shorten(state: State, before: State, read: int, kept: int) -> State:
    """The state after the first `kept` of `read` tokens that led from `before` to `state`, if all of it is caches that lost
    nothing on the way; None where it cannot be told, as of hidden vectors, so that these tokens must be read again.

    None of the tokens that stay begins a document.
    """
    if isinstance(state, dict) and state.keys() == {"key", "value", "length"}:
        if state["key"].shape[1] != before["key"].shape[1] + read:
            return None
        end = state["key"].shape[1] - read + kept
        return {"key": state["key"][:, :end], "value": state["value"][:, :end], "length": before["length"] + kept}
    if isinstance(state, Tensor) or state is None:
        return None
    pairs = state.items() if isinstance(state, dict) else enumerate(state)
    found = {key: shorten(part, before[key], read, kept) for key, part in pairs}
    if any(part is None for part in found.values()):
        return None
    return found if isinstance(state, dict) else tuple(found.values())


def reset_rows(state: State, rows: Tensor) -> State:
    """Rows where the boolean `rows` (B,) is true go back to zero, the initial state of every mixer."""

    def clear(leaf: Tensor) -> Tensor:
        return leaf.masked_fill(rows.view(-1, *[1] * (leaf.ndim - 1)), 0)

    return map_state(clear, state)


def num_bytes(state: State) -> int:
    """Memory of all tensors, bytes."""
    return sum(leaf.numel() * leaf.element_size() for _, leaf in leaves(state))


def _pad_left(leaf: Tensor, longest: int) -> Tensor:
    if leaf.ndim < 2 or leaf.shape[1] == longest:
        return leaf
    return F.pad(leaf, [0, 0] * (leaf.ndim - 2) + [longest - leaf.shape[1], 0])
