"""Batches from a token store, in an order fixed by the seed alone: a resumed run reads on at the same token.

A `TokenStream` gives contiguous rows that can carry state: every epoch lays the stream, taken as a circle, out in `rows`
stretches of equal length from a random starting point; window after window walks down all of them at once.
`DocumentWindows` puts whole documents into windows, for networks that see nothing before a window.

Shapes: B rows, T tokens of a window.
"""

from __future__ import annotations

import bisect
import itertools
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from upwell.errors import UserError
from upwell.text.stores import TokenStore
from upwell.training.objectives import Batch
from upwell.training.recipe import Recipe

CHUNK = 1 << 16
"""Documents that are looked at together when windows are filled."""

Tokens = npt.NDArray[np.unsignedinteger]
Prompts = npt.NDArray[np.uint8]


class Stream(Protocol):
    """Batches by number."""

    @property
    def windows(self) -> int:
        """Batches per epoch."""

    def position(self, step: int) -> tuple[int, int]:
        """Epoch and window of batch number `step`, from 0."""

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""


@dataclass(frozen=True)
class TokenStream:
    """Windows over a stream of token ids."""

    tokens: Tokens
    """(N,) ids, memory-mapped or not."""
    rows: int
    """Stretches read side by side, B."""
    length: int
    """Tokens per window, T."""
    seed: int
    first: int | None = None
    """Id that stands before the beginning of a text: end-of-text. None: no row ever begins anew."""
    fresh: float = 1 / 32
    """Share of windows before which a row forgets its past."""
    prompts: Prompts | None = None
    """(N,) 1 for tokens of a prompt."""
    prompt_share: float = 1.0
    """Share of the tokens of prompts that are asked, drawn anew in each batch; the others have no weight in the loss."""

    def __post_init__(self) -> None:
        assert self.windows >= 1, "rows * length must not exceed the tokens there are"

    @property
    def windows(self) -> int:
        """Windows per epoch; the remainder of fewer than B * T tokens is left out, another one each epoch."""
        return len(self.tokens) // self.rows // self.length

    def position(self, step: int) -> tuple[int, int]:
        """Epoch and window of batch number `step`, from 0."""
        return divmod(step, self.windows)

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        epoch, window = self.position(step)
        origin = int(np.random.default_rng((self.seed, epoch)).integers(len(self.tokens)))
        stretch = len(self.tokens) // self.rows
        share = self.rows // world
        starts = origin + stretch * np.arange(rank * share, (rank + 1) * share) + window * self.length
        index = (starts[:, None] + np.arange(self.length + 1)) % len(self.tokens)
        ids = self.tokens[index].astype(np.int64)
        weights = None
        if self.prompts is not None and self.prompt_share < 1:
            drawn = _draws(self.seed, step, self.rows, self.length)[rank * share : (rank + 1) * share]
            weights = _weights(self.prompts[index[:, 1:]], drawn, self.prompt_share)
        if self.first is None:
            return Batch(torch.from_numpy(ids[:, :-1]), torch.from_numpy(ids[:, 1:]), weights)
        # A long text has one beginning; a prompt has one each time. So some rows begin anew, behind the token that
        # stands before every text, or a network would meet its initial state a few times an epoch only.
        draws = np.random.default_rng((self.seed, epoch, 1 + window)).random(self.rows)[
            rank * share : (rank + 1) * share
        ]
        fresh = (draws < self.fresh) | (window == 0)
        ids[fresh, 0] = self.first
        return Batch(torch.from_numpy(ids[:, :-1]), torch.from_numpy(ids[:, 1:]), weights, torch.from_numpy(fresh))


class DocumentWindows:
    """Windows that begin with a document and hold as many whole ones as fit; longer documents fill windows of their own.

    Documents are put into windows once, by best fit among a few that are open, in the order of the text; every epoch
    takes the windows in another order. What a window lacks is padding of weight 0.
    """

    OPEN = 32
    """Windows that are filled side by side."""

    def __init__(
        self,
        tokens: Tokens,
        offsets: npt.NDArray[np.int64],
        rows: int,
        length: int,
        seed: int,
        *,
        first: int,
        prompts: Prompts | None = None,
        prompt_share: float = 1.0,
    ) -> None:
        """`tokens` (N,) with documents at `offsets` (documents + 1,); `first` is read before each window."""
        self.tokens, self.rows, self.length, self.seed = tokens, rows, length, seed
        self.first, self.prompts, self.prompt_share = first, prompts, prompt_share
        self.parts, self.bounds = pack(offsets, length, self.OPEN)
        self._epoch = -1
        self._windows = np.empty(0, np.int64)
        assert self.windows >= 1, "rows must not exceed the windows there are"

    @property
    def windows(self) -> int:
        """Batches per epoch."""
        return (len(self.bounds) - 1) // self.rows

    def position(self, step: int) -> tuple[int, int]:
        """Epoch and window of batch number `step`, from 0."""
        return divmod(step, self.windows)

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        epoch, window = self.position(step)
        share = self.rows // world
        start = window * self.rows + rank * share
        chosen = self._order(epoch)[start : start + share]
        ids = np.full((share, self.length + 1), self.first, np.int64)
        inside = np.zeros((share, self.length), bool)
        given = np.zeros((share, self.length), np.uint8)
        for row, number in enumerate(chosen):
            place = 0
            for begin, end in self.parts[self.bounds[number] : self.bounds[number + 1]]:
                size = end - begin
                ids[row, place + 1 : place + size + 1] = self.tokens[begin:end]
                inside[row, place : place + size] = True
                if self.prompts is not None:
                    given[row, place : place + size] = self.prompts[begin:end]
                place += size
        drawn = _draws(self.seed, step, self.rows, self.length)[rank * share : (rank + 1) * share]
        weights = _weights(given, drawn, self.prompt_share) * torch.from_numpy(inside)
        return Batch(torch.from_numpy(ids[:, :-1]), torch.from_numpy(ids[:, 1:]), weights)

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        if self._epoch != epoch:
            self._epoch = epoch
            self._windows = np.random.default_rng((self.seed, epoch)).permutation(len(self.bounds) - 1)
        return self._windows


