"""How Chinese characters sound today: tone and rhyme of each, by pypinyin's first reading.

Rhymes are the fourteen classes of the "Chinese New Rhymes" (中华新韵, Chinese Poetry Society 2005), tones those of Mandarin:
the first and second are level (平), the third and fourth oblique (仄). Of the entering tone (入声), which older verse counts
as oblique, neither knows anything: its characters are spread over all four tones, and rhyme with what they sound like now.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from upwell.errors import UserError

LEVEL, OBLIQUE, EITHER = "平", "仄", "中"
RHYMES = "麻波皆开微豪尤寒文唐庚齐支姑"
"""The names of the classes."""

_FINALS = (
    ("唐", "ang$"),
    ("庚", "(eng|ing|ong)$"),
    ("寒", "an$"),
    ("文", "(en|in|un|vn)$"),
    ("开", "ai$"),
    ("微", "(ei|ui)$"),
    ("豪", "ao$"),
    ("尤", "(ou|iu)$"),
    ("皆", "(ie|ue|ve|ye)$"),
    ("麻", "a$"),
    ("波", "(o|e)$"),
    ("支", "^(zh|ch|sh|[rzcs])i$"),
    ("齐", "(i|er|v|[jqxy]u)$"),
    ("姑", "u$"),
)
"""Each class with the ends of its syllables as they are written; the first that fits holds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The sound of a character."""

    rhyme: str
    """One of RHYMES; empty for the few syllables that are in none (嗯)."""
    tone: str
    """LEVEL, OBLIQUE, or EITHER where the tone is neutral."""


def is_character(text: str) -> bool:
    """Whether `text` is a single Han character."""
    return len(text) == 1 and ("\u3400" <= text <= "\u9fff" or "\U00020000" <= text <= "\U0003ffff")


@functools.cache
def reading_of(character: str) -> Reading | None:
    """How a Han character sounds; None for anything else, and for one that has no known reading.

    Raises a UserError where pypinyin is not installed.
    """
    if not is_character(character):
        return None
    try:
        from pypinyin import Style, pinyin
    except ImportError as error:
        raise UserError('tones and rhymes need one more package: pip install "upwell[tasks]"') from error
    found = pinyin(character, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    if not found or not found[0][0]:
        return None
    syllable = str(found[0][0])
    letters, tone = syllable[:-1], syllable[-1]
    rhyme = next((name for name, ending in _FINALS if re.search(ending, letters)), "")
    return Reading(rhyme, LEVEL if tone in "12" else OBLIQUE if tone in "34" else EITHER)
