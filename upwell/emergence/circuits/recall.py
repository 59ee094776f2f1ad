"""Looking things up in the context: associative recall, copying, hops, labels given by example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from upwell.emergence.ability import Ability, Rows, Tokens, continuation, permutations
from upwell.emergence.circuits.sequences import Sequences


@dataclass(frozen=True)
class Recall(Ability):
    """Multi-query associative recall (Arora et al. 2023): pairs of key and value, then each key asked for once."""

    pairs: int = 8
    """Pairs to remember; each is asked for."""
    keys_in_all: int = 32
    """Different keys, and as many different values."""
    name: str = "recall"
    favours: ClassVar[str] = "attention"

    @property
    def vocab_size(self) -> int:  # type: ignore[override]
        return 2 * self.keys_in_all

    @property
    def positions(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(range(2 * self.pairs, 4 * self.pairs, 2))

    @property
    def chance(self) -> float:  # type: ignore[override]
        return float(self.keys_in_all**-self.pairs)

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        keys = permutations(rng, count, self.keys_in_all)[:, : self.pairs]
        values = rng.integers(0, self.keys_in_all, (count, self.pairs)) + self.keys_in_all
        order = permutations(rng, count, self.pairs)
        asked, answers = (np.take_along_axis(part, order, 1) for part in (keys, values))
        shown = np.stack([keys, values], 2).reshape(count, -1)
        queries = np.stack([asked, answers], 2).reshape(count, -1)
        return Rows(np.concatenate([shown, queries[:, :-1]], 1), answers)

    def guess(self, rows: Rows, known: Rows, rng: np.random.Generator) -> Tokens:
        """Any value of the context."""
        place = 2 * rng.integers(0, self.pairs, rows.targets.shape) + 1
        return np.take_along_axis(rows.inputs, place, 1)


@dataclass(frozen=True)
class Copy(Sequences):
    """A random sequence, a mark, and the same sequence again: what an induction head does (Olsson et al. 2022)."""

    length: int = 12
    """Symbols to copy."""
    symbols: int = 32
    """Different symbols."""
    name: str = "copy"
    favours: ClassVar[str] = "attention"

    def answer(self, sequence: Tokens) -> Tokens:
        return sequence

    def guess(self, rows: Rows, known: Rows, rng: np.random.Generator) -> Tokens:
        """Any symbol of the sequence."""
        return np.take_along_axis(rows.inputs, rng.integers(0, self.length, rows.targets.shape), 1)


@dataclass(frozen=True)
class Hops(Ability):
    """Arrows between all entities in shuffled order, then: where do `hops` steps from this one lead? (Yao et al. 2025)"""

    hops: int = 2
    """Arrows to follow."""
    entities: int = 8
    """Entities; the arrows make one ring of them."""
    name: str = "hops"
    favours: ClassVar[str] = "attention"

    @property
    def vocab_size(self) -> int:  # type: ignore[override]
        return self.entities + 1

    @property
    def positions(self) -> tuple[int, ...]:  # type: ignore[override]
        return (2 * self.entities + 1,)

    @property
    def chance(self) -> float:  # type: ignore[override]
        return 1 / self.entities

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        ring = permutations(rng, count, self.entities)
        order = permutations(rng, count, self.entities)
        start, end = (np.take_along_axis(part, order, 1) for part in (ring, np.roll(ring, -1, 1)))
        arrows = np.stack([start, end], 2).reshape(count, -1)
        place = rng.integers(0, self.entities, (count, 1))
        mark = np.full((count, 1), self.entities)
        asked = np.take_along_axis(ring, place, 1)
        answer = np.take_along_axis(ring, (place + self.hops) % self.entities, 1)
        return continuation(np.concatenate([arrows, mark, asked], 1), answer)

    def guess(self, rows: Rows, known: Rows, rng: np.random.Generator) -> Tokens:
        """Any entity but the one asked for and the one its own arrow points to."""
        arrows = rows.inputs[:, : 2 * self.entities].reshape(len(rows), -1, 2)
        asked = rows.inputs[:, -1]
        following = arrows[arrows[:, :, 0] == asked[:, None]][:, 1]
        weight = rng.random((len(rows), self.entities))
        weight[np.arange(len(rows)), asked] = weight[np.arange(len(rows)), following] = -1
        return np.asarray(weight.argmax(1)[:, None])


@dataclass(frozen=True)
class Labels(Ability):
    """Few-shot labels: items belong to fixed classes, and what each class is called here is shown by example.

    The classes must be learned in the weights, the names of this row in the context (after Reddy 2023, Chan et al. 2022).
    """

    classes: int = 4
    """Classes, each shown `shots` times."""
    items_per_class: int = 8
    """Different items of a class; shots and query are drawn from them."""
    shots: int = 2
    """Examples of each class."""
    name: str = "labels"
    favours: ClassVar[str] = "neither"

    @property
    def vocab_size(self) -> int:  # type: ignore[override]
        return self.classes * (self.items_per_class + 1)

    @property
    def positions(self) -> tuple[int, ...]:  # type: ignore[override]
        return (2 * self.classes * self.shots,)

    @property
    def chance(self) -> float:  # type: ignore[override]
        return 1 / self.classes

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        called = permutations(rng, count, self.classes)
        shown = permutations(rng, count, self.classes * self.shots) % self.classes
        asked = rng.integers(0, self.classes, (count, 1))
        of_class = np.concatenate([shown, asked], 1)
        items = of_class + self.classes * rng.integers(0, self.items_per_class, of_class.shape)
        labels = np.take_along_axis(called, of_class, 1) + self.classes * self.items_per_class
        pairs = np.stack([items, labels], 2).reshape(count, -1)
        return continuation(pairs[:, :-1], pairs[:, -1:])

    def guess(self, rows: Rows, known: Rows, rng: np.random.Generator) -> Tokens:
        """The label that was seen last."""
        return rows.inputs[:, -2:-1]
