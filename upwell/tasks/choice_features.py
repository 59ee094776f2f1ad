"""What speaks for each of several answers to a question about a passage, in numbers.

After what helped most on MCTest (Richardson et al. 2013, section 4; Sachan et al. 2015, section 4; Smith et al. 2015): how much of
question and answer stands together in a window of words or in a few sentences, how near they are, how often the answer stands in
the passage; and all that the other way round where the question is a negation.

Shapes: C choices, K features, S sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from upwell.tasks.baselines import FUNCTION_WORDS, SlidingWindow, words_of
from upwell.text.labelled import Question
from upwell.text.passages import SENTENCE_ENDS, PassageFeatures, stem, tokens_of

Floats = npt.NDArray[np.floating[Any]]
SENTENCES = (1, 2, 3)
"""Sentences that are looked at together."""
FEATURES = 3 + 3 * len(SENTENCES) + 5 + 6
"""Of a choice, K."""
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|isn|wasn|didn|doesn|don|couldn|without)\b|n't|[不没]", re.IGNORECASE
)


def choice_features(question: Question, known: PassageFeatures) -> Floats:
    """(C, K), each column around its mean over the choices."""
    asked = [word.text for word in words_of(question.question)]
    passage = [word.text for word in words_of(question.context)]
    window = SlidingWindow(passage, asked)
    sentences = _sentences(question.context)
    wanted = _rare(question.question, known)
    text = " ".join(passage)
    rows = []
    for choice in question.choices:
        words = [word.text for word in words_of(choice)]
        said = _rare(choice, known)
        new = {one: weight for one, weight in said.items() if one not in wanted}
        overlap, distance = window.overlap(set(words)), window.distance(set(words))
        row = [overlap, distance, overlap - distance]
        for number in SENTENCES:
            asked_part, said_part, new_part = (_covered(sentences, part, number) for part in (wanted, said, new))
            row += [(asked_part + said_part).max(), (asked_part * said_part).max(), (asked_part * new_part).max()]
        everywhere = {one for sentence in sentences for one in sentence}
        row += [
            sum(weight for one, weight in new.items() if one in everywhere) / (sum(new.values()) or 1.0),
            float(bool(words) and f" {' '.join(words)} " in f" {text} "),
            np.log1p(sum(passage.count(word) for word in words if word not in FUNCTION_WORDS)),
            sum(pair in set(pairwise(passage)) for pair in pairwise(words)) / max(1, len(words) - 1),
            np.log1p(len(words)),
        ]
        rows.append(row)
    found = np.array(rows)
    found = found - found.mean(0)
    negated = float(bool(_NEGATION.search(question.question)))
    return np.concatenate([found, negated * found[:, :6]], 1)


def _sentences(text: str) -> list[set[str]]:
    """The stems of each sentence; one empty sentence where there is none."""
    found: list[set[str]] = [set()]
    for token in tokens_of(text):
        if token.text in SENTENCE_ENDS:
            found.append(set())
        else:
            found[-1].add(stem(token.text))
    return [sentence for sentence in found if sentence] or [set()]


def _rare(text: str, known: PassageFeatures) -> dict[str, float]:
    """The stems of a text with how rare they are."""
    return {stem(token.text): known.rarity(token.text) for token in tokens_of(text) if known.rarity(token.text)}


def _covered(sentences: Sequence[set[str]], wanted: dict[str, float], number: int) -> Floats:
    """Share (S,) of the wanted stems, by rarity, in each run of `number` sentences."""
    total = sum(wanted.values()) or 1.0
    last = max(1, len(sentences) - number + 1)
    runs = [set().union(*sentences[first : first + number]) for first in range(last)]
    return np.array([sum(weight for one, weight in wanted.items() if one in run) / total for run in runs])
