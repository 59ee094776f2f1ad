"""Runs of words: what may not stand in two splits, and how texts are kept from it.

A run is 13 words in English, 20 characters in Chinese (which say about as much); marks do not count. The names of a text
belong to its split in company with most other words (see `splits`), so a run with a name in it is of one split. A run
without any name could be of both. A text that has one is drawn again.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from upwell.text.examples import Example
from upwell.world.chance import Chance
from upwell.world.lexicon import lexicon

RUN = {"en": 13, "zh": 20}
"""Length of a run: words in English, characters in Chinese."""
UNITS = {"en": re.compile(r"\w+(?:'\w+)?"), "zh": re.compile(r"[a-z]+|\w")}
"""What is counted, in texts in small letters."""
CUT = {"en": 0, "zh": 2}
"""A run may end inside a name: characters of it that do not tell whose it is."""

Make = Callable[[Chance, int, str, str], Example]


def has_nameless_run(text: str, language: str) -> bool:
    """Whether some run of `text` holds no name."""
    longest = RUN[language] - CUT[language]
    units = UNITS[language]
    return any(len(units.findall(piece)) >= longest for piece in _names().split(text.lower()))


def named(make: Make) -> Make:
    """`make`, drawn again until no run of the example is without a name.

    The draws that are thrown away cost no bits: what they leave to be told is less than the bits of the draw that is
    kept, which stay an upper bound.
    """

    @functools.wraps(make)
    def made(chance: Chance, level: int, language: str, split: str) -> Example:
        before = chance.bits
        while has_nameless_run((example := make(chance, level, language, split)).text, language):
            chance.bits = before
        return example

    return made


@functools.cache
def _names() -> re.Pattern[str]:
    names = lexicon().names
    english = "|".join(sorted((entry.english.lower() for entry in names), key=len, reverse=True))
    chinese = "|".join(sorted((entry.chinese for entry in names), key=len, reverse=True))
    return re.compile(rf"\b(?:{english})(?:'s)?\b|{chinese}")
