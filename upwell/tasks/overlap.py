"""How much a summary has in common with others: ROUGE (Lin 2004) of words that are given, many times a second.

Equal to the rouge-score library on the same words, which a test holds; a summarizer asks it of every sentence that it learns from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import NamedTuple

Words = Sequence[str]


class Rouge(NamedTuple):
    """F1 of words, of pairs of neighbours, and of the longest common subsequence."""

    words: float
    pairs: float
    sequence: float

    @property
    def mean(self) -> float:
        """Of the three."""
        return sum(self) / 3


class Reference:
    """A right summary, to be compared with."""

    def __init__(self, words: Words) -> None:
        self.number = len(words)
        self._words, self._pairs = Counter(words), Counter(pairwise(words))
        self._places: dict[str, int] = {}
        for place, word in enumerate(words):
            self._places[word] = self._places.get(word, 0) | 1 << place

    def rouge(self, words: Words) -> Rouge:
        """Of a summary of these `words`."""
        length = self.number + len(words)
        if not self.number or not words:
            return Rouge(0.0, 0.0, 0.0)
        common = (self._words & Counter(words)).total()
        pairs = (self._pairs & Counter(pairwise(words))).total()
        return Rouge(2 * common / length, 2 * pairs / max(1, length - 2), 2 * self._common_sequence(words) / length)

    def _common_sequence(self, words: Words) -> int:
        """Length of the longest common subsequence, by the bits of whole numbers (Hyyrö 2004, figure 2)."""
        whole = (1 << self.number) - 1
        column = whole
        for word in words:
            matches = column & self._places.get(word, 0)
            column = ((column + matches) | (column - matches)) & whole
        return self.number - column.bit_count()


def best_rouge(references: Sequence[Reference], words: Words) -> Rouge:
    """Each figure with the reference that it is greatest with (Lin 2004, section 2.1)."""
    found = [one.rouge(words) for one in references]
    return Rouge(*(max(figures) for figures in zip(*found, strict=True)))


def oracle(units: Sequence[Words], reference: Reference) -> list[int]:
    """The units of a document that together are most like its summary, found greedily: the one is taken that raises ROUGE most,
    as long as one does (Nallapati et al. 2017, section 3). None where no unit has a word in common with it.
    """
    chosen: list[int] = []
    best = 0.0
    while True:
        tried = []
        for number in range(len(units)):
            if number not in chosen:
                together = sorted([*chosen, number])
                tried.append((reference.rouge([word for one in together for word in units[one]]).mean, -number))
        if not tried or (found := max(tried))[0] <= best:
            return sorted(chosen)
        best, chosen = found[0], [*chosen, -found[1]]


def shared_runs(words: Words, reference: Words) -> list[bool]:
    """Which of `words` stand in a run that they have in common with the reference, the longest runs first, no word of either
    twice (greedy string tiling, Wise 1993).
    """
    lengths: dict[tuple[int, int], int] = {}
    places: dict[str, list[int]] = {}
    for place, word in enumerate(reference):
        places.setdefault(word, []).append(place)
    runs = []
    for first in range(len(words) - 1, -1, -1):
        for other in places.get(words[first], ()):
            lengths[first, other] = length = 1 + lengths.get((first + 1, other + 1), 0)
            runs.append((-length, first, other))
    heapify(runs)
    taken, used = [False] * len(words), [False] * len(reference)
    while runs:
        length, first, other = heappop(runs)
        free = 0
        while free < -length and not taken[first + free] and not used[other + free]:
            free += 1
        if free == -length:
            taken[first : first + free] = used[other : other + free] = [True] * free
        elif free:  # what is left of its beginning; what is left behind that is a run of its own
            heappush(runs, (-free, first, other))
    return taken
