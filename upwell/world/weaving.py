"""What one does one after the other becomes one sentence: went to the market, saw a scarf and bought it."""

from __future__ import annotations

from upwell.world.anchors import span_of
from upwell.world.chance import Chance
from upwell.world.constructions import constructions
from upwell.world.meaning import Clause

SHARE = 0.65
"""How often two sentences that could be one are one."""
LONGEST = 11
"""Words of a sentence made of several, about."""


def woven(sentences: list[Clause], chance: Chance) -> tuple[list[Clause], list[int]]:
    """The sentences, some joined; and for each old one the number of its new one."""
    found: list[Clause] = []
    places: list[int] = []
    length = 0
    for sentence in sentences:
        more = span_length(sentence)
        if found and length + more <= LONGEST and can_follow(found[-1], sentence) and chance.flip(SHARE):
            found[-1] = joined(found[-1], sentence)
            length += more
        else:
            found.append(sentence)
            length = more
        places.append(len(found) - 1)
    return found, places


def can_follow(first: Clause, second: Clause) -> bool:
    """Whether a sentence tells what the subject of the one before did next."""
    core = first[2] if first[0] == "adv" else first
    if first[0] == "adv" and first[1] in ("once", "every_day", "at_first"):
        return False
    last = core[-1] if core[0] == "chain" else core
    if last[0] == "meet_named" or (core[0] == "chain" and len(core) > 3):  # 名叫 has turned to another subject
        return False
    return is_deed(last) and is_deed(second) and last[2] == second[2] and type(second[2]) is str


def is_deed(clause: Clause) -> bool:
    """Whether a clause is a plain deed that was done, not a state."""
    construction = constructions().get(clause[0])
    if construction is None or clause[1] != "past":
        return False
    return construction.aspect in ("event", "activity") and construction.slots[:1] in ("N", "P")


def joined(first: Clause, second: Clause) -> Clause:
    """Two sentences of one subject as one."""
    if first[0] == "adv":
        return ("adv", first[1], joined(first[2], second))
    if first[0] == "chain":
        return (*first, second)
    return ("chain", first, second)


def span_length(sentence: Clause) -> int:
    """About how many English words a sentence has."""
    before, after, named = span_of(sentence)
    return before + after + 1 if named else before
