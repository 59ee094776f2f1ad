"""Texts as bags of n-grams: words, pairs of words and runs of characters, each weighed by how rare it is.

What a linear classifier reads. N-grams are known by a hash of 64 bits, so that an index of them is two arrays and a look
into it a binary search. The hash of a run of characters c_1 … c_n is the polynomial sum of c_i b^(n-i) modulo 2^64, made for
all places of a text at once (Karp & Rabin 1987), and then mixed.

Shapes: F n-grams of an index, G different ones in a text, T characters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from upwell.text.vectors.cutting import cut_words

LONGEST_RUN = 5
"""Characters of the longest run."""
LEAST_TEXTS = {"words": 1, "characters": 2}
"""Texts in which an n-gram must be to have a place in the index."""
MOST = 1_000_000
"""N-grams of an index at most: those in most texts."""
_BASE, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class GramIndex:
    """The n-grams that stand for something, by hash, and how much one says."""

    hashes: Hashes
    """(F,) rising."""
    rarity: npt.NDArray[np.float32]
    """(F,) log((1 + N) / (1 + texts with it)) + 1 over N texts (Sparck Jones 1972, smoothed)."""

    @classmethod
    def learn(cls, texts: Sequence[str], *, most: int = MOST) -> Self:
        """The index of the n-grams in `texts`, at most so many."""
        found: dict[str, list[Hashes]] = {kind: [] for kind in _KINDS}
        for text in texts:
            for kind, grams in _KINDS.items():
                found[kind].append(np.unique(grams(text)))
        hashes, counts = [], []
        for kind, lists in found.items():
            known, count = np.unique(np.concatenate([*lists, np.empty(0, np.uint64)]), return_counts=True)
            enough = count >= LEAST_TEXTS[kind]
            hashes.append(known[enough])
            counts.append(count[enough])
        joined, count = np.concatenate(hashes), np.concatenate(counts)
        if len(joined) > most:
            kept = np.argsort(-count, kind="stable")[:most]
            joined, count = joined[kept], count[kept]
        order = np.argsort(joined)
        return cls(joined[order], (np.log((1 + len(texts)) / (1 + count[order])) + 1).astype(np.float32))

    def encode(self, text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Places in the index and values, each (G,), of the n-grams of `text` that have one.

        The value of one that is there k times is (1 + log k) times its rarity; those of words and those of characters
        have length 1 each. A text without a known n-gram has one of value 0.
        """
        places, values = [], []
        for grams in _KINDS.values():
            hashes, counts = np.unique(grams(text), return_counts=True)
            at = np.searchsorted(self.hashes, hashes)
            known = np.flatnonzero(at < len(self.hashes))
            known = known[self.hashes[at[known]] == hashes[known]]
            value = (1 + np.log(counts[known])) * self.rarity[at[known]]
            places.append(at[known])
            values.append((value / max(1e-9, float(np.linalg.norm(value)))).astype(np.float32))
        place, value = np.concatenate(places), np.concatenate(values)
        return (place, value) if len(place) else (np.zeros(1, np.int64), np.zeros(1, np.float32))


def _word_grams(text: str) -> Hashes:
    """Hashes of the words of `text` and of pairs of neighbours, in lower case; a Han character is a word."""
    words = np.fromiter((_hash_of(word) for word in cut_words(text, lower=True)), np.uint64)
    return np.concatenate([words, _mixed(words[:-1] * _BASE + words[1:])])


def _runs(text: str) -> Hashes:
    """Hashes of the runs of one to LONGEST_RUN characters of `text` in lower case, blanks as one, with a blank at both ends."""
    characters = _characters(f" {' '.join(text.lower().split())} ")
    found = []
    hashes = np.zeros(len(characters) + 1, np.uint64)
    for length in range(1, min(LONGEST_RUN, len(characters)) + 1):
        hashes = hashes[:-1] * _BASE + characters[length - 1 :]
        found.append(_mixed(hashes ^ np.uint64(length)))
    return np.concatenate(found)


_KINDS: dict[str, Callable[[str], Hashes]] = {"words": _word_grams, "characters": _runs}


def _characters(text: str) -> Hashes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)


@functools.lru_cache(maxsize=1 << 16)
def _hash_of(word: str) -> int:
    hashed = 1
    for character in word:
        hashed = (hashed * int(_BASE) + ord(character)) % 2**64
    return int(_mixed(np.array([hashed], np.uint64))[0])


def _mixed(hashes: Hashes) -> Hashes:
    """Hashes whose every bit depends on all (two rounds of the finaliser of splitmix64, Steele et al. 2014)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX
    return hashes ^ (hashes >> np.uint64(27))
