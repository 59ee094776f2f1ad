"""The words of stories as numbers, and what a reader needs to know of a story beside them.

A word that was never seen is taken for one of a class, as whose words it may stand for any other, if a sentence was seen that is
the same but for words of classes: after stories of Mary and John, `Bob went to the cellar` tells of a person and a place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from upwell.text.interchange import Interchange, find_interchange
from upwell.text.labelled import Question
from upwell.text.stories import Story, Words, parts_of_answer, sentences_of, stories_of, words_of

UNKNOWN, FIRST = 1, 2
"""Ids of a word that is not known, and of the first that is; 0 is none."""
MOST_SENTENCES = 130
"""Of a story, the last ones, that are read."""
MOST_WORDS = 24
"""Of a sentence, the first ones, that are read."""
MOST_PATTERNS = 10_000
MOST_GUESSES = 3
"""Unknown words of a sentence that are guessed at."""
REACH = 3
"""Sentences between the question and a word, over which words are told apart by their distance."""
FAR = 9.0

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """A question about a story, in ids."""

    sentences: Ids
    """(T, J), 0 behind the words of each."""
    question: Ids
    """(J,), 0 behind its words."""
    distances: npt.NDArray[np.float32]
    """(V,) of each word from the question: below 0, in their order, of those that stand there; then how many sentences lie
    between."""
    guessed: Mapping[str, int]
    """Words that were never seen, and the words of classes for which they stand."""


class StoryWords:
    """The words of stories by their ids, from FIRST."""

    def __init__(
        self,
        interchange: Interchange,
        spelled: Mapping[str, str],
        patterns: Iterable[Words],
        *,
        answer_size: int,
        sentence_size: int,
    ) -> None:
        """`spelled`: the words in the order of their ids, and how each is written; `patterns`: sentences that were seen, with the
        names of classes for their words; `answer_size`: words of the longest answer, with its end where there are several;
        `sentence_size`: words of the longest sentence, J.
        """
        self.interchange, self.spelled = interchange, dict(spelled)
        self.answer_size, self.sentence_size = answer_size, sentence_size
        self.ids = {word: place for place, word in enumerate(self.spelled, FIRST)}
        self.classes = [np.array([self.ids[word] for word in words]) for words in interchange.classes]
        self._labels = {word: _label(number) for number, words in enumerate(interchange.classes) for word in words}
        self._named = {place for places in self.classes for place in places.tolist()}
        self.patterns = frozenset(patterns)

    @classmethod
    def learn(cls, questions: Sequence[Question]) -> Self:
        """The words of these questions and their answers."""
        stories = stories_of(questions)
        interchange = find_interchange(stories)
        stories = [interchange.story(story) for story in stories]
        sentences = list(dict.fromkeys(words for story in stories for words in _sentences(story)))
        answers = {asked.answer for story in stories for asked in story.asked}
        longest = max(map(len, answers), default=1)
        known = sorted({word for words in (*sentences, *answers) for word in words})
        labels = {word: _label(number) for number, words in enumerate(interchange.classes) for word in words}
        return cls(
            interchange,
            _spelling(known, questions),
            [tuple(labels.get(word, word) for word in words) for words in sentences[:MOST_PATTERNS]],
            answer_size=longest + 1 if longest > 1 else 1,
            sentence_size=min(MOST_WORDS, max(1, *map(len, sentences))),
        )

    @property
    def size(self) -> int:
        """Ids there are, V."""
        return len(self.spelled) + FIRST

    def encode(self, question: Question) -> Encoded:
        """What a reader is given of a question."""
        units = self.interchange.units
        told = [units(words) for words in sentences_of(question.context)][-MOST_SENTENCES:]
        asked = units(tuple(words_of(question.question.lower())))
        guessed = self._guessed([*told, asked])
        known = {**self.ids, **guessed}
        sentences = [self._row(words, known) for words in told]
        row = self._row(asked, known)
        table = np.array(sentences, np.int64).reshape(len(told), self.sentence_size)
        return Encoded(table, row, self._distances(sentences, row), guessed)

    def encode_answer(self, answer: str, encoded: Encoded) -> Ids:
        """The words of an answer (K,), 0 behind them."""
        known = {**self.ids, **encoded.guessed}
        row = np.zeros(self.answer_size, np.int64)
        parts = parts_of_answer(answer)[: self.answer_size]
        row[: len(parts)] = [known.get(part, UNKNOWN) for part in parts]
        return row

    def text(self, ids: Iterable[int], encoded: Encoded, question: Question) -> str:
        """An answer as it is written, up to its end."""
        written = dict(enumerate(self.spelled.values(), FIRST))
        for word in words_of(f"{question.question} {question.context}"):
            if word.lower() in encoded.guessed:
                written[encoded.guessed[word.lower()]] = word
        parts = []
        for place in ids:
            if place == 0:
                break
            parts.append(written.get(place, ""))
        return ",".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        found = self.interchange
        return {
            "format": 1,
            "words": self.spelled,
            "phrases": sorted(map(list, found.phrases)),
            "classes": [list(words) for words in found.classes],
            "ordered": found.ordered,
            "patterns": sorted(map(list, self.patterns)),
            "answer_size": self.answer_size,
            "sentence_size": self.sentence_size,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse; a KeyError, TypeError or ValueError for what cannot be."""
        words = {str(word): str(written) for word, written in values["words"].items()}
        phrases, classes, patterns = (
            [_words(row) for row in values[name]] for name in ("phrases", "classes", "patterns")
        )
        sizes = {name: values[name] for name in ("answer_size", "sentence_size")}
        if any(type(size) is not int or not 1 <= size <= MOST_WORDS for size in sizes.values()):
            raise ValueError(f"sizes must be whole numbers from 1 to {MOST_WORDS}")
        if type(values["ordered"]) is not bool:
            raise TypeError("ordered must be true or false")
        return cls(Interchange(frozenset(phrases), tuple(classes), values["ordered"]), words, patterns, **sizes)

    def _row(self, words: Words, known: Mapping[str, int]) -> Ids:
        row = np.zeros(self.sentence_size, np.int64)
        kept = words[: self.sentence_size]
        row[: len(kept)] = [known.get(word, UNKNOWN) for word in kept]
        return row

    def _guessed(self, sentences: Sequence[Words]) -> dict[str, int]:
        """Words that were never seen, each with a word of a class that is not there itself, for which it stands."""
        taken = {self.ids[word] for words in sentences for word in words if word in self.ids}
        labels, guessed = dict(self._labels), {}
        for words in sentences:
            strange = [word for word in dict.fromkeys(words) if word not in self.ids and word not in labels]
            numbers = self._fitting(words, strange, labels) if 0 < len(strange) <= MOST_GUESSES else None
            for word, number in zip(strange, numbers or (), strict=False):
                free = [place for place in self.classes[number].tolist() if place not in taken]
                if free:
                    labels[word], guessed[word] = _label(number), free[0]
                    taken.add(free[0])
        return guessed

    def _fitting(self, words: Words, strange: Sequence[str], labels: Mapping[str, str]) -> tuple[int, ...] | None:
        """The classes for which the strange words of a sentence stand, so that it is like one that was seen."""
        for numbers in product(range(len(self.classes)), repeat=len(strange)):
            guess = {**labels, **{word: _label(number) for word, number in zip(strange, numbers, strict=True)}}
            if tuple(guess.get(word, word) for word in words) in self.patterns:
                return numbers
        return None

    def _distances(self, sentences: Sequence[Ids], question: Ids) -> npt.NDArray[np.float32]:
        """(V,) of each word from the question, from sentence to sentence by the words of classes."""
        told = [self._named & set(row.tolist()) for row in sentences]
        found: dict[int, float] = {}
        for place, word in enumerate(question.tolist()):
            if word in self._named:
                found.setdefault(word, place - 2.0 * MOST_WORDS)
        frontier = set(found)
        for distance in range(1, REACH + 1):
            frontier = set().union(*(words for words in told if words & frontier)) - found.keys()
            found.update(dict.fromkeys(frontier, float(distance)))
        distances = np.full(self.size, FAR, np.float32)
        distances[list(found)] = list(found.values())
        return distances


def _label(number: int) -> str:
    """What stands for a word of a class in a pattern."""
    return f"<{number}>"


def _sentences(story: Story) -> Iterator[Words]:
    yield from story.sentences
    yield from (asked.question for asked in story.asked)


def _words(row: Any) -> Words:
    if not isinstance(row, list) or not all(isinstance(word, str) for word in row):
        raise TypeError("expected lists of words")
    return tuple(row)


def _spelling(words: Iterable[str], questions: Sequence[Question]) -> dict[str, str]:
    """How each of these units is mostly written: in answers, or else in stories and questions."""
    in_answers: Counter[str] = Counter()
    elsewhere: Counter[str] = Counter()
    for row in questions:
        in_answers.update(word for answer in row.answers for word in words_of(answer.text))
        elsewhere.update(words_of(f"{row.context} {row.question}"))
    forms: dict[str, str] = {}
    for counts in (elsewhere, in_answers):
        for word, _ in reversed(counts.most_common()):
            forms[word.lower()] = word
    return {unit: " ".join(forms.get(word, word) for word in unit.split()) for unit in words}
