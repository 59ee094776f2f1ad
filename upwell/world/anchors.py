"""Keeping a story by its people: what happens around them is told through their eyes.

A text in which no name is said for long is unclear, and says what many other texts say word for word. So a plain
sentence about the weather or a thing becomes "Lily saw that the rose bloomed" where no name would stand near.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from upwell.world.chance import Chance
from upwell.world.constructions import constructions, moods_of
from upwell.world.linearise import ADJUNCTS, names_in
from upwell.world.meaning import CONNECTIVES, Clause

NEAR = 7
"""Words that may pass without a name."""
SEEING = ("see", "notice")
UNSEEN = frozenset({"smell_good", "thunder", "sing", "hot_day", "cold_day", "windy_day", "wind", "quiet", "make_noise"})
"""What is noticed, but not with the eyes."""


def anchored(sentences: list[Clause], chance: Chance) -> list[Clause]:
    """The sentences, with those that leave a gap without a name told as what somebody saw."""
    hero = next((name for sentence in sentences for name in names_in(sentence)), "")
    gap, found = 0, []
    for sentence in sentences:
        before, after, named = span_of(sentence)
        if hero and gap + before > NEAR and _cause_is_nameless(sentence):
            # the cause is what somebody saw
            front, core = (sentence[1], sentence[2]) if sentence[0] == "adv" else ("", sentence)
            cause, effect = (core[1], core[2]) if core[0] == "so" else (core[2], core[1])
            core = ("so", ("that", chance.of(SEEING), "past", hero, None, cause), effect)
            sentence = ("adv", front, core) if front else core
            before, after, named = span_of(sentence)
            gap = after
        elif named:
            gap = after
        elif hero and gap + before > NEAR and sees(sentence):
            front, core = (sentence[1], sentence[2]) if sentence[0] == "adv" else ("", sentence)
            verb = "notice" if core[0] in UNSEEN else chance.of(SEEING)
            whole: Clause = ("that", verb, "past", hero, None, core)
            sentence = ("adv", front, whole) if front else whole
            gap = before
        else:
            gap += before
        found.append(sentence)
    return found


def _cause_is_nameless(sentence: Clause) -> bool:
    """Whether a sentence tells a cause that somebody can see and that names nobody, before a name is said."""
    core = sentence[2] if sentence[0] == "adv" else sentence
    if core[0] == "because":
        return sees(core[2]) and not names_in(core)
    return core[0] == "so" and sees(core[1]) and not names_in(core[1])


def sees(sentence: Clause) -> bool:
    """Whether a sentence is one that somebody can see to be so."""
    if sentence[0] == "adv":
        if sentence[1] in ("once", "every_day", "after_that_day"):
            return False
        sentence = sentence[2]
    return sentence[0] in constructions() and sentence[1] in moods_of(constructions()[sentence[0]], speech=False)


@lru_cache(maxsize=1 << 12)
def span_of(sentence: Clause) -> tuple[int, int, bool]:
    """About how many English words stand before the first name, and after the last; all of them where there is none."""
    words: list[bool] = []
    _spell(sentence, words)
    if True in words:
        first = words.index(True)
        last = len(words) - 1 - words[::-1].index(True)
        return first, len(words) - 1 - last, True
    return len(words), len(words), False


def _spell(meaning: Any, words: list[bool]) -> None:
    """Add a word for each word of a meaning: True for a name."""
    if type(meaning) is str:
        words.append(meaning[:1].isupper())
        return
    if type(meaning) is not tuple or not meaning:
        return
    tag = meaning[0]
    if tag == "n":
        words += _phrase(meaning)
    elif tag == "adv":
        words += [False, False]
        _spell(meaning[2], words)
    elif tag in CONNECTIVES or tag == "chain":
        for part in meaning[1:]:
            _spell(part, words)
            words.append(False)
    elif tag in ADJUNCTS:
        _spell(meaning[2], words)
        _spell(meaning[1], words)
    elif tag == "fixed":
        words += [False] * 4
    elif tag == "say":
        _spell(meaning[2], words)
        words.append(False)
        for part in meaning[3:]:
            _spell(part, words)
    elif tag in constructions() and len(meaning) > 1:
        _spell(meaning[2] if len(meaning) > 2 else (), words)
        words += [False] * _own_words(tag)
        for part in meaning[3:]:
            _spell(part, words)
    else:
        for part in meaning:
            _spell(part, words)


@lru_cache(maxsize=1 << 14)
def _phrase(meaning: tuple[Any, ...]) -> tuple[bool, ...]:
    words: list[bool] = []
    if type(meaning[1]) is tuple:
        _spell(meaning[1][1], words)
    else:
        words.append(False)
    words += [False] * (1 + len(meaning[4]))
    for mod in meaning[5]:
        _spell(mod, words)
    return tuple(words)


@cache
def _own_words(name: str) -> int:
    return max(len(re.sub(r"\{\d\}", "", way).split()) for way in constructions()[name].english) + 1
