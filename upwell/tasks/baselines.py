"""Answers and tags without any learning of what words mean: what a model has to beat.

The sliding window is that of Richardson et al. 2013 (MCTest, algorithm 1, with its distance), which Rajpurkar et al. 2016
(SQuAD, section 5) put behind a choice of candidates by the words that their sentence has in common with the question. There candidates
are constituents of a parse; here they are all runs of up to `CANDIDATE_WORDS` words without a mark between them that neither
begin nor end with a function word.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from upwell.text.labelled import Question, TaggedSentence
from upwell.text.words import HAN

CANDIDATE_WORDS = 6
CANDIDATE_CHARACTERS = 12
"""In Chinese, where a word here is a character."""
FUNCTION_WORDS = frozenset(
    "a an the of in on at to for from by with and or but is are was were be been being it its this that these those as "
    "do does did has have had will would can could may might who what which when where why how whose whom there he she "
    "they his her their i you we not no if than then so into about after before over under during between s t "
    "的 了 是 在 和 与 也 有 不 这 那 为 及 之 于 就 都 而 等 被 把 从 向 到 对 将 或 以 其 他 她 它 们 吗 呢 什 么 哪 谁 几 何".split()
)

_WORDS = re.compile(rf"[{HAN}]|[^\W{HAN}]+(?:[-'’.,][^\W{HAN}]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")


class Word(NamedTuple):
    """A word of a passage in lower case, and its characters there."""

    text: str
    start: int
    end: int


def words_of(text: str, *, offset: int = 0) -> list[Word]:
    """The words of a text, without marks; a Han character is a word."""
    return [
        Word(match.group().lower(), match.start() + offset, match.end() + offset) for match in _WORDS.finditer(text)
    ]


def sliding_window(question: Question) -> str:
    """The answer that a window of words finds: one of the choices, or a run of words of the passage; empty for an empty passage."""
    passage = words_of(question.context)
    asked = [word.text for word in words_of(question.question)]
    window = SlidingWindow([word.text for word in passage], asked)
    if question.choices:
        return max(question.choices, key=lambda choice: window.score([word.text for word in words_of(choice)]))
    candidates = _best_candidates(question.context, asked)
    if not candidates:
        return ""
    best = max(candidates, key=lambda run: window.score([word.text for word in run]))
    return question.context[best[0].start : best[-1].end]


class SlidingWindow:
    """Scores answers to one question by one passage (Richardson et al. 2013, algorithm 1 and section 4.1)."""

    def __init__(self, passage: Sequence[str], question: Sequence[str]) -> None:
        self._passage = passage
        self._question = set(question)
        counts = Counter(passage)
        self._places: dict[str, list[int]] = {}
        for place, word in enumerate(passage):
            self._places.setdefault(word, []).append(place)
        self._weights = np.array([math.log(1 + 1 / counts[word]) for word in passage])
        self._asked = np.array([word in self._question for word in passage], dtype=bool)

    def score(self, answer: Sequence[str]) -> float:
        """The most that a window holds of question and answer, less how far these lie apart."""
        return self.overlap(set(answer)) - self.distance(set(answer))

    def overlap(self, answer: set[str]) -> float:
        """The most that a window holds of the words of question and answer, rare ones counting more."""
        wanted = self._asked.copy()
        wanted[[place for word in answer for place in self._places.get(word, ())]] = True
        sums = np.concatenate([[0.0], np.cumsum(self._weights * wanted)])
        length = min(len(self._question | answer), len(self._passage))
        return float((sums[length:] - sums[: len(sums) - length]).max())

    def distance(self, answer: set[str]) -> float:
        """Words between the nearest ones of answer and question, as a share of the passage; 1 where there are none."""
        asked = [place for word in self._question - FUNCTION_WORDS for place in self._places.get(word, ())]
        said = [place for word in answer - self._question - FUNCTION_WORDS for place in self._places.get(word, ())]
        if not asked or not said:
            return 1.0
        nearest = min(abs(one - other) for one in asked for other in said)
        return (nearest + 1) / max(1, len(self._passage) - 1)


def _best_candidates(context: str, asked: Sequence[str]) -> list[list[Word]]:
    """The runs whose sentence, the run taken out, has most words and pairs of words in common with the question."""
    most = -1
    found: list[list[Word]] = []
    question, pairs = Counter(asked), Counter(pairwise(asked))
    for sentence in _sentences(context):
        texts = [word.text for word in sentence]
        whole = _common(texts, question) + _common(list(pairwise(texts)), pairs)
        if whole < most:  # taking words out leaves no more in common
            continue
        for first, last in _runs(sentence, context):
            rest = [*texts[:first], *texts[last:]]
            overlap = _common(rest, question) + _common([*pairwise(texts[:first]), *pairwise(texts[last:])], pairs)
            if overlap > most:
                most, found = overlap, []
            if overlap == most:
                found.append(sentence[first:last])
    return found


def _common(found: Iterable[object], wanted: Counter[object] | Counter[str] | Counter[tuple[str, str]]) -> int:
    counts = Counter(found)
    return sum(min(number, counts[item]) for item, number in wanted.items() if item in counts)


def _sentences(text: str) -> list[list[Word]]:
    bounds = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    found = [words_of(text[start:end], offset=start) for start, end in pairwise(bounds)]
    return [sentence for sentence in found if sentence]


def _runs(sentence: Sequence[Word], context: str) -> Iterable[tuple[int, int]]:
    for first, word in enumerate(sentence):
        if word.text in FUNCTION_WORDS:
            continue
        longest = CANDIDATE_CHARACTERS if re.match(f"[{HAN}]", word.text) else CANDIDATE_WORDS
        for last in range(first + 1, min(first + longest, len(sentence)) + 1):
            if last > first + 1 and context[sentence[last - 2].end : sentence[last - 1].start].strip():
                break
            if sentence[last - 1].text not in FUNCTION_WORDS:
                yield first, last


class MostFrequentTag:
    """Each word's most frequent tag; for a word that was never seen the most frequent one of words seen once."""

    def fit(self, sentences: Iterable[TaggedSentence]) -> MostFrequentTag:
        """Count tags; of equally frequent ones the first in the alphabet is taken."""
        counts: dict[str, Counter[str]] = {}
        for sentence in sentences:
            for word, tag in zip(sentence.words, sentence.tags, strict=True):
                counts.setdefault(word, Counter())[tag] += 1
        once = Counter(next(iter(tags)) for tags in counts.values() if tags.total() == 1)
        self.tags_ = {word: _first(tags) for word, tags in counts.items()}
        self.unknown_ = _first(once or Counter(self.tags_.values()))
        return self

    def tag(self, words: Sequence[str]) -> tuple[str, ...]:
        """The tags of a sentence's words; a word not seen as it is written is looked up in lower case."""
        return tuple(self.tags_.get(word, self.tags_.get(word.lower(), self.unknown_)) for word in words)


def _first(counts: Counter[str]) -> str:
    return min(counts, key=lambda tag: (-counts[tag], tag))
