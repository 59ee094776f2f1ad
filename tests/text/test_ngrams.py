from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from upwell.text.ngrams import KneserNey


class SlowKneserNey:
    """The textbook with dictionaries; takes its discounts from the model under test."""

    def __init__(self, tokens: list[int], vocab_size: int, order: int, discounts: np.ndarray) -> None:
        self.vocab_size, self.discounts = vocab_size, discounts
        grams = [Counter(zip(*(tokens[i:] for i in range(k)), strict=False)) for k in range(1, order + 1)]
        self.counts: list[dict[tuple[int, ...], int]] = []
        for k in range(1, order + 1):
            if k == order:
                self.counts.append(dict(grams[k - 1]))
                continue
            lefts = defaultdict(set)
            for gram in grams[k]:
                lefts[gram[1:]].add(gram[0])
            self.counts.append({gram: len(lefts[gram]) for gram in grams[k - 1]})

    def probability(self, token: int, context: tuple[int, ...]) -> float:
        k = len(context)
        lower = self.probability(token, context[1:]) if k else 1 / self.vocab_size
        followers = {gram[-1]: count for gram, count in self.counts[k].items() if gram[:-1] == context}
        total = sum(followers.values())
        if not total:
            return lower
        removed = sum(self.discounts[k][min(count, 3)] for count in followers.values())
        count = followers.get(token, 0)
        return (count - self.discounts[k][min(count, 3)]) / total + removed / total * lower


def _stream(length: int, vocab_size: int, seed: int = 0) -> np.ndarray:
    return np.minimum(np.random.default_rng(seed).geometric(0.3, length) - 1, vocab_size - 1)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_kneser_ney_equals_slow_dictionaries(order: int) -> None:
    train, test = _stream(400, 8), _stream(40, 9, seed=1)
    model = KneserNey(10, order).fit(train)
    slow = SlowKneserNey(train.tolist(), 10, order, model.discounts_)
    expected = [
        np.log2(slow.probability(int(token), tuple(test[max(0, i - order + 1) : i].tolist())))
        for i, token in enumerate(test)
    ]
    np.testing.assert_allclose(model.log2_probability(test), expected, rtol=1e-12)


def test_kneser_ney_sums_to_one_after_any_context() -> None:
    model = KneserNey(10, 4).fit(_stream(300, 8))
    for context in ([], [0], [9], [0, 9], [9, 0], [1, 0, 0], [0, 1, 2, 3, 4, 5]):
        distribution = model.distribution(context)
        assert distribution.min() > 0
        assert distribution.sum() == pytest.approx(1, abs=1e-12)
        scores = [model.log2_probability([token], context=context)[0] for token in range(10)]
        np.testing.assert_allclose(np.log2(distribution), scores, rtol=1e-12)


@pytest.mark.parametrize("tokens", [[0], [1, 1], [0, 1, 2]])
def test_kneser_ney_fits_texts_shorter_than_its_order(tokens: list[int]) -> None:
    model = KneserNey(4, 5).fit(tokens)
    assert model.distribution(tokens).sum() == pytest.approx(1)
    assert np.isfinite(model.bits_per_token([3, 2, 1, 0]))


def test_kneser_ney_learns_a_repeated_text() -> None:
    train = np.tile(_stream(20, 6), 50)
    assert KneserNey(6, 5).fit(train).bits_per_token(train) < 0.6 * KneserNey(6, 1).fit(train).bits_per_token(train)


def test_kneser_ney_takes_unsigned_and_mapped_tokens() -> None:
    stream = _stream(200, 8)
    small, large = KneserNey(300).fit(stream.astype(np.uint8)), KneserNey(300).fit(stream)
    assert small.bits_per_token(stream.astype(np.uint16)) == large.bits_per_token(stream)
