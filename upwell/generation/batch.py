"""Continuous batching: rows join and leave between steps, and long prompts are read beside rows that write.

One turn reads a piece of the prompts that are new and takes one step for all rows that write (Yu et al. 2022, "Orca",
iteration-level scheduling; Agrawal et al. 2024, "Sarathi-Serve", prompts in pieces). It sees only
`network(tokens, state) -> (logits, state)` and the functions of `upwell.model.state`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch

from upwell.generation.prefix_cache import PrefixCache
from upwell.generation.rows import Row, draw_tokens
from upwell.model.state import State, concat, select, split, trim
from upwell.model.stepping import Stepper

PREFILL_TOKENS = 512
"""A prompt is read in pieces of this many tokens, so that a long one needs no more memory than a short one."""


@dataclass
class Counts:
    """What was done so far, in tokens."""

    drawn: int = 0
    read: int = 0
    """Of prompts, through the network."""
    reused: int = 0
    """Of prompts, from states that were kept."""


@dataclass(eq=False)
class _Reading:
    """A prompt on its way in: all of it but its last token, which the first step takes."""

    row: Row
    tokens: list[int]
    done: int
    state: State


@dataclass
class Batch:
    """Rows that are read and written side by side."""

    network: Stepper
    cache: PrefixCache | None = None
    """States after texts that were read before; None: none are kept."""
    prefill_tokens: int = PREFILL_TOKENS
    """Most prompt tokens, of all rows together, between two steps of the rows that write."""
    counts: Counts = field(default_factory=Counts)
    reading: list[_Reading] = field(default_factory=list)
    writing: list[Row] = field(default_factory=list)
    _state: State = None
    """Of the rows that write, in their order, behind all their tokens but the last."""

    def __len__(self) -> int:
        return len(self.reading) + len(self.writing)

    def join(self, row: Row) -> None:
        """Take a row that is not yet at its end."""
        tokens = row.seen[:-1]
        done, state = self.cache.longest(tokens) if self.cache is not None else (0, None)
        row.reused_tokens = done
        self.counts.reused += done
        self.reading.append(_Reading(row, tokens, done, state or self.network.initial_state(1)))

    def leave(self, rows: Iterable[Row]) -> None:
        """Drop rows, wherever they are; the room is free at once."""
        gone = set(map(id, rows))
        self.reading = [reading for reading in self.reading if id(reading.row) not in gone]
        self._keep([i for i, row in enumerate(self.writing) if id(row) not in gone])

    @torch.inference_mode()
    def turn(self) -> list[Row]:
        """Read a piece, then draw a token for every row that writes; returns those rows. Rows at their end have left."""
        if self.reading:
            self._admit()
        if self.reading:
            self._read(self.reading)
            self._admit()
        return self._write()

    def _read(self, readings: list[_Reading]) -> None:
        """One piece of equal length for all: no prompt waits for a longer one, and the shortest comes to its end first."""
        readings = readings[: self.prefill_tokens]
        shortest = min(len(reading.tokens) - reading.done for reading in readings)
        length = min(shortest, self.prefill_tokens // len(readings))
        pieces = [reading.tokens[reading.done : reading.done + length] for reading in readings]
        _, state = self.network.hidden(self._tensor(pieces), concat([reading.state for reading in readings]))
        for reading, row_state in zip(readings, split(state, [1] * len(readings)), strict=True):
            reading.done, reading.state = reading.done + length, row_state
            if self.cache is not None and reading.done == len(reading.tokens):
                self.cache.add(reading.tokens, row_state)
        self.counts.read += length * len(readings)

    def _admit(self) -> None:
        """Rows whose prompts are read begin to write."""
        ready = [reading for reading in self.reading if reading.done == len(reading.tokens)]
        if ready:
            states = [reading.state for reading in ready]
            self._state = trim(concat(states if self._state is None else [self._state, *states]))
            self.writing += [reading.row for reading in ready]
            self.reading = [reading for reading in self.reading if reading.done < len(reading.tokens)]

    def _write(self) -> list[Row]:
        rows = list(self.writing)
        if not rows:
            return []
        logits, self._state = self.network(self._tensor([[row.seen[-1]] for row in rows]), self._state)
        read = [len(row.seen) for row in rows]
        draw_tokens(rows, logits[:, -1])
        for row in rows:
            if not row.finish_reason:
                row.end_if_full()
        self.counts.drawn += len(rows)
        for i, row in enumerate(rows):
            if self.cache is not None and row.finish_reason:
                self.cache.add(row.seen[: read[i]], select(self._state, [i]))
        self._keep([i for i, row in enumerate(rows) if not row.finish_reason])
        return rows

    def _keep(self, places: list[int]) -> None:
        if len(places) < len(self.writing):
            self.writing = [self.writing[i] for i in places]
            self._state = trim(select(self._state, places)) if places else None

    def _tensor(self, tokens: list[list[int]]) -> torch.Tensor:
        return torch.tensor(tokens, device=self.network.device)
