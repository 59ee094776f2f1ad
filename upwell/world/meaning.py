"""The language-neutral meaning of a text: plain nested tuples, so that they compare, hash and cost nothing.

A noun phrase is one of
    "Tom"                                        a name, the id of its entry; or a person of a dialogue: "i", "you", "we"
    ("n", det, count, noun, adjectives, mods)    a description; see `noun`
    ("and", phrase, phrase, ...)                 several together
A place is (relation, phrase) with one of RELATIONS, or "home", "here", "there".
A clause is (construction, mood, argument, ...): what happened or held, in one of MOODS, arguments in the order of the
table in `constructions`. Around clauses stand
    ("how", adverb, clause)  ("where", place, clause)  ("with", phrase, clause)
    ("adv", adverbial, sentence)                  at the beginning: one day, then, at last
    ("chain", clause, clause, ...)                one subject, one after the other
    (connective, sentence, sentence)              with one of CONNECTIVES
    ("say", verb, speaker, listener or None, (sentence, ...))     quoted speech
    ("that", verb, mood, phrase, listener or None, sentence)      knew that, told somebody that
    ("ask", kind, hole, clause)                   a question
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias

from upwell.world.lexicon import lexicon

Phrase: TypeAlias = Any
"""A noun phrase: a name or a tuple."""
Place: TypeAlias = Any
"""A place: a word or a pair of relation and phrase."""
Clause: TypeAlias = tuple[Any, ...]
"""A clause or sentence."""
Meaning: TypeAlias = tuple[Any, ...]
"""Any node of a tree."""

RELATIONS = ("at", "in", "on", "under", "behind", "beside", "near", "front")
CONNECTIVES = ("and", "but", "so", "because", "when", "after", "before", "until", "if", "while")
PRONOUNS = ("he", "she", "it", "they")
"""Phrases that stand for another one; a meaning has them only where nothing tells for which."""
ADJECTIVE_ORDER = (
    "quality character value feeling state taste temperature weather size age shape colour material"
).split()
"""The order of adjectives before a noun, by kind, in both languages."""

MASS = -1
"""The count of what is not counted: milk."""
MANY = 0
"""The count of several, no number said: the apples."""


def noun(
    word: str, det: Any = "the", count: int | str = 1, adjectives: tuple[str, ...] = (), mods: tuple[Meaning, ...] = ()
) -> Meaning:
    """A description.

    Arguments: `word`, the id of a noun; `det`, one of a, the, this, that, all, many, some, few, no, another, or
    ("of", owner); `count`, 1 or a number of things, MANY, MASS, or "?" in a question; `adjectives`, ids in the
    order of ADJECTIVE_ORDER; `mods`, at most one of ("pp", place) and ("rel", construction, mood, gap, phrase).
    """
    return ("n", det, count, word, adjectives, mods)


@lru_cache(maxsize=1 << 14)
def sorted_adjectives(adjectives: tuple[str, ...]) -> tuple[str, ...]:
    """Adjectives in the order in which they are said, one a kind."""
    known = lexicon().adjective
    return tuple(sorted(adjectives, key=lambda word: (ADJECTIVE_ORDER.index(known[word].kind), word)))


def definite(phrase: Phrase) -> Phrase:
    """What a pronoun for `phrase` stands for: the phrase as it is known from now on, without its descriptions."""
    if type(phrase) is str or phrase[0] == "and":
        return phrase
    det = phrase[1]
    if type(det) is not tuple:
        det = "the"
    count = phrase[2]
    return ("n", det, count, phrase[3], (), ())


def leaves(meaning: Any) -> Iterator[Any]:
    """All words and numbers of a meaning, from left to right."""
    if type(meaning) is tuple:
        for part in meaning:
            yield from leaves(part)
    elif meaning is not None:
        yield meaning


def canonical(meaning: Any) -> Any:
    """The meaning with its names replaced by the order in which they come, and what has no order sorted.

    What differs only by names is one meaning for the splits.
    """
    names: dict[str, str] = {}
    return _canonical(meaning, names)


def _canonical(meaning: Any, names: dict[str, str]) -> Any:
    if type(meaning) is str:
        if meaning[:1].isupper():
            return names.setdefault(meaning, f"#{len(names)}")
        return meaning
    if type(meaning) is tuple:
        if meaning and meaning[0] == "and" and all(type(part) in (str, tuple) for part in meaning):
            # named first in a fixed order, so that the sorted parts do not depend on how they stood
            parts = sorted(meaning[1:], key=lambda part: repr(_canonical(part, {})))
            return ("and", *[_canonical(part, names) for part in parts])
        return tuple([_canonical(part, names) for part in meaning])
    return meaning


@lru_cache(maxsize=1 << 14)
def hash_of(meaning: Any) -> int:
    """64 bits that all paraphrases, languages and views of one meaning share."""
    return int.from_bytes(blake2b(repr(canonical(meaning)).encode("utf-8"), digest_size=8).digest(), "big")
