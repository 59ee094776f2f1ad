"""Single sentences: every construction in the moods it takes, with what can stand around it, in a wanted split.

They are drawn so that they make sense alone: things that fit what is done with them (see `sense`), manners that fit the
deed, reasons that explain what follows from them (see `reasons`), and deeds in a row that one thing goes through.
"""

from __future__ import annotations

from math import log2
from typing import Any

from upwell.world.chance import Chance, Table
from upwell.world.choices import (
    active,
    any_construction,
    coloured,
    comparable,
    compared,
    described,
    describing,
    handled,
    object_lives,
    plain_moods,
    qualified,
    qualities,
    reasons,
    relatives,
    seen,
    subject_lives,
)
from upwell.world.constructions import (
    Construction,
    adverbials,
    constructions,
    fixed_speech,
    moods_of,
    takes_company,
    takes_place,
)
from upwell.world.lexicon import Noun, lexicon
from upwell.world.meaning import MANY, MASS, Clause, Phrase, Place, definite, noun
from upwell.world.places import is_place_noun
from upwell.world.sense import (
    ALONE,
    GOALS,
    IN_PLURAL,
    INDOORS,
    MADE,
    NEW,
    PEOPLE,
    SKILLS,
    WISHES,
    manners_of,
    moods_in_sense,
    pool,
    taken_by,
)
from upwell.world.splits import CIRCLES, SHARES, circle_of, split_of
from upwell.world.stage import LEVELS, Level, names_of

SHAPES = Table(
    ("plain", "adjunct", "chain", "joined", "that", "said", "asked"), (0.28, 0.16, 0.14, 0.2, 0.1, 0.07, 0.05)
)
"""What sentences are built like, with their shares."""
JOINED = Table(("because", "so", "when", "if", "but", "and", "after", "before"), (3, 3, 2, 1, 2, 1, 2, 1))
TOLD = {
    "know": ("past", "had"), "find_out": ("past", "had"), "remember": ("past", "had"), "say": ("past", "would", "can"),
    "tell": ("past", "would", "had"), "see": ("past",), "hear": ("past",), "notice": ("past",), "hope": ("would",),
    "think": ("would", "can", "had"), "believe": ("would", "can"), "be_sure": ("would", "can"), "dream": ("past",),
}  # fmt: skip
"""In which moods something is said, known, hoped."""
SPEAKING = {"say": "told", "shout": "told", "whisper": "told", "call": "told", "think": "told", "answer": "told",
            "reply": "told", "ask": "asked"}  # fmt: skip
FRONTS = Table(
    [
        word
        for word in adverbials()
        if word not in ("once", "every_day", "after_that_day", "of_course", "at_first", "again")
    ]
)
"""What may stand before a thing that happened once."""
MET = (
    ("meet", "greet"), ("visit", "comfort"), ("visit", "look_after"), ("thank", "hug"), ("forgive", "hug"),
    ("meet", "befriend"), ("greet", "talk_with"), ("help", "encourage"), ("comfort", "help"), ("tease", "apologize"),
    ("thank", "say_goodbye"), ("find", "lead_home"), ("trick", "make_up"), ("scold", "forgive"), ("wait_for", "greet"),
)  # fmt: skip


def make_sentence(chance: Chance, level: int, split: str) -> Clause:
    """A sentence of a level (1 to 4) in a split, its meaning drawn until it belongs there."""
    circle = chance.pick(CIRCLES[split])
    start = chance.bits
    while True:
        sentence = Maker(chance, LEVELS[level], circle).sentence()
        if split_of(sentence) == split:
            chance.bits += log2(SHARES[split])
            return sentence
        chance.bits = start


