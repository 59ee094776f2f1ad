"""Words with their vectors: who is near whom, and what completes an analogy."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError

Floats = NDArray[np.float32]
Neighbours = list[tuple[str, float]]

_HINT_WORDS = 100_000
"""Words, the most frequent, among which one that was misspelled is looked for."""


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words and a matrix with a row for each. Make one by `load_vectors`, or of your own words and numbers."""

    words: tuple[str, ...]
    """No word twice; in files by custom the most frequent first."""
    matrix: Floats
    """(words, dimension) float32."""
    duplicates: int = 0
    """Rows of the file that were left out, because their word had come before."""

    def __post_init__(self) -> None:
        shape = self.matrix.shape
        if self.matrix.dtype != np.float32 or len(shape) != 2 or shape[0] != len(self.words) or 0 in shape:
            raise UserError(
                f"word vectors: {len(self.words)} words need as many rows of float32, not {self.matrix.dtype} {shape}"
            )
        if len(self.index) != len(self.words):
            raise UserError("word vectors: a word stands there twice")

    @functools.cached_property
    def index(self) -> dict[str, int]:
        """The row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    @functools.cached_property
    def unit(self) -> Floats:
        """The matrix with rows of length 1, so that products are cosines; a row of zeros stays one."""
        lengths: Floats = np.linalg.norm(self.matrix, axis=1, keepdims=True)
        lengths[lengths == 0] = 1
        return self.matrix / lengths

    @property
    def dimension(self) -> int:
        """Numbers of a vector."""
        return int(self.matrix.shape[1])

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> Floats:
        """The vector (dimension,) of a word; a UserError for one that is not there."""
        vector: Floats = self.matrix[self.row(word)]
        return vector

    def row(self, word: str) -> int:
        """The row of a word; for one that is not there a UserError that names near spellings."""
        if word in self.index:
            return self.index[word]
        near = self._near_spellings(word)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UserError(f"{word!r} is not among the {len(self):,} words of these vectors{hint}")

    def nearest(self, word: str, *, count: int = 10) -> Neighbours:
        """The `count` other words of greatest cosine to `word`, with it, greatest first."""
        row = self.row(word)
        return self._best(self.unit[row], [row], count)

    def analogy(self, a: str, b: str, c: str, *, count: int = 10) -> Neighbours:
        """The words that are to `c` as `b` is to `a`, with their cosine to b - a + c, greatest first.

        All three are taken at length 1, and are no answers themselves (3CosAdd, Levy & Goldberg 2014).
        """
        rows = [self.row(word) for word in (a, b, c)]
        return self._best(self.unit[rows[1]] - self.unit[rows[0]] + self.unit[rows[2]], rows, count)

    def _best(self, query: Floats, without: Sequence[int], count: int) -> Neighbours:
        if count < 1:
            raise UserError(f"--count {count}: must be at least 1")
        cosines = self.unit @ (query / (np.linalg.norm(query) or 1))
        cosines[list(without)] = -np.inf
        count = min(count, len(self) - len(set(without)))
        rows = np.argpartition(-cosines, max(0, count - 1))[:count]
        rows = rows[np.argsort(-cosines[rows], kind="stable")]
        return [(self.words[row], round(float(cosines[row]), 6)) for row in rows]

    def _near_spellings(self, word: str) -> list[str]:
        cases = (word.lower(), word.capitalize(), word.upper())
        found = [case for case in dict.fromkeys(cases) if case in self.index]
        if found or not word:
            return found
        begins = (word[0].lower(), word[0].upper())
        alike = [w for w in self.words[:_HINT_WORDS] if w.startswith(begins) and abs(len(w) - len(word)) <= 2]
        return difflib.get_close_matches(word, alike, n=3, cutoff=0.7)
