"""Many texts at once as arrays: characters, words, lines, and their hashes.

Rules that count words or look for repeated ones cost Python a loop over every word; here they are a few passes of NumPy
over a whole batch. A word is a run of letters, digits and combining marks; a Han or kana character is one of its own.
Hashes are the same in every process and on every machine.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OTHER, LETTER, DIGIT, MARK, IDEOGRAPH, NEWLINE = range(6)
"""Kinds of characters."""

_TABLE_SIZE = 0x40000  # no letter has a code point above; what lies there is looked up as the last entry, OTHER
_IDEOGRAPHS = (
    (0x3005, 0x3008),
    (0x3040, 0x3100),
    (0x3400, 0x4DC0),
    (0x4E00, 0xA000),
    (0xF900, 0xFB00),
    (0x20000, 0x323B0),
)
_WORD_WEIGHTS = 256

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@functools.cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Kind and lower case of each code point."""
    kinds = np.zeros(_TABLE_SIZE, np.uint8)
    lower = np.arange(_TABLE_SIZE, dtype=np.uint32)
    of_category = {"L": LETTER, "N": DIGIT, "M": MARK}
    for code in range(0x1FB00):  # above, up to the ideographs of plane 2, nothing is assigned
        character = chr(code)
        kinds[code] = of_category.get(unicodedata.category(character)[0], OTHER)
        small = character.lower()
        if len(small) == 1:
            lower[code] = ord(small)
    for first, end in _IDEOGRAPHS:
        span = kinds[first:end]
        span[(span != OTHER) | (first >= 0x20000)] = IDEOGRAPH
    kinds[ord("\n")] = NEWLINE
    kinds[-1] = OTHER
    return kinds, lower


@functools.cache
def weights(count: int) -> Hashes:
    """`count` odd random numbers (count,)."""
    return np.random.default_rng(20).integers(0, 1 << 63, count, np.uint64) * np.uint64(2) + np.uint64(1)


def mix(values: Hashes) -> Hashes:
    """Hashes whose every bit depends on all bits of `values` (the finalizer of SplitMix64, Steele et al. 2014)."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


class Texts:
    """Several texts as arrays. n texts, w words and l lines in all of them.

    `codes` (c,) code points, texts joined by a newline; `kinds` (c,) of each; `starts` (n + 1,) where a text starts;
    `word_starts`, `word_ends`, `word_texts` (w,) where a word starts and ends and of which text it is; `word_hashes`
    (w,) equal for words that differ in case alone; `num_words` (n,).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        lengths = np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts))
        self.starts: Ints = np.concatenate([[0], np.cumsum(lengths)])
        joined = "\n".join([*texts, ""])
        raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        kinds, lower = _tables()
        codes = np.minimum(raw, np.uint32(_TABLE_SIZE - 1))
        self.codes: NDArray[np.uint32] = raw
        self.kinds: NDArray[np.uint8] = kinds[codes]
        self._lower: NDArray[np.uint32] = lower[codes]
        inside = (self.kinds > OTHER) & (self.kinds < NEWLINE)
        alone = self.kinds == IDEOGRAPH
        before = np.zeros(len(inside), bool)
        before[1:] = inside[:-1] & ~alone[:-1]
        self.word_starts: Ints = np.flatnonzero(inside & (~before | alone))
        after = np.zeros(len(inside), bool)
        after[:-1] = inside[1:] & ~alone[1:]
        self.word_ends: Ints = np.flatnonzero(inside & (~after | alone)) + 1
        self._inside = inside

    @functools.cached_property
    def _visible(self) -> NDArray[np.bool_]:
        visible: NDArray[np.bool_] = (
            (self.kinds != NEWLINE) & (self.codes != 32) & (self.codes != 9) & (self.codes != 0x3000)
        )
        return visible

    @functools.cached_property
    def word_texts(self) -> Ints:
        """Which text each word is of."""
        return self.text_of(self.word_starts)

    @functools.cached_property
    def num_words(self) -> Ints:
        """Words of each text."""
        return self.count(self.word_texts)

    @functools.cached_property
    def word_hashes(self) -> Hashes:
        """A hash of each word in lower case."""
        lengths = self.word_ends - self.word_starts
        bounds = np.cumsum(lengths) - lengths
        places = np.flatnonzero(self._inside)
        return self._hash(places, places - np.repeat(self.word_starts, lengths), bounds)

    @functools.cached_property
    def num_characters(self) -> Ints:
        """Characters of each text."""
        return np.diff(self.starts) - 1

    def text_of(self, places: Ints) -> Ints:
        """Which text the characters at `places`, in rising order, are of."""
        bounds = np.searchsorted(places, self.starts)
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(bounds))

    def count(self, texts: Ints, values: NDArray[Any] | None = None) -> Ints:
        """How often each text is named in `texts`, or the sum of the `values` beside it (n,)."""
        counted = np.bincount(texts, values, minlength=len(self.starts) - 1)
        return counted.astype(np.int64)

    def count_kind(self, kind: int) -> Ints:
        """Characters of one kind in each text."""
        return self.count(self.text_of(np.flatnonzero(self.kinds == kind)))

    def lines(self) -> tuple[Ints, Ints]:
        """Where each line with anything but blanks starts, and where it ends (l,), blanks before and behind left out."""
        seen = np.flatnonzero(self._visible)
        if not len(seen):
            return seen, seen
        of_line = np.cumsum(self.kinds == NEWLINE)[seen]
        first = np.flatnonzero(np.diff(of_line, prepend=-1))
        last = np.append(first[1:], len(seen)) - 1
        return seen[first], seen[last] + 1

    def hash_spans(self, starts: Ints) -> Hashes:
        """A hash of the visible characters from each start, which is one, to the next, in lower case."""
        places = np.flatnonzero(self._visible)
        bounds = np.searchsorted(places, starts)
        places = places[bounds[0] :] if len(bounds) else places[:0]
        bounds = bounds - bounds[:1]
        rank = np.arange(len(places)) - np.repeat(bounds, np.diff(np.append(bounds, len(places))))
        return self._hash(places, rank, bounds)

    def _hash(self, places: Ints, rank: Ints, bounds: Ints) -> Hashes:
        """A hash of the characters at `places` from each of `bounds` to the next, each weighted by its `rank` there."""
        if not len(bounds):
            return np.zeros(0, np.uint64)
        small = (weights(_WORD_WEIGHTS) >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
        values = (self._lower[places] + np.uint32(1)) * small[rank % _WORD_WEIGHTS]
        return mix(np.add.reduceat(values, bounds, dtype=np.uint64))

    def ngram_hashes(self, size: int) -> tuple[Hashes, Ints]:
        """A hash of each `size` words in a row within a text, and the number of its first word."""
        words = self.word_hashes
        if len(words) < size:
            return np.zeros(0, np.uint64), np.zeros(0, np.int64)
        end = len(words) - size + 1
        total = np.zeros(end, np.uint64)
        for place, weight in enumerate(weights(_WORD_WEIGHTS)[:size]):
            total += words[place : end + place] * weight
        first = np.flatnonzero(self.word_texts[:end] == self.word_texts[size - 1 :])
        return mix(total[first]), first