class Maker:
    """Makes one sentence, with the names of a circle."""

    def __init__(self, chance: Chance, level: Level, circle: str) -> None:
        self.chance = chance
        self.level = level
        self.circle = circle
        self.num_names = 0
        self.taken: set[str] = set()
        self.speech = False

    def sentence(self) -> Clause:
        """A sentence of any shape."""
        shape = self.chance.pick(SHAPES)
        if shape == "asked":
            return self._question(speech=False)
        if shape == "said":
            return self._said()
        meaning: Clause = _SHAPES[shape](self)
        if self.chance.flip(0.3) and _happened_once(meaning):
            meaning = ("adv", self.chance.pick(FRONTS), meaning)
        return meaning

    # shapes

    def _said(self) -> Clause:
        verb = self.chance.of(tuple(SPEAKING))
        speaker = self.person()
        listener = self.person() if verb != "think" and self.chance.flip() else None
        if SPEAKING[verb] == "asked":
            return ("say", verb, speaker, listener, (self._question(speech=True),))
        if self.chance.flip(0.3):
            return ("say", verb, speaker, listener, (("fixed", self.chance.of(tuple(fixed_speech()))),))
        return ("say", verb, speaker, listener, (self.clause(speech=True),))

    def adjunct(self) -> Clause:
        """A deed with how, where or with whom it was done."""
        construction = self.chance.pick(active())
        kinds = [
            *(["how"] * 2 if manners_of(construction.id) else []),
            *(["where"] if takes_place(construction) and construction.id not in ("sail", "swim") else []),
            *(["with"] if takes_company(construction) else []),
        ]
        if not kinds:
            return self.clause()
        kind = self.chance.of(kinds)
        if kind == "how":
            clause = self.filled(
                construction,
                "had" if "had" in moods_of(construction, speech=False) and self.chance.flip(0.2) else "past",
            )
            return ("how", self.chance.of(manners_of(construction.id)), clause)
        clause = self.filled(construction, self.chance.pick(plain_moods(construction)))
        return (
            kind,
            ("at", self._drawn("room" if construction.id in INDOORS else "outdoors"))
            if kind == "where"
            else self.name(),
            clause,
        )

    def chain(self) -> Clause:
        """What one does one after the other: comes by a thing and uses it, goes somewhere, meets somebody."""
        return ("chain", *self._deeds_in_a_row(self.chance.between(2, 3)))

    def _deeds_in_a_row(self, count: int) -> list[Clause]:
        who = self.person()
        deeds: list[Clause] = []
        if count == 3 or self.chance.flip(0.3):
            deeds.append((self.chance.of(("go", "run", "walk", "hurry", "come")), "past", who, self._drawn("goal")))
        if self.chance.flip(0.3):
            whom = self.name()
            both = self.chance.of(MET)
            return [*deeds, *((met, "past", who, whom) for met in both[: count - len(deeds)])]
        verb, use, word = self.chance.pick(handled(self.level.lexicon))
        thing = self._one(word, verb)
        got = constructions()[verb]
        deeds.append((verb, "past", who, thing, *([self.name()] if len(got.slots) > 2 else [])))
        if len(deeds) < count:
            last = [self.name()] if use == "share" else []
            deeds.append((use, "past", who, definite(thing), *last))
        return deeds

    def joined(self) -> Clause:
        """Two clauses that have to do with each other."""
        word = self.chance.pick(JOINED)
        if word in ("after", "before"):
            first, second = [
                tuple(definite(part) if type(part) is tuple else part for part in deed)
                for deed in self._deeds_in_a_row(2)
            ]
            return (word, second, first) if word == "after" else (word, first, second)
        if word in ("but", "and"):
            return self._compared(word)
        return self._reason(word)

    def _compared(self, word: str) -> Clause:
        """What one did and another did not, or did with something else."""
        construction = self.chance.pick(compared())
        first, second = self.name(), self.name()
        clause = self.filled(construction, "past")
        if word == "and":
            other = self.filled(construction, "past")
            return (word, (*clause[:2], first, *clause[3:]), (*other[:2], second, *other[3:]))
        moods = [
            pair
            for pair in (("past", "not"), ("can", "cannot"), ("want", "wantnot"), ("try", "cannot"))
            if set(pair) <= set(moods_in_sense(construction, True, False).items)
        ]
        here, there = self.chance.of(moods) if moods else ("past", "not")
        second = first if here == "try" else second
        known = [definite(part) if type(part) is tuple and part[:1] == ("n",) else part for part in clause[3:]]
        return (word, (clause[0], here, first, *clause[3:]), (clause[0], there, second, *known))

    def _reason(self, word: str) -> Clause:
        reason = self.chance.pick(reasons(word == "if"))
        who, other = self.name(), self.name()
        cause = self._worded(reason.cause, "past", who, other)
        effect = self._worded(reason.effect, "would" if word == "if" else "past", who, other)
        return ("so", cause, effect) if word == "so" else (word, effect, cause)

    def _worded(self, told: str, mood: str, who: str, other: str) -> Clause:
        """A clause from its short form: construction, then X or Y, a quality, or what is drawn."""
        name, *parts = told.split("/")
        if name.startswith("not "):
            name, mood = name[4:], "not"
        construction = constructions()[name]
        arguments: list[Any] = []
        for index, part in enumerate(parts):
            if part in ("X", "Y"):
                arguments.append(who if part == "X" else other)
            elif part == "?":
                arguments.append(self._argument(construction, index, mood))
            else:
                arguments.append(part)
        return (name, mood, *arguments)

    def that(self) -> Clause:
        """What somebody knew, saw, hoped, told."""
        verb = self.chance.of(tuple(TOLD))
        speaker = self.name()
        listener = self.name() if verb == "tell" else None
        mood = self.chance.of(TOLD[verb])
        construction = self.chance.pick(seen() if verb in ("see", "notice", "hear") else active())
        if mood not in moods_of(construction, speech=False):
            mood = "past"
        clause = self.filled(construction, mood)
        denied = verb in ("know", "hear", "remember", "believe", "notice") and self.chance.flip(0.25)
        return ("that", verb, "not" if denied else "past", speaker, listener, clause)

    def _question(self, *, speech: bool) -> Clause:
        kind = self.chance.of(("yesno", "why", "hole", "colour"))
        if kind == "colour":
            word = self.chance.pick(coloured(self.level.lexicon))
            return ("ask", "colour", noun(word, ("of", self.name())) if self.chance.flip() else noun(word))
        construction = self.chance.pick(active())
        clause = self.filled(construction, "will" if speech else "past", speech=speech)
        if kind == "hole":
            index = self.chance.of([i for i, slot in enumerate(construction.slots) if slot in "NPOLT" and i < 2])
            slot = construction.slots[index]
            hole = "where?" if slot in "LT" else "who" if slot == "P" or index == 0 else "what"
            return ("ask", "hole", (*clause[: index + 2], hole, *clause[index + 3 :]))
        return ("ask", kind, clause)

    def clause(self, *, speech: bool = False) -> Clause:
        """A plain clause of any construction and mood."""
        construction = self.chance.pick(any_construction())
        lives = construction.slots[:1] in ("P", "W") or (construction.slots[:1] == "N" and subject_lives(construction))
        return self.filled(construction, self.chance.pick(moods_in_sense(construction, lives, speech)), speech=speech)

    # arguments

    def filled(self, construction: Construction, mood: str, *, speech: bool = False) -> Clause:
        """A clause of a construction in a mood, its arguments drawn."""
        self.speech = speech
        if construction.id in ("compare", "same_as"):
            return self._comparison(construction, mood)
        arguments = [self._argument(construction, index, mood) for index in range(len(construction.slots))]
        if construction.id == "be" and self.chance.flip(0.6):
            arguments[0] = self._of_which_something_is_said()
        if "A" in construction.slots:
            place = construction.slots.index("A")
            arguments[place] = self._quality(construction.id, arguments[0] if place else None, mood)
        if speech and construction.slots[:1] in ("N", "P") and construction.english[0].startswith("{0} "):
            if mood in ("imp", "impnot"):
                arguments[0] = "you"
            elif mood == "lets":
                arguments[0] = "we"
            elif self.chance.flip(0.6) and subject_lives(construction) and "A" not in construction.slots:
                arguments[0] = self.chance.of(("i", "you", "we"))
        return (construction.id, mood, *arguments)

    def _argument(self, construction: Construction, index: int, mood: str) -> Any:
        slot = construction.slots[index]
        name = construction.id
        if slot in "GK":
            words = taken_by(name, self.level.lexicon)
            assert words is not None
            return self.chance.pick(words)
        if slot == "A":
            return ""  # said of the other arguments, so drawn after them
        if slot == "V":
            return self._deed(SKILLS if name in ("learn_to", "teach_to", "practise") else WISHES)
        if slot == "L":
            return self.place(name)
        if slot == "T":
            return self._drawn(GOALS.get(name, "goal"))
        if slot == "C":
            return self._drawn({"fall_into": "fallen into", "run_into": "entered"}.get(name, "holder"))
        if name in ("meet_named", "call_it", "named", "once_lived"):
            return self._introduced(construction, index)
        if slot == "W" or name in ("be_friends", "work_together", "play_together", "eat_together"):
            return self.name() if slot == "W" else self._two() if index == 0 else self._thing(name)
        if index == 0 and (slot == "P" or (slot == "N" and subject_lives(construction))):
            return self._subject(construction)
        if slot == "P" or (slot in "ND" and index and object_lives(construction)):
            return self._pet() if name in ("give_pet", "let_go") and index == 1 else self.person()
        if name == "be_noun":
            return noun(self.chance.pick(pool("trade", self.level.lexicon)), "a")
        return self._thing(name, "a" if slot == "B" else "")

    def _introduced(self, construction: Construction, index: int) -> Phrase:
        """One of a pair of somebody and their name."""
        slot = construction.slots[index]
        if slot == "B":
            return noun(self.chance.pick(pool("animal", self.level.lexicon)), "a")
        if construction.id == "call_it" and index == 1:
            return noun(self.chance.pick(pool("pet", self.level.lexicon)))
        return self.name()

    def _thing(self, name: str, det: str = "") -> Phrase:
        words = taken_by(name, self.level.lexicon) or pool("thing", self.level.lexicon)
        return self._phrase(self.chance.pick(words), det or _determiner(self.chance, name), name)

    def _subject(self, construction: Construction) -> Phrase:
        verb = lexicon().verb.get(construction.verb)
        kinds = verb.subject if verb else frozenset(("animate",))
        if construction.id == "examine":
            return noun("doctor")
        if construction.id == "bark":
            return noun("dog", "the" if self.chance.flip() else ("of", self.name()))
        if not kinds & {"animate", "person"} or construction.id == "fly_away":
            words = taken_by(construction.id, self.level.lexicon)
            assert words is not None
            return noun(self.chance.pick(words))
        return self.person(animals="animate" in kinds and construction.id not in PEOPLE)

    def _comparison(self, construction: Construction, mood: str) -> Clause:
        quality = self.chance.pick(comparable(self.level.lexicon))
        words = described(quality, self.level.lexicon)
        if words is None:
            pair: tuple[Phrase, Phrase] = (self.name(), self.name())
        else:
            one = self.chance.pick(words)
            pair = (noun(one, ("of", self.name())), noun(one, ("of", self.name())))
        return (construction.id, mood, pair[0], ("as", quality) if construction.id == "same_as" else quality, pair[1])

    def _of_which_something_is_said(self) -> Phrase:
        """A thing or a place that has qualities."""
        word = self.chance.pick(qualified(self.level.lexicon))
        owned = "portable" in lexicon().noun[word].kinds
        return noun(word, ("of", self.name()) if owned and self.chance.flip(0.7) else "the")

    def _quality(self, construction: str, subject: Phrase, mood: str) -> Any:
        word = subject[3] if type(subject) is tuple and subject[0] == "n" else ""
        table = qualities(construction, word)
        quality = self.chance.pick(table)
        very = construction in ("be", "feel") and mood in ("past", "pres") and self.chance.flip(0.2)
        return ("very", quality) if very and lexicon().adjective[quality].predicate.startswith("很") else quality

    def _deed(self, deeds: list[str]) -> Clause:
        clause = self.filled(constructions()[self.chance.of(deeds).replace("|", " ")], "inf")
        return (*clause[:2], "_", *clause[3:])

    # people, things, places

    def name(self, gender: str = "") -> str:
        """A name that is not in the sentence yet."""
        table = names_of(circle_of(self.circle, self.num_names), gender or self.chance.of("fm"))
        while (name := self.chance.pick(table)) in self.taken:
            pass
        self.taken.add(name)
        self.num_names += 1
        return name

    def _two(self) -> Phrase:
        return ("and", self.name("f"), self.name("m"))

    def person(self, *, animals: bool = True) -> Phrase:
        """A name, two together, somebody's relative, or somebody described."""
        way = self.chance.below(12)
        if way < 8:
            return self.name()
        if way < 9:
            return self._two()
        if way < 10:
            return noun(self.chance.pick(pool("relative", self.level.lexicon)), ("of", self.name()))
        word = self.chance.pick(pool("being" if animals else "person", self.level.lexicon))
        return self._phrase(word, "the")

    def _pet(self) -> Phrase:
        return self._phrase(self.chance.pick(pool("pet", self.level.lexicon)), "the")

    def _drawn(self, name: str) -> Phrase:
        return noun(self.chance.pick(pool(name, self.level.lexicon)))

    def place(self, construction: str = "") -> Place:
        """Where."""
        if construction in GOALS or (construction in ("see_at", "find_at", "meet_at", "be_at") and self.chance.flip()):
            word = self.chance.pick(pool(GOALS.get(construction, "goal"), self.level.lexicon))
            return ("at" if is_place_noun(lexicon().noun[word]) else "behind", noun(word))
        relation = self.chance.of(("in", "on", "under", "behind", "beside"))
        spot = "hiding place" if relation == "behind" and construction == "look_at_place" else "spot"
        if relation == "in":
            return (relation, self._drawn("holder"))
        word = self.chance.pick(pool(spot, self.level.lexicon))
        return ("under" if word == "tree" and relation == "on" else relation, noun(word))

    def _one(self, word: str, name: str) -> Phrase:
        """One new thing, perhaps with what it is like."""
        if not lexicon().noun[word].plural:
            return noun(word, "some", MASS)
        if word in IN_PLURAL:
            return noun(word, "some", MANY)
        table = describing(word, name in MADE)
        return noun(word, "a", 1, (self.chance.pick(table),) if table and self.chance.flip(0.3) else ())

    def _phrase(self, word: str, det: str, name: str = "") -> Phrase:
        entry = lexicon().noun[word]
        if not entry.plural:
            return noun(word, "the" if det == "the" else "some", MASS)
        if name in ALONE:
            return noun(word, det, 1)
        if word in IN_PLURAL:
            return noun(word, "the" if det == "the" else "some", MANY)
        table = describing(word, name in MADE)
        adjectives = (self.chance.pick(table),) if table and self.chance.flip(0.3) else ()
        counts = entry.plural != entry.english
        if name in ("collect", "count") and counts:
            return noun(word, "the" if name == "count" else "some", MANY, adjectives)
        kind = self.chance.below(8)
        if det == "a":
            if kind == 0 and counts:
                return noun(word, self.chance.of(("some", "many", "few")), MANY, adjectives)
            if kind == 1:
                return noun(word, "a", self.chance.between(2, 6), adjectives)
            return noun(word, "another" if kind == 2 else "a", 1, adjectives)
        if kind == 0 and counts:
            return noun(word, "the", MANY, adjectives)
        if kind == 1:
            return noun(word, "the", self.chance.between(2, 5), adjectives)
        if kind < 4 and ("portable" in entry.kinds or "pet" in entry.kinds):
            return noun(word, ("of", self.name()), 1, adjectives)
        if kind < 6 and not adjectives and self.level.depth:
            relative = self._relative(entry, name)
            if relative:
                return noun(word, "the", 1, (), (relative,))
        return noun(word, "this" if kind == 6 and self.speech else "the", 1, adjectives)

    def _relative(self, entry: Noun, name: str) -> Clause | None:
        """that Tom found; who helped Tom"""
        table = relatives(entry.id, self.level.lexicon)
        if table is None:
            return None
        construction, gap = self.chance.pick(table)
        if construction == name:
            return None
        other = self.name()
        return ("rel", gap, (construction, "past", "_", other) if gap == 0 else (construction, "past", other, "_"))


_SHAPES = {
    "plain": Maker.clause, "adjunct": Maker.adjunct, "chain": Maker.chain, "joined": Maker.joined, "that": Maker.that,
}  # fmt: skip


def _determiner(chance: Chance, name: str) -> str:
    """Whether a thing is known or new."""
    return "a" if name in MADE or chance.flip(0.85 if name in NEW else 0.25) else "the"


def _happened_once(meaning: Clause) -> bool:
    """Whether a sentence tells of one thing that happened, so that a word of time may stand before it."""
    if meaning[0] in ("how", "where", "with"):
        meaning = meaning[2]
    if meaning[0] in ("that", "chain", "after", "before"):
        return bool(meaning[0] == "chain")
    if meaning[0] in ("because", "so", "but", "and", "when", "if"):
        return bool(meaning[0] in ("so", "because"))
    construction = constructions()[meaning[0]]
    moods = ("past", "try", "decide", "begin", "forgot")
    return construction.aspect in ("event", "activity") and str(meaning[1]) in moods
