"""Interpolated modified Kneser-Ney n-grams over token ids: the baseline beside every network.

P_k(w | h) = max(c(hw) - D(c(hw)), 0) / c(h.) + g(h) P_{k-1}(w | h'),   g(h) = (D1 N1(h) + D2 N2(h) + D3 N3+(h)) / c(h.)

(Chen & Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling", section 3.) h' is h without
its first token; c counts occurrences at the highest order and distinct tokens on the left below it; N_i(h) counts the
tokens that follow h i times (3+: at least 3 times); each order has its own discounts D1, D2, D3 from its counts of
counts. Below the first order is the uniform distribution over the vocabulary, so every token has a probability and
they sum to 1.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_ABSENT = -1


class KneserNey:
    """An n-gram language model. `fit` learns; `log2_probability` scores.

    Attributes after `fit`: `discounts_` (order, 4), the discounts of each order by count 0, 1, 2 and 3 or more.
    """

    def __init__(self, vocab_size: int, order: int = 5) -> None:
        """`vocab_size`: ids are below it; `order`: longest n-gram, in tokens, at least 1."""
        assert vocab_size >= 1
        assert order >= 1
        self.vocab_size = vocab_size
        self.order = order

    def fit(self, tokens: ArrayLike) -> Self:
        """Count the n-grams of one stream of ids (T,). Half a second for a million."""
        stream = np.asarray(tokens, np.int64)
        assert stream.ndim == 1
        assert len(stream)
        assert stream.min() >= 0
        assert stream.max() < self.vocab_size
        # An n-gram is known by its place in a sorted array of keys: place of its first n-1 tokens * vocabulary + last.
        self._keys: list[Integers] = []
        occurrences: list[Integers] = []  # number of the n-gram that starts at each place
        firsts: list[Integers] = []  # a place where each n-gram starts
        numbers = np.zeros(len(stream), np.int64)
        raw: Integers = numbers
        for k in range(1, self.order + 1):
            if len(stream) < k:
                break
            keys = numbers[: len(stream) - k + 1] * self.vocab_size + stream[k - 1 :]
            unique, first, numbers, raw = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
            self._keys.append(unique)
            occurrences.append(numbers)
            firsts.append(first)
        self._count(occurrences, firsts, raw)
        return self

    def _count(self, occurrences: list[Integers], firsts: list[Integers], raw: Integers) -> None:
        highest = len(self._keys)
        self._counts: list[Integers] = []
        for k in range(highest):
            if k == highest - 1 and highest == self.order:
                counts = raw
            elif k == highest - 1:  # a text shorter than the order: nothing is to the left of its only longest n-gram
                counts = np.zeros(len(self._keys[k]), np.int64)
            else:  # each longer n-gram adds one to the n-gram that its last tokens are
                counts = np.bincount(occurrences[k][firsts[k + 1] + 1], minlength=len(self._keys[k]))
            self._counts.append(counts)
        self.discounts_ = np.stack([_discounts(counts) for counts in self._counts])
        self._totals: list[NDArray[Any]] = []  # c(h.) of each context
        self._backoff: list[Floats] = []  # g(h) of each context, 1 where nothing follows it
        for k, counts in enumerate(self._counts):
            contexts = self._keys[k] // self.vocab_size
            num_contexts = len(self._keys[k - 1]) if k else 1
            totals = np.bincount(contexts, counts, minlength=num_contexts)
            removed = np.bincount(contexts, self.discounts_[k][np.minimum(counts, 3)], minlength=num_contexts)
            self._totals.append(totals)
            self._backoff.append(np.divide(removed, totals, out=np.ones(num_contexts), where=totals > 0))

    def log2_probability(self, tokens: ArrayLike, *, context: ArrayLike = ()) -> Floats:
        """Base-2 logarithm of each token's probability (T,), given those before it; `context` precedes the first."""
        before = np.asarray(context, np.int64)[-(self.order - 1) :] if self.order > 1 else np.empty(0, np.int64)
        stream = np.concatenate([before, np.asarray(tokens, np.int64)])
        probability = np.full(len(stream), 1.0 / self.vocab_size)
        # histories[t]: number of the k tokens before place t, _ABSENT if they never occurred or t < k
        histories = np.zeros(len(stream), np.int64)
        for k in range(len(self._keys)):
            known = histories != _ABSENT
            numbers = np.full(len(stream), _ABSENT)
            numbers[known] = _find(self._keys[k], histories[known] * self.vocab_size + stream[known])
            counts = np.where(numbers == _ABSENT, 0, self._counts[k][numbers])
            probability = self._mix(k, histories, counts, probability)
            histories = np.concatenate([[_ABSENT], numbers[:-1]])
        scores: Floats = np.log2(probability[len(before) :])
        return scores

    def distribution(self, context: ArrayLike) -> Floats:
        """Probabilities of all tokens (vocab_size,) after `context`."""
        before = np.asarray(context, np.int64)
        probability = np.full(self.vocab_size, 1.0 / self.vocab_size)
        for k in range(min(len(self._keys), len(before) + 1)):
            history = 0
            for depth, token in enumerate(before[len(before) - k :]):
                if history != _ABSENT:
                    history = int(_find(self._keys[depth], np.array([history * self.vocab_size + token]))[0])
            if history == _ABSENT:
                break
            followers = slice(
                *np.searchsorted(self._keys[k], [history * self.vocab_size, (history + 1) * self.vocab_size])
            )
            counts = np.zeros(self.vocab_size, np.int64)
            counts[self._keys[k][followers] % self.vocab_size] = self._counts[k][followers]
            probability = self._mix(k, np.full(self.vocab_size, history), counts, probability)
        return probability

    def bits_per_token(self, tokens: ArrayLike) -> float:
        """Mean of -log2 probability over a stream of ids."""
        return float(-self.log2_probability(tokens).mean())

    def _mix(self, k: int, histories: Integers, counts: Integers, lower: Floats) -> Floats:
        known = histories != _ABSENT
        at = np.where(known, histories, 0)
        totals = self._totals[k][at]
        usable = known & (totals > 0)
        kept = counts - self.discounts_[k][np.minimum(counts, 3)]
        mixed = kept / np.where(usable, totals, 1.0) + self._backoff[k][at] * lower
        return np.where(usable, mixed, lower)


def _find(keys: Integers, wanted: Integers) -> Integers:
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, _ABSENT)


def _discounts(counts: NDArray[Any]) -> Floats:
    """Chen & Goodman's discounts D1, D2, D3+ from counts of counts n1..n4, kept within (0, count)."""
    n1, n2, n3, n4 = (float(np.count_nonzero(counts == count)) for count in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2) if n1 and n2 else 0.5  # too little text for an estimate
    d1 = 1 - 2 * y * n2 / n1 if n1 else 0.5
    d2 = 2 - 3 * y * n3 / n2 if n2 else 1.0
    d3 = 3 - 4 * y * n4 / n3 if n3 else 1.5
    return np.array([0.0, min(max(d1, 0.05), 0.95), min(max(d2, 0.05), 1.95), min(max(d3, 0.05), 2.95)])
