"""Single sentences: every construction in every mood it takes, with what can stand around it, in a wanted split."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import log2
from typing import Any

from upwell.world.chance import Chance, Table
from upwell.world.constructions import (
    Construction,
    adverbials,
    constructions,
    fixed_speech,
    manner_adverbs,
    moods_of,
    takes_company,
    takes_place,
)
from upwell.world.lexicon import Noun, lexicon
from upwell.world.meaning import MANY, MASS, Clause, Phrase, Place, noun
from upwell.world.parser import relativizable
from upwell.world.places import is_place_noun
from upwell.world.splits import CIRCLE_WEIGHTS, CIRCLES, SHARES, fits_circle, split_of
from upwell.world.stage import LEVELS, Level, names_of
from upwell.world.wording import CONNECTED, SAYING, THAT

SHAPES = Table(
    ("plain", "adjunct", "chain", "joined", "that", "said", "asked"), (0.3, 0.14, 0.14, 0.16, 0.1, 0.1, 0.06)
)
"""What sentences are built like, with their shares."""


def make_sentence(chance: Chance, level: int, split: str) -> Clause:
    """A sentence of a level (1 to 4) in a split, its meaning drawn until it belongs there."""
    circles = CIRCLES[split]
    circle = chance.pick(Table(circles, CIRCLE_WEIGHTS if len(circles) > 1 else None))
    start = chance.bits
    while True:
        sentence = Maker(chance, LEVELS[level], circle).sentence()
        if split_of(sentence) == split:
            chance.bits += log2(SHARES[split])
            return sentence
        chance.bits = start


class Maker:
    """Makes one sentence from the words of a circle."""

    def __init__(self, chance: Chance, level: Level, circle: str) -> None:
        self.chance = chance
        self.level = level
        self.circle = circle

    def sentence(self) -> Clause:
        """A sentence of any shape."""
        shape = self.chance.pick(SHAPES)
        meaning: Clause
        if shape == "asked":
            return self._question(speech=False)
        if shape == "said":
            speaker = self.person()
            verb = self.chance.of(tuple(SAYING))
            listener = self.person() if verb != "think" and self.chance.flip() else None
            return ("say", verb, speaker, listener, tuple(self._speech() for _ in range(self.chance.between(1, 2))))
        if shape == "plain":
            meaning = self.clause()
        elif shape == "adjunct":
            meaning = self._with_adjunct()
        elif shape == "chain":
            meaning = self._chain()
        elif shape == "joined":
            word = self.chance.of(tuple(CONNECTED))
            meaning = (word, self.clause(), self.clause())
        else:
            verb = self.chance.of(tuple(THAT))
            listener = self.chance.pick(names_of(self.circle, self.chance.of("fm"))) if verb == "tell" else None
            meaning = ("that", verb, self.chance.of(("past", "not")), self.person(), listener, self.clause())
        if self.chance.flip(0.3):
            meaning = ("adv", self.chance.of(tuple(adverbials())), meaning)
        return meaning

    def _speech(self) -> Clause:
        if self.chance.flip(0.3):
            return ("fixed", self.chance.of(tuple(fixed_speech())))
        return self._question(speech=True) if self.chance.flip(0.3) else self.clause(speech=True)

    def _with_adjunct(self) -> Clause:
        construction = self.chance.pick(_active())
        clause = self.filled(construction, self.chance.of(_plain_moods(construction)))
        kinds = ["how"]
        if takes_place(construction):
            kinds.append("where")
        if takes_company(construction):
            kinds.append("with")
        kind = self.chance.of(kinds)
        if kind == "how":
            return ("how", self.chance.of(manner_adverbs()), clause)
        return (kind, self.place() if kind == "where" else self.person(), clause)

    def _chain(self) -> Clause:
        first = self.filled(self.chance.pick(_active()), "past")
        parts = [first]
        for _ in range(self.chance.between(1, 2)):
            construction = self.chance.pick(_active())
            clause = self.filled(construction, "past")
            parts.append((clause[0], clause[1], first[2], *clause[3:]))
        return ("chain", *parts)

    def _question(self, *, speech: bool) -> Clause:
        kind = self.chance.of(("yesno", "why", "hole", "colour"))
        mood = "pres" if speech else "past"
        if kind == "colour":
            return ("ask", "colour", self.thing("the"))
        construction = self.chance.pick(_active())
        clause = self.filled(construction, "will" if speech else mood, speech=speech)
        if kind == "hole":
            index = self.chance.of([i for i, slot in enumerate(construction.slots) if slot in "NPOLT" and i < 2])
            slot = construction.slots[index]
            hole = "where?" if slot in "LT" else "who" if slot == "P" or index == 0 else "what"
            return ("ask", "hole", (*clause[: index + 2], hole, *clause[index + 3 :]))
        return ("ask", kind, clause)

    def clause(self, *, speech: bool = False) -> Clause:
        """A plain clause of any construction and mood."""
        construction = self.chance.pick(_all())
        return self.filled(construction, self.chance.of(moods_of(construction, speech=speech)), speech=speech)

    def filled(self, construction: Construction, mood: str, *, speech: bool = False) -> Clause:
        """A clause of a construction in a mood, its arguments drawn."""
        arguments = [self._argument(construction, index, mood) for index in range(len(construction.slots))]
        if speech and construction.slots[:1] in ("N", "P") and construction.english[0].startswith("{0} "):
            if mood in ("imp", "impnot"):
                arguments[0] = "you"
            elif mood == "lets":
                arguments[0] = "we"
            elif self.chance.flip(0.6):
                arguments[0] = self.chance.of(("i", "you", "we"))
        if construction.id == "be" and mood in ("not", "presnot", "will", "would") and type(arguments[1]) is tuple:
            arguments[1] = arguments[1][1]
        return (construction.id, mood, *arguments)

    def _argument(self, construction: Construction, index: int, mood: str) -> Any:
        slot = construction.slots[index]
        verb = lexicon().verb.get(construction.verb)
        if slot == "K":
            word = self.chance.pick(_compared())
            return ("as", word) if construction.id == "same_as" else word
        if slot in "NPODW" and verb is not None:
            kinds = verb.subject if index == 0 else verb.object
            if index == 0 and kinds & {"animate", "person"}:
                return self.person()
            return self._of_kinds(kinds)
        if slot == "A":
            word = self.chance.pick(_qualities(construction.id))
            return ("very", word) if self.chance.flip(0.2) and construction.id in ("be", "feel") else word
        if slot == "V":
            return self._deed()
        if slot in "PW":
            return self.person()
        if slot == "N":
            return self.person() if index == 0 else self.thing("the")
        if slot in "OD":
            return self.thing("the" if self.chance.flip(0.6) else "a")
        if slot == "B":
            return self._new(construction)
        if slot == "L":
            return self.place()
        if slot == "T":
            return self._drawn("place")
        if slot == "C":
            return self._drawn("holder")
        return self.chance.pick(_nouns("thing", self.circle, self.level.lexicon))  # a kind

    def _deed(self) -> Clause:
        construction = self.chance.pick(_deeds())
        clause = self.filled(construction, "inf")
        return (*clause[:2], "_", *clause[3:])

    def _new(self, construction: Construction) -> Phrase:
        if construction.id in ("be_noun", "named", "once_lived", "meet_named", "call_it"):
            return noun(self.chance.pick(_nouns("person", self.circle, self.level.lexicon)), "a")
        return self.thing("a")

    def _of_kinds(self, kinds: frozenset[str]) -> Phrase:
        table = _of_kinds(kinds, self.circle, self.level.lexicon)
        return self._phrase(self.chance.pick(table), "the" if self.chance.flip(0.6) else "a")

    def person(self) -> Phrase:
        """A name, somebody described, or two together."""
        way = self.chance.below(10)
        if way < 6:
            return self.chance.pick(names_of(self.circle, self.chance.of("fm")))
        if way < 7:
            first, second = (self.chance.pick(names_of(self.circle, gender)) for gender in "fm")
            return ("and", first, second)
        if way < 8:
            owner = self.chance.pick(names_of(self.circle, self.chance.of("fm")))
            return noun(self.chance.pick(_nouns("kin", self.circle, self.level.lexicon)), ("of", owner))
        return self._phrase(self.chance.pick(_nouns("alive", self.circle, self.level.lexicon)), "the")

    def thing(self, det: str) -> Phrase:
        """A thing, perhaps several, perhaps with what it is like or whose it is."""
        return self._phrase(self.chance.pick(_nouns("thing", self.circle, self.level.lexicon)), det)

    def _drawn(self, pool: str) -> Phrase:
        return noun(self.chance.pick(_nouns(pool, self.circle, self.level.lexicon)))

    def place(self) -> Place:
        """Where."""
        if self.chance.flip():
            return ("at", self._drawn("place"))
        relation = self.chance.of(("in", "on", "under", "behind", "beside", "near", "front"))
        return (relation, self._drawn("holder" if relation == "in" else "spot"))

    def _phrase(self, word: str, det: Any) -> Phrase:
        entry = lexicon().noun[word]
        if not entry.plural:
            return noun(word, "the" if det == "the" else "some", MASS)
        table = _describing(word)
        adjectives = (self.chance.pick(table),) if table and self.chance.flip(0.3) else ()
        if det == "a":
            kind = self.chance.below(6)
            if kind == 0:
                return noun(word, self.chance.of(("some", "many", "few")), MANY, adjectives)
            if kind == 1:
                return noun(word, "a", self.chance.between(2, 20), adjectives)
            return noun(word, "another" if kind == 2 else "a", 1, adjectives)
        kind = self.chance.below(8)
        if kind == 0 and entry.plural != entry.english:
            return noun(word, "the", MANY, adjectives)
        if kind == 1:
            return noun(word, "the", self.chance.between(2, 12), adjectives)
        if kind == 2:
            return noun(word, "this", 1, adjectives)
        if kind == 3:
            return noun(word, ("of", self.chance.pick(names_of(self.circle, self.chance.of("fm")))), 1, adjectives)
        if kind == 4 and not adjectives and self.level.depth:
            relative = self._relative(entry)
            if relative:
                return noun(word, "the", 1, (), (relative,))
        return noun(word, "the", 1, adjectives)

    def _relative(self, entry: Noun) -> Clause | None:
        """that Tom found; who helped Tom"""
        table = _relatives(entry.id)
        if table is None:
            return None
        construction, gap = self.chance.pick(table)
        other = self.chance.pick(names_of(self.circle, self.chance.of("fm")))
        return ("rel", gap, (construction, "past", "_", other) if gap == 0 else (construction, "past", other, "_"))


@cache
def _all() -> Table[Construction]:
    return Table([entry for entry in constructions().values() if entry.aspect != "fixed" or entry.slots])


@cache
def _active() -> Table[Construction]:
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
            and _subject_is_person(entry)
        ]
    )


def _subject_is_person(construction: Construction) -> bool:
    verb = lexicon().verb.get(construction.verb)
    return verb is None or bool(verb.subject & {"animate", "person"})


@cache
def _deeds() -> Table[Construction]:
    return Table([entry for entry in _active().items if "try" in moods_of(entry, speech=False)])


def _plain_moods(construction: Construction) -> list[str]:
    return [mood for mood in moods_of(construction, speech=False) if mood != "prog"]


@cache
def _nouns(pool: str, circle: str, size: int) -> Table[str]:
    tests: dict[str, Callable[[Noun], bool]] = {
        "thing": lambda n: "portable" in n.kinds and not n.animate and "container" not in n.kinds,
        "alive": lambda n: n.animate and n.plural != n.english,
        "person": lambda n: "person" in n.kinds and n.countable,
        "kin": lambda n: "kin" in n.kinds,
        "place": lambda n: is_place_noun(n) and n.countable,
        "holder": lambda n: "container" in n.kinds and n.countable and not is_place_noun(n),
        "spot": lambda n: "furniture" in n.kinds and n.countable and not is_place_noun(n),
    }
    found = [n.id for n in lexicon().nouns if tests[pool](n) and fits_circle(circle, n.id)]
    within = [word for word in found if lexicon().noun[word].rank < size]
    return Table.zipf(within if len(within) > 2 else found)


@cache
def _of_kinds(kinds: frozenset[str], circle: str, size: int) -> Table[str]:
    found = [
        n.id
        for n in lexicon().nouns
        if lexicon().fits(kinds, n) and not n.kinds & {"time", "abstract"} and fits_circle(circle, n.id)
    ]
    found = found or [n.id for n in lexicon().nouns if lexicon().fits(kinds, n)]
    within = [word for word in found if lexicon().noun[word].rank < size]
    return Table.zipf(within or found)


@cache
def _describing(word: str) -> Table[str] | None:
    entry = lexicon().noun[word]
    found = [a.id for a in lexicon().adjectives if lexicon().describes(a, entry) and a.kind not in ("feeling", "state")]
    return Table.zipf(found) if found else None


@cache
def _compared() -> Table[str]:
    return Table([a.id for a in lexicon().adjectives if a.comparative and a.kind in ("size", "age", "character")])


@cache
def _qualities(construction: str) -> Table[str]:
    kinds: tuple[str, ...] = (
        ("feeling",) if construction in ("feel", "look_like") else ("size", "colour", "quality", "state", "feeling")
    )
    if construction == "become":
        kinds = ("size", "state")
    return Table(
        [
            a.id
            for a in lexicon().adjectives
            if a.kind in kinds
            and a.predicate.startswith("很" if construction in ("become", "feel", "look_like") else ("很", "是"))
        ]
    )


@cache
def _relatives(word: str) -> Table[tuple[str, int]] | None:
    entry = lexicon().noun[word]
    found: list[tuple[str, int]] = []
    for construction in constructions().values():
        verb = lexicon().verb.get(construction.verb)
        if verb is None or not relativizable(construction) or construction.aspect == "state":
            continue
        if lexicon().fits(verb.object, entry):
            found.append((construction.id, 1))
        if entry.animate and lexicon().fits(verb.subject, entry) and "animate" in verb.object:
            found.append((construction.id, 0))
    return Table(found) if found else None
