"""How central each sentence of a text is among the others: centroid, LexRank, TextRank.

Shapes: U sentences.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

DAMPING = 0.85
ENOUGH = 1e-8
MOST_STEPS = 200

Floats = npt.NDArray[np.floating[Any]]


def weighed_bags(units: Sequence[Sequence[str]], rarity: Mapping[str, float]) -> Floats:
    """A row of length one for each unit, of the words of all of them: how often it is there times its rarity."""
    places: dict[str, int] = {}
    for words in units:
        for word in words:
            places.setdefault(word, len(places))
    rows = np.zeros((len(units), max(1, len(places))))
    for row, words in zip(rows, units, strict=True):
        for word, count in Counter(words).items():
            row[places[word]] = count * rarity[word]
    found: Floats = rows / np.maximum(1e-9, np.linalg.norm(rows, axis=1, keepdims=True))
    return found


def page_rank(similarity: Floats) -> Floats:
    """(U,) The share of a random walk's time at each node of a graph with edges `similarity` (U, U), by its powers (Brin & Page 1998);
    a node without edges goes anywhere.
    """
    number = len(similarity)
    edges = similarity * (1 - np.eye(number))
    total = edges.sum(1, keepdims=True)
    moves = np.where(total > 0, edges / np.maximum(total, 1e-12), 1 / number)
    rank = np.full(number, 1 / number)
    for _ in range(MOST_STEPS):
        before, rank = rank, DAMPING * rank @ moves + (1 - DAMPING) / number
        if np.abs(rank - before).sum() < ENOUGH:
            break
    return rank


def text_rank(units: Sequence[Sequence[str]]) -> Floats:
    """(U,) TextRank (Mihalcea & Tarau 2004, section 4): words in common over the logs of the lengths."""
    sets = [set(words) for words in units]
    number = len(units)
    similarity = np.zeros((number, number))
    for one in range(number):
        for other in range(one):
            lengths = math.log(max(1, len(units[one]))) + math.log(max(1, len(units[other])))
            if lengths:
                similarity[one, other] = similarity[other, one] = len(sets[one] & sets[other]) / lengths
    return page_rank(similarity)
