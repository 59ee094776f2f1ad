"""Stories from a beginning, judged by the rules of the world, and by whether they are new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from upwell.tasks.metrics import Measure, distinct, mean, ratio
from upwell.tasks.task import Guess, Item, answer_nll
from upwell.text.examples import Example
from upwell.world.stories import check_story

Encode = Callable[[str], NDArray[np.integer]]
SPAN = 16
"""Tokens in a row that, found in the training text, count as copied."""


@dataclass(frozen=True)
class Generation:
    """Shares of sentences that are grammatical and that fit what was told before; how much is new, how much repeats."""

    known_spans: Callable[[Sequence[str]], list[tuple[int, int]]] | None = field(default=None)
    """Texts to pairs (new spans, spans) against the training text; None: novelty is not measured."""

    name = "generation"
    view = "story"
    temperature = 0.7
    headline = ("grammatical", "consistent", "novelty", "distinct_2")

    def measures(self, items: Sequence[Item]) -> dict[str, Measure]:
        """grammatical, consistent, novelty, distinct_2, answer_nll."""
        checked = [
            check_story(item.example.format.text(item.example.prompt, item.output), item.example.language)
            for item in items
        ]
        told = [
            check_story(item.example.prompt, item.example.language) if item.example.prompt else (0, 0, 0)
            for item in items
        ]
        # The given beginning is right by construction and is nobody's achievement.
        own = [
            tuple(max(0, a - b) for a, b in zip(whole, given, strict=True))
            for whole, given in zip(checked, told, strict=True)
        ]
        found = {
            "grammatical": ratio([(good, max(1, number)) for number, good, _ in own]),
            "consistent": ratio([(good, max(1, number)) for number, _, good in own]),
        }
        outputs = [item.output for item in items]
        if self.known_spans is not None:
            found["novelty"] = ratio([(float(new), float(max(1, spans))) for new, spans in self.known_spans(outputs)])
        found["distinct_2"] = mean([distinct([output], 2) for output in outputs])
        return {**found, **answer_nll(items)}

    def baselines(self, train: Sequence[Example]) -> dict[str, Guess]:
        """None: a story copied from the training text is right in everything but novelty, which is measured."""
        return {}


def known_spans(
    train_tokens: NDArray[np.unsignedinteger], encode: Encode, *, span: int = SPAN
) -> Callable[[Sequence[str]], list[tuple[int, int]]]:
    """A function for `Generation.known_spans`: which spans of `span` tokens do not occur in `train_tokens` (N,)."""

    def count(texts: Sequence[str]) -> list[tuple[int, int]]:
        hashes = [_hashes(encode(text).astype(np.uint64), span) for text in texts]
        wanted = np.unique(np.concatenate([np.zeros(0, np.uint64), *hashes]))
        seen = np.zeros(len(wanted), dtype=bool)
        for start in range(0, len(train_tokens), 1 << 20):
            part = _hashes(train_tokens[start : start + (1 << 20) + span - 1].astype(np.uint64), span)
            seen |= np.isin(wanted, part)
        return [(int((~seen[np.searchsorted(wanted, own)]).sum()), len(own)) for own in hashes]

    return count


def _hashes(ids: NDArray[np.uint64], span: int) -> NDArray[np.uint64]:
    """Polynomial hashes modulo 2^64 of all spans, (N - span + 1,)."""
    number = max(0, len(ids) - span + 1)
    total = np.zeros(number, dtype=np.uint64)
    factor = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        for i in range(span):
            total = total * factor + ids[i : i + number] + np.uint64(1)
    return total
