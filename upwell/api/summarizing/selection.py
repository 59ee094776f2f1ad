"""Which units of a document make its summary, once each has a score, and which piece of a unit says enough.

Shapes: U units, T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a summary may be; without any of these as long as those that were learned from."""

    sentences: int | None = None
    """Units, exactly so many where there are."""
    words: int | None = None
    """At most so many words, of which a Han character is one."""
    characters: int | None = None
    """At most so many characters."""

    @property
    def is_given(self) -> bool:
        """Whether there is any."""
        return any(one is not None for one in (self.sentences, self.words, self.characters))

    def hold(self, units: int, words: int, characters: int) -> bool:
        """Whether so much is allowed."""
        pairs = ((units, self.sentences), (words, self.words), (characters, self.characters))
        return all(most is None or number <= most for number, most in pairs)


def select(
    scores: Floats,
    similarity: Floats,
    sizes: Sequence[tuple[int, int]],
    *,
    aim: float,
    redundancy: float,
    limits: Limits | None = None,
) -> list[int]:
    """The units of a summary, in the order of the document.

    The best is taken first, then always the one with the greatest score less `redundancy` times its greatest similarity to those
    taken (maximal marginal relevance, Carbonell & Goldstein 1998), until another would lead further from `aim` words; where
    there are `limits`, all that fit. None where not even one fits.

    Arguments: `scores` (U,), `similarity` (U, U), `sizes`: words and characters of each unit.
    """
    limits = limits or Limits()
    chosen: list[int] = []
    words = characters = 0
    left = list(range(len(scores)))
    nearest = np.zeros(len(scores))
    while left:
        worth = scores - redundancy * nearest
        best = max(left, key=lambda place: worth[place])
        left.remove(best)
        more_words, more_characters = words + sizes[best][0], characters + sizes[best][1]
        if limits.is_given:
            if not limits.hold(len(chosen) + 1, more_words, more_characters):
                continue
        elif chosen and abs(more_words - aim) >= abs(words - aim):
            break
        chosen.append(best)
        words, characters = more_words, more_characters
        nearest = np.maximum(nearest, similarity[best])
    return sorted(chosen)


def expected_f1(kept: Floats, usual: float) -> float:
    """Of words that are in the summary with probabilities `kept`, with a summary of `usual` words."""
    return float(2 * kept.sum() / (len(kept) + usual))


def best_piece(kept: Floats, is_word: Mask, usual: float) -> tuple[int, int]:
    """First token and end of the run with the greatest expected F1 of words with a summary of `usual` words.

    Arguments: `kept` (T,), the probability that a token is in the summary; `is_word` (T,), which of them are words.
    """
    gains = np.concatenate([[0.0], np.cumsum(kept * is_word)])
    words = np.concatenate([[0], np.cumsum(is_word)])
    firsts, ends = np.flatnonzero(is_word), np.flatnonzero(is_word) + 1
    length = words[ends] - words[firsts, None]
    f1 = 2 * (gains[ends] - gains[firsts, None]) / np.maximum(length + usual, 1e-9)
    first, end = np.unravel_index(np.argmax(np.where(length > 0, f1, -1.0)), f1.shape)
    return int(firsts[first]), int(ends[end])
