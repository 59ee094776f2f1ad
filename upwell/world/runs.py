"""Runs of words: what may not stand in two splits, and how texts are kept from it.

A run is 13 words in English, 20 characters in Chinese (which say about as much); marks do not count. Where both
languages stand in one text, each has its own runs. Two rules say whom a run may name:

- in test each run names somebody held for test and nobody else; so it is in valid;
- in train a run that names somebody held for another split names somebody free too.

So no run is in two splits: one of test names somebody held for test and nobody free. In train it would have to name
somebody free, in valid it could not name somebody held for test. Whom a run names is seen from the run alone (a name
counts if it is there as a whole, whatever stands around it), so two equal runs name the same.

A text that breaks a rule is drawn again; the rules hold for a text that is shorter than a run, too. Views that name
nobody (numbers, entries, invented words) are parted by their meaning alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from upwell.text.examples import LANGUAGES, Example
from upwell.world.chance import Chance
from upwell.world.lexicon import lexicon
from upwell.world.splits import holder_of

RUN = {"en": 13, "zh": 20}
"""Length of a run: words in English, characters in Chinese."""
_HAN = "\u3400-\u9fff"
_UNITS = {"en": re.compile(r"\w+(?:'\w+)?"), "zh": re.compile(rf"[{_HAN}]|\d+")}
"""What is counted, in small letters."""
_OTHER = {"en": re.compile(f"[{_HAN}]+"), "zh": re.compile("[a-z]+")}
"""What is not of a language and parts its rows."""

Make = Callable[[Chance, int, str, str], Example]


class Named(NamedTuple):
    """Somebody's name in a row of words."""

    start: int
    end: int
    holder: str
    """The split that the name is held for, or free."""


def rows_of(text: str, language: str) -> list[list[str]]:
    """The words (characters) of one language in a text: a list for each stretch without the other one."""
    if language == "zh" and text.isascii():
        return []
    rows = map(_UNITS[language].findall, _OTHER[language].split(text.lower()))
    return [row for row in rows if row]


def fits_split(text: str, split: str) -> bool:
    """Whether no run of `text` breaks the rule of its split, nor the text as a whole."""
    lowered = text.lower()
    if split == "train" and not any(name in lowered for name in _held_names()):
        return True
    anybody = stranger = False
    for language in LANGUAGES:
        for row in rows_of(text, language):
            names = _names_in(row, language)
            friends = [name for name in names if name.holder == ("free" if split == "train" else split)]
            others = [name for name in names if name not in friends]
            anybody = anybody or bool(friends)
            stranger = stranger or bool(others)
            if split != "train" and others:
                return False
            for start, end in _gaps(friends, len(row)):
                if end - start >= RUN[language] and (
                    split != "train" or any(start <= name.start and name.end <= end for name in others)
                ):
                    return False
    return anybody or (split == "train" and not stranger)


Made = TypeVar("Made", Example, list[str])


def named(make: Callable[[Chance, int, str, str], Made]) -> Callable[[Chance, int, str, str], Made]:
    """`make`, of an example or of the turns of a text, drawn again until the text fits its split.

    The draws that are thrown away cost no bits: what they leave to be told is less than the bits of the draw that is
    kept, which stay an upper bound.
    """

    @functools.wraps(make)
    def made(chance: Chance, level: int, language: str, split: str) -> Made:
        before = chance.bits
        while True:
            found = make(chance, level, language, split)
            if fits_split("".join(found) if isinstance(found, list) else found.text, split):
                return found
            chance.bits = before

    return made


def _names_in(row: list[str], language: str) -> list[Named]:
    """All names in a row, by where they begin."""
    holders = _holders(language)
    if language == "en":
        return [Named(place, place + 1, holders[word]) for place, word in enumerate(row) if word in holders]
    text = "".join([unit if len(unit) == 1 else "0" for unit in row])
    return [
        Named(place, place + size, holders[text[place : place + size]])
        for place in [found.start() for found in _first_characters().finditer(text)]
        for size in (2, 3, 4)
        if text[place : place + size] in holders and place + size <= len(text)
    ]


def _gaps(names: list[Named], size: int) -> Iterator[tuple[int, int]]:
    """From where to where a row of `size` words reaches without one of the names as a whole."""
    starts = [0, *(name.start + 1 for name in names)]
    ends = [*(name.end - 1 for name in names), size]
    return zip(starts, ends, strict=True)


@functools.cache
def _holders(language: str) -> dict[str, str]:
    """What a name looks like, in small letters, and the split it is held for."""
    if language == "zh":
        return {name.chinese: holder_of(name.id) for name in lexicon().names}
    return {name.english.lower() + ending: holder_of(name.id) for name in lexicon().names for ending in ("", "'s")}


@functools.cache
def _first_characters() -> re.Pattern[str]:
    return re.compile(f"[{''.join(sorted({name[0] for name in _holders('zh')}))}]")


@functools.cache
def _held_names() -> tuple[str, ...]:
    """The names that are held for some split, in small letters."""
    held = [name for name in lexicon().names if holder_of(name.id) != "free"]
    return tuple(spelled for name in held for spelled in (name.english.lower(), name.chinese))
