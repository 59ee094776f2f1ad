"""A document cut into what a summary may be made of, and what speaks for each such unit, in numbers.

After what helped most since Edmundson 1969 and Kupiec et al. 1995: place, length, and how much a unit has in common with the whole, by
its centroid (Radev et al. 2004), LexRank (Erkan & Radev 2004) and TextRank (Mihalcea & Tarau 2004).

Shapes: U units, T tokens, K features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from upwell.tasks.centrality import page_rank, text_rank, weighed_bags
from upwell.text.passages import PassageFeatures, Token, stem, tokens_of
from upwell.text.sentences import Span, clause_spans, sentence_spans

KINDS: dict[str, Callable[[str], list[Span]]] = {"sentences": sentence_spans, "clauses": clause_spans}
"""What a unit may be."""
FEATURES = 28
"""Of a unit, K."""

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Unit:
    """A sentence or a clause."""

    start: int
    end: int
    first: int
    """Its first token."""
    last: int
    """The token behind its last."""
    sentence: int
    """The place of its sentence among those of the document."""


class Document:
    """A text, its tokens, and its units of a kind; a unit holds a letter or a digit."""

    def __init__(self, text: str, kind: str) -> None:
        self.text, self.kind = text, kind
        self.tokens = tokens_of(text)
        self.units = _units(self.tokens, KINDS[kind](text), sentence_spans(text))

    @cached_property
    def stems(self) -> list[str]:
        """Of the tokens, numbers as they are; empty for a mark."""
        return list(map(_stem, self.tokens))

    @cached_property
    def words(self) -> list[list[str]]:
        """The stems of each unit."""
        return [[word for word in self.stems[unit.first : unit.last] if word] for unit in self.units]


def words_of(text: str) -> list[str]:
    """The stems of a text, as `Document` has them: what is compared with a summary."""
    return [word for token in tokens_of(text) if (word := _stem(token))]


def _stem(token: Token) -> str:
    if not token.text[0].isalnum():
        return ""
    return token.text if any(map(str.isdigit, token.text)) else stem(token.text)


def _units(tokens: Sequence[Token], spans: Sequence[Span], sentences: Sequence[Span]) -> list[Unit]:
    units, place, sentence = [], 0, 0
    for start, end in spans:
        while place < len(tokens) and tokens[place].start < start:
            place += 1
        first = place
        while place < len(tokens) and tokens[place].end <= end:
            place += 1
        while sentence + 1 < len(sentences) and sentences[sentence + 1][0] <= start:
            sentence += 1
        if any(token.text[0].isalnum() for token in tokens[first:place]):
            units.append(Unit(start, end, first, place, sentence))
    return units


def unit_features(document: Document, known: PassageFeatures, usual: float) -> Floats:
    """(U, K); `usual`: words of a usual summary."""
    units, words = document.units, document.words
    number, sentences = len(units), units[-1].sentence + 1
    siblings = [list(group) for _, group in groupby(range(number), lambda place: units[place].sentence)]
    inside = {place: (rank, len(group)) for group in siblings for rank, place in enumerate(group)}
    rarity = {
        word: known.rarity(token.text) for word, token in zip(document.stems, document.tokens, strict=True) if word
    }
    bags = weighed_bags(words, rarity)
    similarity = bags @ bags.T
    centroid = bags.mean(0) / max(1e-9, float(np.linalg.norm(bags.mean(0))))
    central, lexrank, textrank = bags @ centroid, number * page_rank(similarity), number * text_rank(words)
    counts = Counter(word for unit in words for word in set(unit))
    rows = []
    for place, unit in enumerate(units):
        text, length = document.text[unit.start : unit.end], len(words[place])
        rare = [rarity[word] for word in words[place]]
        rank, among = inside[place]
        ratio = np.log(length / usual)
        rows.append(
            [
                1 / (1 + place),
                place / number,
                float(place == 0),
                float(place == 1),
                float(place == number - 1),
                1 / (number - place),
                1 / (1 + unit.sentence),
                float(unit.sentence == 0),
                float(unit.sentence == sentences - 1),
                float(rank == 0),
                float(rank == among - 1),
                1 / among,
                max(ratio, 0.0),
                max(-ratio, 0.0),
                float(ratio > 1),
                float(ratio < -1),
                central[place],
                lexrank[place],
                textrank[place],
                float(np.mean(rare)),
                float(np.mean([counts[word] / number for word in words[place]])),
                float(np.dot(rare, [np.log(counts[word]) for word in words[place]])) / length,
                similarity[place, 0] if place else 0.0,
                similarity[place, place - 1] if place else 0.0,
                similarity[place, (place + 1) % number] if place + 1 < number else 0.0,
                rare.count(0.0) / length,
                float(any(map(str.isdigit, text))),
                float(text.endswith(("?", "？"))),
            ]
        )
    return np.array(rows)
