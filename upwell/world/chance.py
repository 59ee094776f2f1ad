"""Chance that counts what it costs: random choices from a key, with the sum of their information in bits.

Every document has its own key (version, seed, split, view, index), so that any document can be made alone, in any
order, on any machine. The bits of all choices together bound the entropy of the text that follows from them.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from itertools import accumulate
from math import log2
from typing import Generic, TypeVar

VERSION = 1
"""Raised, from the first release on, whenever the same key begins to give other texts."""

Item = TypeVar("Item")


class Table(Generic[Item]):
    """Things to pick from, with their probabilities and what each pick costs in bits."""

    __slots__ = ("costs", "cumulative", "items", "size", "uniform_cost")

    def __init__(self, items: Sequence[Item], weights: Sequence[float] | None = None) -> None:
        if not items:
            raise ValueError("a table needs at least one item")
        self.items = tuple(items)
        self.size = len(self.items)
        self.uniform_cost = log2(self.size)
        self.cumulative: list[float] | None = None
        self.costs: list[float] = []
        if weights is not None:
            if len(weights) != self.size or min(weights) <= 0:
                raise ValueError("a table needs one positive weight per item")
            total = float(sum(weights))
            self.cumulative = [value / total for value in accumulate(weights)]
            self.cumulative[-1] = 1.0
            self.costs = [-log2(weight / total) for weight in weights]

    @classmethod
    def zipf(cls, items: Sequence[Item]) -> Table[Item]:
        """The first item most often: weight 1 / (rank + 2.7), after Zipf and Mandelbrot, ranks from 0."""
        return cls(items, [1 / (rank + 2.7) for rank in range(len(items))])


class Chance:
    """A stream of random choices that follows from a key and nothing else.

    `bits` is the sum of -log2 of the probabilities of all choices so far.
    """

    __slots__ = ("_random", "bits", "key")

    def __init__(self, *key: str | int) -> None:
        self.key = key
        self._random = random.Random(seed_of(key)).random
        self.bits = 0.0

    def pick(self, table: Table[Item]) -> Item:
        """One item of a table."""
        cumulative = table.cumulative
        if cumulative is None:
            self.bits += table.uniform_cost
            return table.items[int(self._random() * table.size)]
        index = bisect_right(cumulative, self._random())
        self.bits += table.costs[index]
        return table.items[index]

    def of(self, items: Sequence[Item]) -> Item:
        """One of a few items, all alike in probability."""
        size = len(items)
        if size == 1:
            return items[0]
        self.bits += log_of(size)
        return items[int(self._random() * size)]

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        self.bits += log_of(bound)
        return int(self._random() * bound)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def flip(self, probability: float = 0.5) -> bool:
        """True with this probability, which must lie between 0 and 1 and be neither."""
        if self._random() < probability:
            self.bits -= log2(probability)
            return True
        self.bits -= log2(1 - probability)
        return False

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """`count` different items, in random order."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(count)]

    def child(self, *key: str | int) -> Chance:
        """Another stream, from this one's key with more words; it does not depend on the choices made here."""
        return Chance(*self.key, *key)


@cache
def log_of(size: int) -> float:
    """log2, remembered for small whole numbers that come again and again."""
    return log2(size)


def seed_of(key: tuple[str | int, ...]) -> int:
    """64 bits from the version and a key."""
    text = "\x1f".join(map(str, (VERSION, *key)))
    return int.from_bytes(blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")
