"""Labels looked at one by one: confusion, figures of each label, several labels a text.

Shapes: N items, C labels.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from upwell.tasks.metrics import Measure, label_figure, mean, pooled

FIGURES = ("precision", "recall", "f1")
CONFUSIONS_SHOWN = 5


@dataclass(frozen=True)
class Confusion:
    """How often each label was taken for each other."""

    labels: tuple[str, ...]
    """Of the items and of the guesses, sorted."""
    counts: NDArray[np.int64]
    """(C, C): rows are what was right, columns what was guessed."""

    def most(self, number: int = CONFUSIONS_SHOWN) -> list[tuple[str, str, int]]:
        """The most frequent errors: right label, guess, how often; the most frequent first."""
        wrong = self.counts * (1 - np.eye(len(self.labels), dtype=np.int64))
        order = np.argsort(-wrong, axis=None, kind="stable")[:number]
        places = [divmod(int(place), len(self.labels)) for place in order]
        return [
            (self.labels[row], self.labels[column], int(wrong[row, column]))
            for row, column in places
            if wrong[row, column]
        ]


def confusion(labels: Sequence[str], guesses: Sequence[str]) -> Confusion:
    """Count every pair of a right label and a guess."""
    known = tuple(sorted({*labels, *guesses}))
    place = {label: i for i, label in enumerate(known)}
    counts = np.zeros((len(known), len(known)), dtype=np.int64)
    for label, guess in zip(labels, guesses, strict=True):
        counts[place[label], place[guess]] += 1
    return Confusion(known, counts)


@dataclass(frozen=True)
class MultiLabelled:
    """Sets of labels and of guesses for each item, and the measures of them."""

    labels: Sequence[Collection[str]]
    guesses: Sequence[Collection[str]]

    def exact_match(self) -> Measure:
        """Share of items whose guesses are all of the labels and nothing else (subset accuracy)."""
        return mean([float(set(label) == set(guess)) for label, guess in self._pairs()])

    def hamming_loss(self) -> Measure:
        """Share of wrong decisions, of one for each item and label (Schapire & Singer 2000)."""
        number = len(self.known())
        return mean([len(set(label) ^ set(guess)) / number for label, guess in self._pairs()])

    def jaccard(self) -> Measure:
        """Mean over items of common over all labels of both; 1 where both have none (Godbole & Sarawagi 2004)."""
        return mean(
            [
                len(set(label) & set(guess)) / len({*label, *guess}) if {*label, *guess} else 1.0
                for label, guess in self._pairs()
            ]
        )

    def micro(self, what: str = "f1") -> Measure:
        """Precision, recall or F1 (`what`) of all labels' counts together."""
        return Measure(self._sums(), lambda totals: label_figure(pooled(totals), what))

    def macro(self, what: str = "f1") -> Measure:
        """Unweighted mean over labels of precision, recall or F1 (`what`); as `Classified.macro`."""
        return Measure(self._sums(), lambda totals: label_figure(totals, what))

    def each(self) -> dict[str, dict[str, Measure]]:
        """Precision, recall and F1 of each label."""
        sums = self._sums()
        return {
            label: {what: Measure(sums[:, 3 * i : 3 * i + 3], partial(label_figure, what=what)) for what in FIGURES}
            for i, label in enumerate(self.known())
        }

    def known(self) -> list[str]:
        """All labels there are or were guessed, sorted."""
        return sorted({label for sets in (self.labels, self.guesses) for one in sets for label in one})

    def _pairs(self) -> list[tuple[Collection[str], Collection[str]]]:
        return list(zip(self.labels, self.guesses, strict=True))

    def _sums(self) -> NDArray[np.float64]:
        """Right, guessed, there: a row for each item, three columns for each label."""
        place = {label: i for i, label in enumerate(self.known())}
        sums = np.zeros((len(self.labels), 3 * len(place)))
        for row, (labels, guesses) in zip(sums, self._pairs(), strict=True):
            row[[3 * place[label] + 2 for label in labels]] = 1
            row[[3 * place[guess] + 1 for guess in guesses]] = 1
            row[[3 * place[guess] for guess in set(guesses) & set(labels)]] = 1
        return sums


def each_label(labels: Sequence[str], guesses: Sequence[str]) -> dict[str, dict[str, Measure]]:
    """Precision, recall and F1 of each label that is there or guessed, of one label an item."""
    return MultiLabelled([(label,) for label in labels], [(guess,) for guess in guesses]).each()
