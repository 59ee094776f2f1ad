"""Small situations that questions are asked about: who is drawn into them, and what becomes true sentence by sentence.

`Cast` draws nouns, and names of one circle (see `splits`). `State` is the simulator of situations: it takes the clauses
of a passage one by one, as they were planned or as they were read back from the text, and knows where everybody is,
who has what, what is inside what, how many, and what happened to it. Questions are answered from it and nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar

from upwell.world.chance import Chance, Table
from upwell.world.chinese import Chinese
from upwell.world.chinese_phrases import plain_phrase as chinese_phrase
from upwell.world.english import English
from upwell.world.english_phrases import plain_phrase as english_phrase
from upwell.world.lexicon import Noun, lexicon
from upwell.world.meaning import Clause, Phrase
from upwell.world.meaning import noun as phrase_of
from upwell.world.parser import parse_text
from upwell.world.splits import CIRCLES, circle_of, name_fits_circle, split_of
from upwell.world.views.draws import draw_in_split

Drawn = TypeVar("Drawn", bound="tuple[Any, ...]")

GOING = ("go", "run", "walk", "hurry", "come", "go_back")
TAKING = ("pick up", "find", "buy", "bring", "choose")
GIVING = ("give", "hand", "give_pet")
LOSING = ("broke_down", "burn", "fly_away", "run_away", "fall_into", "disappear", "wither", "melt", "fall ill")
"""What may happen to a thing so that whoever has it is unhappy."""

_SMALL = {"toy", "tool", "treasure", "readable", "wearable", "instrument", "fruit", "vegetable", "gift"}
POOLS: dict[str, Callable[[Noun], bool]] = {
    "place": lambda noun: "place" in noun.kinds and "vehicle" not in noun.kinds,
    "thing": lambda noun: (
        bool(noun.kinds & _SMALL) and "portable" in noun.kinds and noun.countable and not noun.animate
    ),
    "coloured": lambda noun: (
        {"portable", "coloured"} <= noun.kinds and bool(noun.kinds & _SMALL) and noun.countable and not noun.animate
    ),
    "counted": lambda noun: noun.countable and bool(noun.kinds & {"fruit", "vegetable", "toy", "readable", "dish"}),
    "hidden": lambda noun: (
        {"portable", "hideable"} <= noun.kinds
        and bool(noun.kinds & _SMALL)
        and noun.countable
        and not noun.animate
        and not noun.kinds & {"instrument", "container"}
    ),
    "large": lambda noun: noun.id in ("basket", "chest", "suitcase", "backpack", "bucket", "sack", "bag"),
    "little": lambda noun: noun.id in ("box", "jar", "case", "pot"),
    "toy": lambda noun: bool(noun.kinds & {"toy", "instrument", "vehicle"}) and "portable" in noun.kinds,
    "dish": lambda noun: "dish" in noun.kinds and noun.countable,
    "bird": lambda noun: "bird" in noun.kinds,
    "pet": lambda noun: bool(noun.kinds & {"pet", "farm"}) and "fish" not in noun.kinds and "bird" not in noun.kinds,
    "plant": lambda noun: "plant" in noun.kinds and noun.countable,
}
"""The nouns that a situation draws from, by what they are in it."""


class Cast:
    """The nouns of one situation and its names, which are of one circle, none of them twice.

    What a situation is about, its theme, decides on its split: all situations with the same theme are on one side,
    whoever acts in them and in whatever order. So what does not fit the split is drawn again before there is anything
    to word.
    """

    def __init__(self, chance: Chance, split: str) -> None:
        self.chance = chance
        self.split = split
        self.circle = chance.pick(CIRCLES[split])
        self.taken: set[str] = set()
        self.theme: Hashable = None

    def settle(
        self, kind: str, draw: Callable[[], Drawn | None], about: Callable[[Drawn], Iterable[Any]] = tuple
    ) -> Drawn:
        """Settle the theme: what `draw` gives, of this split; `about` picks from it what counts, in any order."""

        before = set(self.taken)

        def draw_anew(_: Chance) -> Drawn | None:
            self.taken = set(before)
            return draw()

        drawn: Drawn = draw_in_split(self.chance, self.split, draw_anew, lambda drawn: theme_of(kind, about(drawn)))
        self.theme = theme_of(kind, about(drawn))
        return drawn

    def fits(self, kind: str, about: Iterable[Any]) -> bool:
        """Whether a theme of this would be of the split: to be asked before what is costly to draw."""
        return split_of(theme_of(kind, about)) == self.split

    def names(self, count: int) -> tuple[str, ...]:
        """Different names."""
        return tuple(self._draw(_names(circle_of(self.circle, number))) for number in range(count))

    def nouns(self, pool: str, count: int) -> tuple[str, ...]:
        """Ids of different nouns of a pool, the common ones more often."""
        return tuple(self._draw(_nouns(pool)) for _ in range(count))

    def _draw(self, table: Table[str]) -> str:
        while (word := self.chance.pick(table)) in self.taken:
            pass
        self.taken.add(word)
        return word


def theme_of(kind: str, about: Iterable[Any]) -> Hashable:
    """A theme as a meaning: in small letters, so that nothing looks like a name, which a canonical one leaves out."""
    return ("situation", kind, tuple(sorted(repr(part).lower() for part in about)))


@functools.cache
def _names(circle: str) -> Table[str]:
    return Table.zipf([name.id for name in lexicon().names if name_fits_circle(circle, name.id)])


@functools.cache
def _nouns(pool: str) -> Table[str]:
    return Table.zipf([noun.id for noun in lexicon().nouns if POOLS[pool](noun)])


@functools.cache
def colours() -> Table[str]:
    """The colours that tell things of one kind apart."""
    return Table(
        [entry.id for entry in lexicon().adjectives_of("colour") if entry.id not in ("golden", "silver", "colourful")]
    )


def the(word: str, adjectives: tuple[str, ...] = ()) -> Phrase:
    """the red ball"""
    return phrase_of(word, "the", 1, adjectives)


def some(word: str, count: int = 1, adjectives: tuple[str, ...] = ()) -> Phrase:
    """a red ball, three balls"""
    return phrase_of(word, "a", count, adjectives)


def key_of(phrase: Phrase) -> Any:
    """What a phrase names, however it is known: a name, or noun and adjectives."""
    return phrase if type(phrase) is str else (phrase[3], phrase[4])


def is_counted(phrase: Phrase) -> bool:
    """Whether a phrase counts things: three apples."""
    return type(phrase) is tuple and phrase[0] == "n" and type(phrase[2]) is int and phrase[2] > 1


def simple_clauses(meaning: Clause) -> Iterator[Clause]:
    """The clauses that a sentence says to be so, in order of time."""
    if meaning[0] in ("adv", "how", "where", "with"):
        yield from simple_clauses(meaning[2])
    elif meaning[0] in ("and", "but", "so", "because"):
        first, second = meaning[1:] if meaning[0] != "because" else (meaning[2], meaning[1])
        yield from simple_clauses(first)
        yield from simple_clauses(second)
    elif meaning[0] == "chain":
        for clause in meaning[1:]:
            yield from simple_clauses(clause)
    else:
        yield meaning


class State:
    """What is so after some clauses."""

    def __init__(self, clauses: Iterable[Clause] = ()) -> None:
        self.place: dict[Any, Any] = {}
        """Where persons are, by their last move."""
        self.holder: dict[Any, Any] = {}
        """Who has a thing."""
        self.taker: dict[tuple[str, Any], Any] = {}
        """Who took a thing first, by verb: who bought it, who found it."""
        self.inside: dict[Any, Any] = {}
        """What a thing is in."""
        self.count: dict[tuple[Any, str], int] = {}
        """How many of a kind somebody has."""
        self.lost: dict[Any, Clause] = {}
        """What happened to a thing."""
        self.cause: dict[tuple[Any, str], Clause] = {}
        """Why somebody is as they are, where it was said."""
        for clause in clauses:
            self.tell(clause)

    def tell(self, meaning: Clause) -> None:
        """Let a sentence be so."""
        sentence = meaning[2] if meaning[0] == "adv" else meaning
        if sentence[0] == "because" and sentence[1][0] in ("be", "feel"):
            self.cause[sentence[1][2], sentence[1][3]] = sentence[2]
        for clause in simple_clauses(meaning):
            self._tell(clause)

    def _tell(self, clause: Clause) -> None:
        name, mood, *arguments = clause
        if mood != "past" or not arguments:
            return
        subjects = arguments[0][1:] if type(arguments[0]) is tuple and arguments[0][0] == "and" else arguments[:1]
        for subject in subjects:
            who = key_of(subject)
            if name in GOING:
                self.place[who] = key_of(arguments[1])
            elif name in LOSING:
                self.lost[who] = clause
            elif name in TAKING:
                self.holder[key_of(arguments[1])] = who
                self.taker[name, key_of(arguments[1])] = who
            elif name == "put":
                self.inside[key_of(arguments[1])] = key_of(arguments[2][1])
            elif name in GIVING:
                self._give(who, arguments[1], key_of(arguments[2]))
            elif name == "have" and type(arguments[1]) is tuple:
                if is_counted(arguments[1]):
                    self.count[who, arguments[1][3]] = arguments[1][2]
                self.holder[key_of(arguments[1])] = who

    def _give(self, giver: Any, thing: Phrase, receiver: Any) -> None:
        if is_counted(thing) or (thing[1] == "a" and (giver, thing[3]) in self.count):
            self.count[giver, thing[3]] = self.count.get((giver, thing[3]), 0) - thing[2]
            self.count[receiver, thing[3]] = self.count.get((receiver, thing[3]), 0) + thing[2]
        else:
            self.holder[key_of(thing)] = receiver

    def outermost(self, thing: Any) -> Any:
        """The thing itself, or the last container around it."""
        while thing in self.inside:
            thing = self.inside[thing]
        return thing

    def holder_of(self, thing: Any) -> Any:
        """Who has a thing, or what it is in."""
        return self.holder.get(self.outermost(thing))

    def place_of(self, thing: Any) -> Any:
        """Where a person or a thing is: a thing is where whoever has it is."""
        return self.place.get(thing) or self.place.get(self.holder_of(thing))


LINEARISERS = {"en": English, "zh": Chinese}


def say_text(clauses: Iterable[Clause], language: str, chance: Chance) -> str:
    """Sentences as one text, in a way that `chance` chooses."""
    return LINEARISERS[language](chance).text(tuple(clauses))


def say_phrase(phrase: Phrase, language: str) -> str:
    """A phrase as an answer."""
    return (english_phrase if language == "en" else chinese_phrase)(phrase)


@functools.lru_cache(maxsize=1 << 14)
def plain_sentence(clause: Clause, language: str) -> str:
    """A clause as a sentence, in its first wording."""
    return LINEARISERS[language](Plain()).say(clause)


def say_plainly(clause: Clause, language: str) -> str:
    """A clause in its first wording, without capital and mark: part of an answer."""
    body = plain_sentence(clause, language).rstrip(".。")
    return body if language == "zh" or type(clause[2]) is str else body[0].lower() + body[1:]


class Plain:
    """A chance that always takes the first way; it costs nothing."""

    bits = 0.0

    def pick(self, table: Table[Any]) -> Any:
        """The first item."""
        return table.items[0]

    def of(self, items: Any) -> Any:
        """The first item."""
        return items[0]

    def flip(self, probability: float = 0.5) -> bool:
        """Never."""
        return False

    def below(self, bound: int) -> int:
        """Zero."""
        return 0


def read_clauses(text: str, language: str) -> list[Clause]:
    """The meanings of a text's sentences; a ValueError where one is not understood."""
    clauses = []
    for number, meanings in enumerate(parse_text(text, language)):
        if not meanings:
            raise ValueError(f"sentence {number + 1} is not understood: {text}")
        clauses.append(meanings[0])
    return clauses
