"""The entropy bound: how many bits of choice the generator spends on a byte of text.

Every choice of the generator, from the plot to the paraphrase, has a known probability. A text's probability is at
least that of the choices that led to it, so the mean of -log2 over choices is an upper bound on the entropy of the
corpus: the loss of a model that knows all there is to know lies at or below it, up to sampling error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from upwell.text.examples import LANGUAGES, Example
from upwell.world.audit import draw_examples
from upwell.world.specification import TRAINED_LEVELS, VIEW_NAMES


@dataclass(frozen=True)
class Bound:
    """Bits of choice per byte of text, over some examples."""

    view: str
    language: str
    level: int
    examples: int
    num_bytes: int
    bits: float
    error: float
    """Standard error of bits_per_byte, by examples."""

    @property
    def bits_per_byte(self) -> float:
        """The bound."""
        return self.bits / self.num_bytes

    def to_dict(self) -> dict[str, Any]:
        """All figures as JSON values."""
        return {**vars(self), "bits_per_byte": self.bits_per_byte}


def measure(examples: Iterable[Example]) -> Bound:
    """The bound over examples of one view, language and level."""
    drawn = list(examples)
    bits = np.array([example.bits for example in drawn])
    sizes = np.array([len(example.text.encode("utf-8")) for example in drawn])
    rate = bits.sum() / sizes.sum()
    error = np.sqrt(((bits - rate * sizes) ** 2).mean() / len(drawn)) / sizes.mean()
    first = drawn[0]
    return Bound(first.view, first.language, first.level, len(drawn), int(sizes.sum()), float(bits.sum()), float(error))


def bounds(
    *,
    views: Sequence[str] = VIEW_NAMES,
    languages: Sequence[str] = LANGUAGES,
    levels: Sequence[int] = TRAINED_LEVELS,
    split: str = "train",
    count: int = 1000,
    seed: int = 0,
) -> list[Bound]:
    """The bound of each view, language and level, over `count` examples each."""
    return [
        measure(draw_examples(view, language, split, count, seed=seed, levels=(level,)))
        for view in views
        for language in languages
        for level in levels
    ]
