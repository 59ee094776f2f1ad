"""Copies: equal texts by a hash, near ones by MinHash and locality-sensitive hashing.

Two texts are near copies if the sets of their five words in a row overlap: |A and B| / |A or B| (Jaccard) of at least
`SIMILARITY`. MinHash (Broder 1997) keeps of each set the least value under each of 120 hash functions; two texts agree
in a share of them that estimates their overlap. Twenty bands of six values each bring together whatever agrees in a
whole band, so that not all pairs need be compared (Leskovec et al., Mining of Massive Datasets, section 3.4). Pairs that
met are compared by a byte of each value (Li and König 2010) and taken from an estimate of 0.65 on: of those that overlap
by 0.7 that takes 82%, by 0.8 99.8%, by 0.5 1 in 2,000 (binomial draws, 40,000 of each).

Of each group of copies the first in the order of the sources stays. What is kept of a text is 300 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.text.cleaning.characters import Hashes, Ints, Texts, mix, weights

SIMILARITY = 0.7
BANDS, ROWS = 20, 6
SHINGLE = 5
"""Words in a row."""

_MARGIN = 0.05  # an estimate from 120 values has a standard error of 0.04 at 0.7
_FUNCTIONS = BANDS * ROWS
_CHANCE = 1 / 256  # two different values agree in their last byte


@dataclass(frozen=True)
class Sketches:
    """What is kept of n texts to know their copies again."""

    digests: NDArray[np.uint64]
    """Hash of the whole text (n, 2)."""
    bands: NDArray[np.uint64]
    """Hash of each band (n, BANDS)."""
    values: NDArray[np.uint8]
    """Last byte of each of the least values (n, BANDS * ROWS)."""

    @classmethod
    def of(cls, documents: Sequence[str], texts: Texts) -> Sketches:
        """The sketches of `documents`, of which `texts` are the arrays."""
        raw = b"".join(hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest() for text in documents)
        least = minhash(*shingles(texts), len(documents))
        powers = weights(ROWS)
        bands = mix((least.reshape(-1, BANDS, ROWS).astype(np.uint64) * powers).sum(axis=2, dtype=np.uint64))
        return cls(np.frombuffer(raw, "<u8").reshape(-1, 2), bands, (least & np.uint32(0xFF)).astype(np.uint8))

    def take(self, rows: Ints) -> Sketches:
        """Those of some texts."""
        return Sketches(self.digests[rows], self.bands[rows], self.values[rows])

    @classmethod
    def joined(cls, parts: Sequence[Sketches]) -> Sketches:
        """Several one after the other."""
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("digests", "bands", "values"))
        )


def shingles(texts: Texts) -> tuple[Hashes, Ints]:
    """A hash of each five words in a row, of a shorter text of all its words; and of which text each is, in order."""
    hashes, first = texts.ngram_hashes(SHINGLE)
    of = texts.word_texts[first]
    short = np.flatnonzero(texts.num_words < SHINGLE)
    if not len(short):
        return hashes, of
    words = texts.word_hashes
    bounds = np.searchsorted(texts.word_texts, np.arange(len(texts.starts)))
    whole = np.array(
        [
            (words[bounds[i] : bounds[i + 1]] * weights(SHINGLE)[: bounds[i + 1] - bounds[i]]).sum(dtype=np.uint64)
            for i in short
        ],
        np.uint64,
    )
    of = np.concatenate([of, short])
    order = np.argsort(of, kind="stable")
    return np.concatenate([hashes, mix(whole)])[order], of[order]


def minhash(hashes: Hashes, of: Ints, size: int) -> NDArray[np.uint32]:
    """The least value of each text's `hashes` under each hash function (size, BANDS * ROWS); each text has a hash."""
    bounds = np.searchsorted(of, np.arange(size))
    values = (hashes >> np.uint64(32)).astype(np.uint32)
    multipliers = (weights(2 * _FUNCTIONS) >> np.uint64(31)).astype(np.uint32) | np.uint32(1)
    least = np.empty((size, _FUNCTIONS), np.uint32)
    if not size:
        return least
    permuted = np.empty_like(values)
    for number in range(_FUNCTIONS):
        np.multiply(values, multipliers[2 * number], out=permuted)
        np.bitwise_xor(permuted, multipliers[2 * number + 1], out=permuted)
        least[:, number] = np.minimum.reduceat(permuted, bounds)
    return least


def similarity(values: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Estimated overlap of texts with those beside them (n,), from their values (n, BANDS * ROWS)."""
    agree: NDArray[np.float64] = (values == others).mean(axis=1)
    return ((agree - _CHANCE) / (1 - _CHANCE)).clip(min=0.0)


def copies(sketches: Sketches, *, near: bool, least: float = SIMILARITY) -> Ints:
    """For each text the first one that it is a copy of, itself if there is none before it (n,).

    Arguments: `near`: not only equal ones; `least`: overlap of near copies.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = len(sketches.digests)
    lefts, rights = _equal(sketches.digests)
    if near and size:
        for band in range(BANDS):
            left, right = _neighbours(sketches.bands[:, band])
            alike = similarity(sketches.values[left], sketches.values[right]) >= least - _MARGIN
            lefts, rights = np.concatenate([lefts, left[alike]]), np.concatenate([rights, right[alike]])
    if not len(lefts):
        return np.arange(size)
    graph = coo_array((np.ones(len(lefts), np.bool_), (lefts, rights)), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    first: Ints = np.full(int(group.max()) + 1, size, np.int64)
    np.minimum.at(first, group, np.arange(size))
    found: Ints = first[group]
    return found


def _equal(digests: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    _, first, group = np.unique(digests, axis=0, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[group.ravel()] != np.arange(len(digests)))
    return first[group.ravel()[again]], again


def _neighbours(keys: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Pairs of texts of one key: each with the one before it and with the first."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    same = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    head = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    return np.concatenate([order[same - 1], order[head[same]]]), np.concatenate([order[same], order[same]])