def _draws(seed: int, step: int, rows: int, length: int) -> npt.NDArray[np.float32]:
    """Numbers in [0, 1) for every position of a batch, the same in all processes."""
    return np.random.default_rng((seed, step, 2)).random((rows, length), np.float32)


def _weights(given: Prompts, drawn: npt.NDArray[np.float32], share: float) -> torch.Tensor:
    """1 for what is to be learned and for a drawn share of what is given, else 0."""
    return torch.from_numpy(((given == 0) | (drawn < share)).astype(np.float32))


def pack(
    offsets: npt.NDArray[np.int64], length: int, num_open: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Whole documents in windows of `length` tokens: parts (P, 2) of the text, and where each window's parts begin.

    `offsets` (documents + 1,). A document goes into the open window where it leaves least room; of `num_open` windows
    the fullest is closed for a new one. What is longer than a window is cut.
    """
    room: list[int] = []  # of the open windows, rising
    filled: list[list[int]] = []  # begin, end, begin, end, … of the parts of each
    closed, bounds = array("q"), array("q", [0])

    def close(parts: list[int]) -> None:
        closed.extend(parts)
        bounds.append(len(closed) // 2)

    for first in range(0, len(offsets) - 1, CHUNK):
        some = offsets[first : first + CHUNK + 1].tolist()
        for start, stop in itertools.pairwise(some):
            for begin in range(start, stop, length):
                end = min(stop, begin + length)
                size = end - begin
                place = bisect.bisect_left(room, size)
                fits = place < len(room)
                left, parts = (room.pop(place) - size, filled.pop(place)) if fits else (length - size, [])
                parts += begin, end
                place = bisect.bisect_left(room, left)
                room.insert(place, left)
                filled.insert(place, parts)
                if len(room) > num_open:
                    room.pop(0)
                    close(filled.pop(0))
    for parts in filled:
        close(parts)
    return np.array(closed, np.int64).reshape(-1, 2), np.array(bounds, np.int64)


@dataclass(frozen=True)
class InTurn:
    """Streams one after the other: each is read once, the last again and again."""

    streams: tuple[Stream, ...]

    @property
    def windows(self) -> int:
        """Batches per epoch of the last."""
        return self.streams[-1].windows

    def position(self, step: int) -> tuple[int, int]:
        """Epoch and window of batch number `step`, from 0, in the stream that it is of."""
        stream, step = self._find(step)
        return stream.position(step)

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        stream, step = self._find(step)
        return stream.batch(step, rank=rank, world=world)

    def _find(self, step: int) -> tuple[Stream, int]:
        for stream in self.streams[:-1]:
            if step < stream.windows:
                return stream, step
            step -= stream.windows
        return self.streams[-1], step


def check_first(texts: Sequence[TokenStore], recipe: Recipe) -> None:
    """Raise a UserError for a text to be read first that may not fill two steps of `recipe`."""
    for text in texts:
        if text.num_tokens < 2 * recipe.tokens_per_step:
            raise UserError(
                f"--first: a text of {text.num_tokens:,} tokens is too short for steps of {recipe.tokens_per_step:,}"
            )


def open_stream(store: TokenStore, recipe: Recipe, *, first: int, before: Sequence[TokenStore] = ()) -> Stream:
    """The batches that a recipe takes from a text; `first`: the token that stands before a text, end-of-text.

    Texts `before` are read once, in turn.
    """
    if before:
        return InTurn(tuple(open_stream(text, recipe, first=first) for text in (*before, store)))
    if recipe.packed:
        return DocumentWindows(
            store.tokens,
            store.offsets,
            recipe.rows,
            recipe.length,
            recipe.seed,
            first=first,
            prompts=store.prompts,
            prompt_share=recipe.prompt_share,
        )
    return TokenStream(
        store.tokens,
        recipe.rows,
        recipe.length,
        recipe.seed,
        first,
        prompts=store.prompts,
        prompt_share=recipe.prompt_share,
    )
