"""Words as bags of what they are made of: themselves, affixes, shape, letters and n-grams of letters.

So a word that was never seen is known by its parts (Bojanowski et al. 2017; Ratnaparkhi 1996 for affixes and shape). Features
are known by a hash of 64 bits; those of too few occurrences have no place.

Shapes: V features, T words of a sentence, F features of the word that has most.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

LEAST = 2
"""Occurrences that a feature other than a whole word needs."""
LONGEST_AFFIX = 4
GRAMS = range(2, 6)
LONGEST_WORD = 40
"""Letters of a word that are looked at: the first and last half of them."""
MEMORY = 1 << 18
"""Words whose bags are remembered."""

Bag = tuple[int, ...]


class WordFeatures:
    """Numbers the features of words, from 1; 0 is none."""

    def __init__(self, hashes: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64]) -> None:
        """`hashes` (V,) rising; `counts` (V,): occurrences of those that are whole words, 0 of the others."""
        self.hashes, self.counts = hashes, counts
        self._places = {value: place for place, value in enumerate(hashes.tolist(), 1)}
        self._bags: dict[str, Bag] = {}

    @classmethod
    def learn(cls, sentences: Iterable[Sequence[str]]) -> Self:
        """The features of the words of `sentences` that are there often enough."""
        words = Counter(_shortened(word) for words in sentences for word in words)
        found: Counter[str] = Counter()
        whole: Counter[int] = Counter()
        for word, count in words.items():
            first, *others = features(word)
            whole[_hash_of(first)] += count
            for feature in set(others):
                found[feature] += count
        kept = dict(whole)
        kept |= {_hash_of(feature): 0 for feature, count in found.items() if count >= LEAST}
        hashes = np.array(sorted(kept), np.uint64)
        return cls(hashes, np.array([kept[value] for value in hashes.tolist()], np.int64))

    @property
    def size(self) -> int:
        """Ids, 0 among them."""
        return len(self.hashes) + 1

    def bag(self, word: str) -> Bag:
        """Ids of the features of a word: the word itself first, 0 if it has no place, then the others that have one."""
        bag = self._bags.get(word)
        if bag is None:
            first, *others = (self._places.get(_hash_of(feature), 0) for feature in features(_shortened(word)))
            bag = (first, *sorted({place for place in others if place}))
            if len(self._bags) < MEMORY:
                self._bags[word] = bag
        return bag

    def encode(self, words: Sequence[str]) -> npt.NDArray[np.int64]:
        """The bags of a sentence (T, F), filled up by 0."""
        bags = [self.bag(word) for word in words]
        rows = np.zeros((len(bags), max(map(len, bags))), np.int64)
        for row, bag in zip(rows, bags, strict=True):
            row[: len(bag)] = bag
        return rows

    def counts_of(self, ids: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """How often the words with these ids of themselves were seen; 0 for id 0."""
        found: npt.NDArray[np.int64] = np.concatenate([np.zeros(1, np.int64), self.counts])[ids]
        return found


def features(word: str) -> Iterator[str]:
    """The word itself first, then its shape, affixes, letters and n-grams of letters."""
    text = "".join("0" if letter.isdigit() else letter for letter in word.lower())
    yield f"word {text}"
    yield f"shape {shape(word)}"
    for length in range(1, min(len(text), LONGEST_AFFIX) + 1):
        yield f"prefix {text[:length]}"
        yield f"suffix {text[-length:]}"
    for letter in sorted(set(text)):
        yield f"letter {letter}"
    bounded = f"<{text}>"
    for length in GRAMS:
        for start in range(len(bounded) - length + 1):
            yield f"gram {bounded[start : start + length]}"


def shape(word: str) -> str:
    """Kinds of letters, of a run no more than two: McDonald's is XxXxx'x."""
    kinds = ""
    for letter in word:
        if letter.isupper():
            kind = "X"
        elif letter.islower():
            kind = "x"
        elif letter.isdigit():
            kind = "d"
        else:
            kind = "h" if letter.isalpha() else letter
        kinds += "" if kinds.endswith(2 * kind) else kind
    return kinds[:8]


def _shortened(word: str) -> str:
    half = LONGEST_WORD // 2
    return word if len(word) <= LONGEST_WORD else word[:half] + word[-half:]


def _hash_of(feature: str) -> int:
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
