"""Stories in words: their sentences one after the other, and what is asked along the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from upwell.text.labelled import Question
from upwell.text.words import HAN

Words = tuple[str, ...]

_SENTENCE_END = re.compile(r"\n|(?<=[.!?])\s+|(?<=[。！？])")
_WORD = re.compile(rf"[{HAN}]|[^\W{HAN}_]+(?:['’-][^\W{HAN}_]+)*")


@dataclass(frozen=True)
class Asked:
    """A question in words."""

    question: Words
    answer: Words
    """The parts of the answer, of which a list has several; each one or more words."""
    told: int
    """Sentences of the story that stand before the question."""


@dataclass(frozen=True)
class Story:
    """The sentences of a story, and the questions about it."""

    sentences: tuple[Words, ...]
    asked: tuple[Asked, ...]


def words_of(text: str) -> list[str]:
    """The words of a text as they are written; each Han character is one, marks are none."""
    return _WORD.findall(text)


def sentences_of(text: str) -> tuple[Words, ...]:
    """The sentences of a text, in words of lower case."""
    found = (tuple(words_of(part.lower())) for part in _SENTENCE_END.split(text))
    return tuple(words for words in found if words)


def parts_of_answer(text: str) -> Words:
    """The parts of an answer, which commas divide, in lower case."""
    found = (" ".join(words_of(part.lower())) for part in text.split(","))
    return tuple(part for part in found if part)


def stories_of(questions: Iterable[Question]) -> list[Story]:
    """The stories of these questions: those of one group share a story, of which each was told a beginning."""
    groups: dict[object, list[Question]] = {}
    for row in questions:
        groups.setdefault(row.group, []).append(row)
    return [_story(rows) for rows in groups.values()]


def _story(rows: Sequence[Question]) -> Story:
    told = [sentences_of(row.context) for row in rows]
    asked = tuple(
        Asked(tuple(words_of(row.question.lower())), parts_of_answer(row.answers[0].text), len(sentences))
        for row, sentences in zip(rows, told, strict=True)
        if row.answers
    )
    return Story(max(told, key=len), asked)
