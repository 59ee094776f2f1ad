"""The passive: what was done told from what it was done to, made from the templates of `constructions`.

The bowl was broken by Tom; 碗被汤姆打碎了. It is one more way of telling a clause, so its meaning is that of the active.
"""

from __future__ import annotations

import re
from functools import cache

from upwell.world.constructions import constructions
from upwell.world.lexicon import lexicon
from upwell.world.meaning import PRONOUNS, Clause, Phrase, leaves
from upwell.world.wording import PASSIVE

MOODS = ("past", "had")
"""The moods that are told so."""
_ENGLISH = re.compile(r"\{0\} \[([^\]]+)\] \{1\}(.*)")
_MOVED = re.compile(r"\{0\}\^把\{1\}(.*)")
_PLAIN = re.compile(r"\{0\}\^([^{]+(?:\{2\}[^{]+)?)\{1\}")


@cache
def english_ways(name: str) -> tuple[tuple[str, str], ...]:
    """The verbs of a construction's passives, each with what stands between it and who did it."""
    ways = constructions()[name].english
    return tuple([(found[1], found[2]) for way in ways if (found := _ENGLISH.fullmatch(way))])


@cache
def chinese_ways(name: str) -> tuple[str, ...]:
    """The templates of a construction's passives: those with 把 turned, or else those whose object stands last."""
    ways = constructions()[name].chinese
    moved = [found[1] for way in ways if (found := _MOVED.fullmatch(way))]
    plain = [found[1] for way in ways if (found := _PLAIN.fullmatch(way)) and not found[1].endswith("的")]
    return tuple(["{1}^被{0}" + done for done in moved or plain])


def can_be_passive(clause: Clause) -> bool:
    """Whether a clause may be told so: it was done, by somebody who is named or described, to what is known.

    Nobody stands in it twice (Tom's ball was found by Tom), and who did it has no clause or place after it.
    """
    if clause[0] not in PASSIVE or clause[1] not in MOODS:
        return False
    agent, patient, others = clause[2], clause[3], clause[4:]
    names = [leaf for leaf in leaves(clause[2:]) if type(leaf) is str and leaf in lexicon().name]
    if len(names) > len(set(names)):
        return False
    if any(_says_pronoun(value) for value in clause[2:]) or any("rel" in leaves(value) for value in others):
        return False
    return _acts(agent) and _is_told_of(patient)


def _says_pronoun(value: object) -> bool:
    """Whether there is a pronoun within a description (his mother)."""
    return type(value) is tuple and any(
        leaf in PRONOUNS or leaf in ("self", "i", "you", "we") for leaf in leaves(value)
    )


def _acts(phrase: Phrase) -> bool:
    if type(phrase) is str:
        return phrase in lexicon().name
    if phrase[0] == "and":
        return all(_acts(part) for part in phrase[1:])
    return phrase[1] != "all" and phrase[2] != "?" and not phrase[5] and lexicon().noun[phrase[3]].animate


def _is_told_of(phrase: Phrase) -> bool:
    if type(phrase) is str:
        return phrase in lexicon().name or phrase in PRONOUNS
    if phrase[0] == "and":
        return all(_is_told_of(part) for part in phrase[1:])
    known = phrase[1] in ("the", "this") or type(phrase[1]) is tuple
    return known and phrase[2] != "?" and not any(mod[0] == "pp" for mod in phrase[5])
