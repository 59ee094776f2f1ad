"""Entities marked by tags of words, and how many were found: the F1 of CoNLL (Tjong Kim Sang & De Meulder 2003).

A tag is O, or a mark and a kind: B- begins, I- goes on, E- (or L-) ends, S- (or U-) is one word. As in the script of CoNLL, marks
that do not fit are taken as they are meant: I- after another kind begins an entity.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from upwell.tasks.metrics import Measure, label_figure, pooled

FIGURES = ("precision", "recall", "f1")
OUTSIDE = "O"


class Entity(NamedTuple):
    """An entity of a sentence: words from `start` to before `end`."""

    kind: str
    start: int
    end: int


def entities(tags: Sequence[str]) -> list[Entity]:
    """The entities that the tags of one sentence mark."""
    found: list[Entity] = []
    before, kind_before, start = OUTSIDE, "", 0
    for place, tag in enumerate([*tags, OUTSIDE]):
        mark, _, kind = tag.partition("-")
        is_over = before in (OUTSIDE, "E", "L", "S", "U") or kind != kind_before
        begins = mark != OUTSIDE and (mark in ("B", "S", "U") or is_over)
        if before != OUTSIDE and (begins or mark == OUTSIDE):
            found.append(Entity(kind_before, start, place))
        if begins:
            start = place
        before, kind_before = mark, kind
    return found


def entity_measures(tags: Sequence[Sequence[str]], guesses: Sequence[Sequence[str]]) -> dict[str, Measure]:
    """precision, recall and f1 of whole entities with their kinds, then f1_KIND of each kind that is there or guessed.

    Arguments: for each sentence its right tags and the guessed ones, of equal length.
    """
    wanted = [set(entities(sentence)) for sentence in tags]
    said = [set(entities(sentence)) for sentence in guesses]
    kinds = sorted({entity.kind for sets in (wanted, said) for one in sets for entity in one})
    sums = np.array(
        [
            [
                float(sum(entity.kind == kind for entity in which))
                for kind in kinds
                for which in (right & guess, guess, right)
            ]
            for right, guess in zip(wanted, said, strict=True)
        ]
    ).reshape(len(wanted), 3 * len(kinds))
    all_kinds = pooled(sums)
    found = {what: Measure(all_kinds, partial(label_figure, what=what)) for what in FIGURES}
    for i, kind in enumerate(kinds):
        found[f"f1_{kind}"] = Measure(sums[:, 3 * i : 3 * i + 3], partial(label_figure, what="f1"))
    return found
