"""What single sentences are drawn from: tables of constructions, of things, of what can be said of them."""

from __future__ import annotations

from functools import cache

from upwell.world.chance import Table
from upwell.world.constructions import HAPPENING, Construction, constructions, moods_of
from upwell.world.lexicon import lexicon
from upwell.world.parser import relativizable
from upwell.world.reasons import Reason, all_reasons
from upwell.world.sense import moods_in_sense, taken_by

GOT = ("buy", "find", "pick up", "choose", "bring", "fetch", "make", "borrow")
"""How one comes by a thing."""
USES = (
    "eat read wash open wear drink cut wrap throw drive ride use hide play_toy play_instrument light_lamp fill water "
    "plant share taste".split()
)
"""What one does with it."""


@cache
def any_construction() -> Table[Construction]:
    """Every construction that has something to fill in."""
    return Table([entry for entry in constructions().values() if entry.aspect != "fixed" or entry.slots])


@cache
def active() -> Table[Construction]:
    """What somebody does, with a subject that stands first."""
    return Table(
        [
            entry
            for entry in constructions().values()
            if entry.aspect in ("event", "activity")
            and entry.slots[:1] in ("N", "P")
            and "V" not in entry.slots
            and all(way.startswith("{0} ") for way in entry.english)
            and len(moods_of(entry, speech=False)) > 1
            and subject_lives(entry)
            and entry.id
            not in ("fly_away", "bark", "fly", "eat_together", "work_together", "play_together", "roll", "examine")
        ]
    )


@cache
def compared() -> Table[Construction]:
    """What one may do and another not, both on purpose."""
    return Table([entry for entry in active().items if entry.id not in HAPPENING])


@cache
def seen() -> Table[Construction]:
    """What somebody else can see or hear of."""
    return Table([entry for entry in active().items if entry.id not in ("see", "hear", "notice", "forget", "see_at")])


@cache
def reasons(hoped: bool) -> Table[Reason]:
    """Reasons; `hoped`, those of which the effect may be said to be only what would be."""
    found = []
    for reason in all_reasons():
        name = reason.effect.split("/")[0]
        if not hoped or (name in constructions() and "would" in moods_of(constructions()[name], speech=False)):
            found.append(reason)
    return Table(found)


@cache
def handled(size: int) -> Table[tuple[str, str, str]]:
    """How one comes by a thing, what one does with it, and the thing."""
    found = []
    for verb in GOT:
        got = taken_by(verb, size)
        assert got is not None
        for use in USES:
            used = taken_by(use, size)
            found += [(verb, use, word) for word in got.items if used is not None and word in used.items]
    return Table(found)


@cache
def subject_lives(construction: Construction) -> bool:
    """Whether the subject of a construction is somebody."""
    verb = lexicon().verb.get(construction.verb)
    if verb is None:
        return construction.id not in ("run_out", "be_gone", "fall_into", "smell_good", "broke_down", "burn", "belong")
    return bool(verb.subject & {"animate", "person", "profession", "bird", "pet"})


@cache
def object_lives(construction: Construction) -> bool:
    """Whether what a construction takes is somebody."""
    verb = lexicon().verb.get(construction.verb)
    return construction.id == "play_with" or (
        verb is not None and bool(verb.object & {"animate", "person", "child", "cuddly"})
    )


@cache
def plain_moods(construction: Construction) -> Table[str]:
    """Moods that a deed may be told in with where or with whom it was done."""
    table = moods_in_sense(construction, True, False)
    return Table([mood for mood in table.items if mood not in ("prog", "forgot", "must")])


@cache
def describing(word: str, made: bool) -> Table[str] | None:
    """The adjectives that may stand before a noun; `made`, before what is just being made."""
    entry = lexicon().noun[word]
    found = [
        a.id
        for a in lexicon().adjectives
        if lexicon().describes(a, entry)
        and a.kind not in (("feeling", "state", "age", "value") if made else ("feeling", "state"))
    ]
    return Table.zipf(found) if found else None


@cache
def coloured(size: int) -> Table[str]:
    """Things whose colour can be asked for."""
    found = [n.id for n in lexicon().nouns if {"coloured", "portable"} <= n.kinds and n.countable and n.rank < size]
    return Table.zipf(found)


@cache
def comparable(size: int) -> Table[str]:
    """Qualities of which there is a comparative that people or things can have."""
    found = [a.id for a in lexicon().adjectives if a.comparative and a.kind in ("size", "age", "character", "value")]
    return Table([quality for quality in found if is_of_people(quality) or described(quality, size)])


def is_of_people(quality: str) -> bool:
    """Whether a quality is compared between people."""
    adjective = lexicon().adjective[quality]
    return quality == "tall" or bool(adjective.applies & {"person", "child"})


@cache
def described(quality: str, size: int) -> Table[str] | None:
    """Things of which one may be more so than the other; None where people are compared."""
    if is_of_people(quality):
        return None
    adjective = lexicon().adjective[quality]
    found = [
        n.id
        for n in lexicon().nouns
        if lexicon().describes(adjective, n) and n.countable and "portable" in n.kinds and n.rank < size
    ]
    return Table.zipf(found) if found else None


@cache
def qualified(size: int) -> Table[str]:
    """Things and places of which something can be said."""
    return Table.zipf(
        [
            noun.id
            for noun in lexicon().nouns
            if noun.countable and noun.rank < size and not noun.animate and qualities("be", noun.id).size > 2
        ]
    )


@cache
def qualities(construction: str, word: str) -> Table[str]:
    """What a person, or the thing of a word, can be said to be."""
    known = lexicon().adjectives
    if construction == "become":
        return Table([a.id for a in known if a.id in _BECOME])
    if construction != "be":
        return Table([a.id for a in known if a.kind == "feeling" and a.predicate.startswith("很")])
    entry = lexicon().noun.get(word)
    lives = entry is None or entry.animate
    found = [
        a.id
        for a in known
        if a.predicate.startswith(("很", "是"))
        and (
            a.kind == "feeling" or (a.kind == "character" and bool(a.applies & {"person", "child"}))
            if lives
            else entry is not None and lexicon().describes(a, entry)
        )
    ]
    return Table(found or ["beautiful"])


_NOT_RELATIVE = ("call", "examine", "cheat", "leave", "take off", "taste", "need", "count", "drop")
_BECOME = (
    "tired hungry thirsty happy sad angry famous rich poor healthy brave lazy worried calm bored curious polite".split()
)


@cache
def relatives(word: str, size: int) -> Table[tuple[str, int]] | None:
    """Constructions that may describe a noun in a relative clause, with the place of the gap."""
    entry = lexicon().noun[word]
    found: list[tuple[str, int]] = []
    for construction in constructions().values():
        verb = lexicon().verb.get(construction.verb)
        if (
            verb is None
            or not relativizable(construction)
            or construction.id in _NOT_RELATIVE
            or construction.aspect == "state"
        ):
            continue
        taken = taken_by(construction.id, size)
        if taken is not None and word in taken.items and not entry.animate:
            found.append((construction.id, 1))
        if entry.animate and lexicon().fits(verb.subject, entry) and "animate" in verb.object:
            found += [(construction.id, 0), (construction.id, 1)]
    return Table(found) if found else None
