"""Where a plot is played: its people, drawn from a circle of names, its things, and the world that its sentences change.

A plot tells sentences; each is told to the world at once, which must find nothing wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from upwell.world.chance import Chance, Table
from upwell.world.lexicon import Noun, lexicon
from upwell.world.meaning import MANY, MASS, Clause, Phrase, Place, noun, sorted_adjectives
from upwell.world.places import is_place_noun
from upwell.world.simulator import World
from upwell.world.splits import circle_of, name_fits_circle


@dataclass(frozen=True)
class Level:
    """How hard a text is, as numbers."""

    number: int
    lexicon: int
    """Nouns that may occur, the most common first."""
    depth: int
    """How deep relative clauses may stand in each other."""
    attractors: int
    """Nouns of another number between a subject and its verb."""
    entities: int
    """People in a story, at most."""
    events: int
    """Turns that a plot may take on its way, at most."""
    distractors: int
    """Facts of a scene that the plot does not need."""
    hops: int
    """Facts to be joined for an answer."""
    digits: int
    """Of the numbers that are reckoned with."""
    shots: int
    """Examples before a question that is to be answered like them."""


LEVELS = {
    1: Level(1, 160, 0, 0, 2, 1, 0, 1, 1, 2),
    2: Level(2, 400, 1, 1, 3, 2, 2, 2, 2, 3),
    3: Level(3, 1000, 2, 2, 4, 3, 4, 2, 3, 4),
    4: Level(4, 1000, 3, 3, 5, 4, 7, 3, 6, 6),
}
"""Levels 1 to 3 are for training; level 4 lies outside: deeper, longer, and with combinations that the others avoid."""

POOLS: dict[str, Callable[[Noun], bool]] = {
    "toy": lambda n: "toy" in n.kinds and "portable" in n.kinds and n.id not in ("snowball", "marble"),
    "treasured": lambda n: bool(n.kinds & {"toy", "wearable", "readable", "treasure", "instrument"})
    and {"portable", "hideable"} <= n.kinds and n.countable and n.id not in ("gold", "newspaper", "snowball"),
    "gift": lambda n: {"gift", "portable"} <= n.kinds and n.countable and "dish" not in n.kinds,
    "handmade": lambda n: n.id in ("scarf", "kite", "card", "doll", "picture", "puppet", "mask", "necklace", "hat", "toy boat", "sweater", "toy car", "drum", "ribbon", "box", "basket", "cake"),
    "fragile": lambda n: {"breakable", "portable"} <= n.kinds and not n.kinds & {"edible", "toy"},
    "fixable": lambda n: bool(n.kinds & {"toy", "instrument"}) and "portable" in n.kinds and n.id not in ("ball", "balloon", "snowball", "marble", "puzzle", "building block"),
    "fruit": lambda n: "fruit" in n.kinds and n.countable,
    "dish": lambda n: n.id in ("cake", "pie", "pizza", "pancake", "sandwich", "mooncake", "hamburger", "dumpling", "biscuit", "steamed bun"),
    "snack": lambda n: n.countable and ("fruit" in n.kinds or n.id in ("cake", "pie", "biscuit", "egg", "sandwich", "doughnut", "pancake", "mooncake", "lollipop", "steamed bun")),
    "ingredient": lambda n: n.countable and ("fruit" in n.kinds or n.id in ("egg", "carrot", "potato", "tomato", "mushroom", "onion", "pumpkin", "bean", "walnut", "nut")),
    "place": lambda n: is_place_noun(n) and n.id not in ("house", "bedroom", "kitchen", "living room", "bathroom", "attic", "classroom", "street", "henhouse"),
    "outdoors": lambda n: is_place_noun(n) and "place_outdoor" in n.kinds and n.id not in ("street", "bus stop", "station", "airport", "crossroads", "city", "town", "village", "island"),
    "wild_place": lambda n: n.id in ("forest", "beach", "meadow", "hillside", "riverbank", "valley", "field", "lakeside", "hilltop", "orchard", "seaside", "jungle", "island"),
    "town": lambda n: n.id in ("town", "village", "city", "valley", "island", "farm", "castle", "hillside", "harbour", "seaside"),
    "room": lambda n: n.id in ("bedroom", "kitchen", "living room", "classroom", "attic", "yard", "garden", "library", "bathroom", "workshop", "barn", "cellar"),
    "shelter": lambda n: n.id in ("cave", "cabin", "barn", "tent", "tower", "lighthouse", "windmill", "temple", "stable", "treehouse", "bus stop"),
    "shop": lambda n: n.id in ("shop", "market", "toy shop", "town", "street", "castle", "station"),
    "grocery": lambda n: n.id in ("market", "shop", "farm", "village", "town", "bakery", "street"),
    "spot": lambda n: n.id in ("bed", "table", "chair", "sofa", "desk", "bench", "tree", "door", "box", "basket", "bush", "stool", "piano", "cupboard", "apple tree", "carpet", "window", "gate", "bookcase", "stone"),
    "holder": lambda n: n.id in ("box", "basket", "bag", "drawer", "cupboard", "backpack", "chest", "jar", "suitcase", "wardrobe", "case", "pot", "barrel", "sack"),
    "house_pet": lambda n: n.id in ("dog", "cat", "rabbit", "hamster", "parrot", "mouse", "chick", "duck", "bird"),
    "outdoor_spot": lambda n: n.id in ("tree", "bush", "gate", "bench", "stone", "apple tree", "fence", "door"),
    "pet": lambda n: bool(n.kinds & {"pet", "farm"}) and "fish" not in n.kinds and n.id != "sheep",
    "wild": lambda n: "wild" in n.kinds and not n.kinds & {"insect", "fish"} and n.id not in ("whale", "shark", "dolphin", "octopus", "snake", "spider", "dragon", "crocodile", "bat", "worm", "seal", "crab", "snail", "caterpillar"),
    "strong": lambda n: n.id in ("bear", "lion", "tiger", "elephant", "wolf", "horse", "eagle", "giraffe", "camel", "hippo", "panda", "cow", "zebra"),
    "little": lambda n: n.id in ("mouse", "bird", "ant", "frog", "squirrel", "hedgehog", "rabbit", "sparrow", "bee", "ladybird", "chick", "duck", "mole", "lizard", "hamster", "swallow"),
    "bird": lambda n: "bird" in n.kinds and n.id not in ("hen", "rooster", "ostrich", "penguin", "peacock", "goose", "chick", "duck"),
    "kin": lambda n: n.id in ("mother", "father", "grandmother", "grandfather", "aunt", "uncle"),
    "old": lambda n: n.id in ("grandmother", "grandfather", "neighbour", "teacher", "farmer", "gardener", "fisherman", "shepherd", "painter", "carpenter"),
    "trade": lambda n: "profession" in n.kinds and n.id not in ("robber", "soldier", "guard", "hunter", "dentist", "mayor"),
    "seller": lambda n: n.id in ("shopkeeper", "baker", "farmer", "fisherman", "gardener", "tailor", "carpenter", "shoemaker"),
    "plant": lambda n: n.id in ("flower", "rose", "sunflower", "tulip", "apple tree", "daisy", "lily", "cactus"),
    "furniture": lambda n: "furniture" in n.kinds and n.id not in ("bathtub", "oven", "fridge", "fireplace", "carpet", "blackboard"),
    "nature": lambda n: n.id in ("stone", "leaf", "flower", "shell", "feather", "tree", "bush", "rose", "butterfly", "bird", "duck", "acorn", "pine cone", "pebble", "mushroom", "sunflower", "daisy"),
    "instrument": lambda n: "instrument" in n.kinds and n.id not in ("bell",),
    "child": lambda n: n.id in ("boy", "girl"),
}  # fmt: skip
"""The nouns that plots draw from, by what they are in them."""


@cache
def table_of(pool: str, size: int, plot: str, withheld: bool) -> Table[str]:
    """The nouns of a pool that a text may use, the common ones more often.

    Arguments: `plot`, empty or the plot whose main thing is drawn; then what is withheld from it is left out, or with
    `withheld` nothing else is in.
    """
    test = POOLS[pool]
    every = [entry.id for entry in lexicon().nouns if test(entry)]
    within = [word for word in every if lexicon().noun[word].rank < size]
    if len(within) < 3:
        within = every[:3]
    if plot:
        chosen = [word for word in within if is_withheld(plot, word) == withheld]
        within = chosen or within
    return Table.zipf(within)


def is_withheld(plot: str, word: str) -> bool:
    """Whether a plot and its main thing go together at level 4 only."""
    import zlib

    return zlib.crc32(f"{plot} {word}".encode()) % 6 == 0


@cache
def names_of(circle: str, gender: str) -> Table[str]:
    """The names of a circle, of one gender."""
    names = [name.id for name in lexicon().names if name.gender == gender and name_fits_circle(circle, name.id)]
    return Table(names, [1 / (rank + 20) for rank in range(len(names))])


@cache
def adjectives_for(word: str, kinds: tuple[str, ...]) -> Table[str] | None:
    """The adjectives of these kinds that describe a noun."""
    entry = lexicon().noun[word]
    found = [
        adjective.id
        for adjective in lexicon().adjectives
        if adjective.kind in kinds and adjective.band <= 3 and lexicon().describes(adjective, entry)
    ]
    return Table.zipf(found) if found else None


Choice = TypeVar("Choice")


class Stage:
    """One story in the making."""

    def __init__(self, chance: Chance, level: Level, circle: str) -> None:
        self.chance = chance
        self.level = level
        self.circle = circle
        self.world = World()
        self.sentences: list[Clause] = []
        self.causes: list[tuple[Clause, Clause]] = []
        self.taken: set[str] = set()
        self.num_names = 0
        self.looks: dict[str, tuple[str, ...]] = {}
        self.goal: Clause = ()
        self.turning: Clause = ()
        self.outcome: Clause = ()

    # people and things

    def name(self, gender: str = "") -> str:
        """A name that nobody has yet."""
        table = names_of(circle_of(self.circle, self.num_names), gender or ("f" if self.chance.flip() else "m"))
        while (name := self.chance.pick(table)) in self.taken:
            pass
        self.taken.add(name)
        self.num_names += 1
        return name

    def draw(
        self, pool: str, adorned: float = 0.0, kinds: tuple[str, ...] = ("colour", "size", "age", "quality")
    ) -> str:
        """A noun of a pool that is not in the story yet.

        Arguments: `adorned`, how likely it gets an adjective of one of `kinds`, with which it is brought in.
        """
        table = table_of(pool, self.level.lexicon, "", False)
        for _ in range(20):
            word = self.chance.pick(table)
            if word not in self.taken:
                break
        else:
            word = next((word for word in table_of(pool, 10_000, "", False).items if word not in self.taken), word)
        self.taken.add(word)
        if adorned:
            self.adorn(word, adorned, kinds)
        return word

    def adorn(self, word: str, share: float, kinds: tuple[str, ...] = ("colour", "size", "age", "quality")) -> None:
        """Perhaps give a noun an adjective with which it is brought in."""
        if self.chance.flip(share):
            table = adjectives_for(word, kinds)
            if table:
                self.looks[word] = (self.chance.pick(table),)

    def a(self, word: str) -> Phrase:
        """A thing that is brought in: a red ball."""
        entry = lexicon().noun[word]
        if not entry.plural:
            return noun(word, "some", MASS, self.looks.get(word, ()))
        return noun(word, "a", 1, self.looks.get(word, ()))

    def the(self, word: str, *adjectives: str) -> Phrase:
        """A thing that is known: the ball."""
        entry = lexicon().noun[word]
        return noun(word, "the", 1 if entry.plural else MASS, sorted_adjectives(adjectives) if adjectives else ())

    def of(self, owner: Phrase, word: str) -> Phrase:
        """Somebody's thing: Tom's ball."""
        return noun(word, ("of", owner), 1 if lexicon().noun[word].plural else MASS)

    def some(self, word: str, count: int) -> Phrase:
        """Several new things: three apples."""
        return noun(word, "a", count, self.looks.get(word, ()))

    def at(self, word: str) -> Place:
        """Where: in the kitchen; of what is no place, beside it."""
        return ("at", self.the(word)) if is_place_noun(lexicon().noun[word]) else ("beside", self.the(word))

    def spot(self, word: str) -> Place:
        """Where something may lie hidden: under the bed, in the box."""
        kinds = lexicon().noun[word].kinds
        if "container" in kinds:
            return ("in", self.the(word))
        if word in (
            "table",
            "chair",
            "bench",
            "stool",
            "desk",
            "bed",
            "piano",
            "tree",
            "apple tree",
            "bush",
            "stone",
            "carpet",
        ):
            return (
                self.chance.of(("under", "beside", "behind") if word != "carpet" else ("under", "beside")),
                self.the(word),
            )
        return (self.chance.of(("behind", "beside")), self.the(word))

    # telling

    def tell(self, *sentences: Clause) -> None:
        """Tell sentences, one after the other."""
        for sentence in sentences:
            wrong = self.world.tell(sentence)
            if wrong:
                raise AssertionError(f"{sentence}: {wrong}")
            self.sentences.append(sentence)

    def one(self, *choices: Choice) -> Choice:
        """One of several sentences or things."""
        return self.chance.of(choices)

    def flip(self, share: float = 0.5) -> bool:
        """Whether something happens that need not."""
        return self.chance.flip(share)

    def maybe(self, share: float, *sentences: Clause) -> None:
        """Tell sentences, or not."""
        if self.chance.flip(share):
            self.tell(*sentences)

    def why(self, effect: Clause, cause: Clause, front: str = "") -> None:
        """Tell what was so and because of what; a cause that was told just now is not told twice, but both as one."""
        self.causes.append((effect, cause))
        last = self.sentences[-1] if self.sentences else ()
        front_of_last, told = (last[1], last[2]) if last and last[0] == "adv" else ("", last)
        if told != cause:
            known = any(cause in _parts(sentence) for sentence in self.sentences[-2:])
            effect = ("adv", front, effect) if known and front else effect
            self.tell(effect if known else self.because(effect, cause, front))
            return
        self.sentences.pop()
        self.world.step -= 1
        self.tell(effect)
        both = ("so", cause, effect)
        self.sentences[-1] = ("adv", front_of_last, both) if front_of_last else both

    def because(self, effect: Clause, cause: Clause, front: str = "") -> Clause:
        """Say what was so and because of what: with because, or with so."""
        sentence: Clause
        if self.chance.flip(0.6):
            sentence = ("because", effect, cause)
        else:
            sentence = ("so", cause, effect)
        return ("adv", front, sentence) if front else sentence

    def scene(self, place: str) -> None:
        """What else there was to see at a place; as many facts as the level wants."""
        for _ in range(self.level.distractors // 2):
            if self.chance.flip(0.6):
                self.tell(self._sight(place))

    def _sight(self, place: str) -> Clause:
        kind = self.chance.below(4)
        outdoors = "place_outdoor" in lexicon().noun[place].kinds
        thing = self.draw("nature" if outdoors else "furniture")
        if kind == 0 and self.level.attractors and outdoors:
            near = self.draw("outdoor_spot")
            place_near: Place = ("near", self.the(near))
            if self.level.attractors > 1 and self.chance.flip(0.4):
                place_near = ("near", noun(near, "the", 1, (), (("pp", self.at(place)),)))
            subject = noun(thing, "the", MANY, (), (("pp", place_near),))
            table = adjectives_for(thing, ("colour", "size", "quality"))
            if table and lexicon().noun[thing].plural != thing:
                return ("be", "past", subject, self.chance.pick(table))
        count = self.chance.between(2, 6)
        if kind == 1:
            self.adorn(thing, 1.0, ("colour", "size"))
        if kind == 2:
            who = self.draw("trade")
            return ("there_be", "past", self.a(who), self.at(place))
        if not lexicon().noun[thing].plural:
            return ("there_be", "past", noun(thing, "some", MASS), self.at(place))
        return ("there_be", "past", self.some(thing, count), self.at(place))


def _parts(sentence: Clause) -> tuple[Clause, ...]:
    """The clauses that a sentence is made of."""
    if sentence[0] == "adv":
        return _parts(sentence[2])
    if sentence[0] == "that":
        return (sentence[5],)
    return sentence[1:] if sentence[0] in ("and", "but", "so", "because", "chain") else (sentence,)


def was(name: str, *arguments: Any) -> Clause:
    """What happened or was so."""
    return (name, "past", *arguments)


def was_not(name: str, *arguments: Any) -> Clause:
    """What did not happen."""
    return (name, "not", *arguments)


def front(adverbial: str, sentence: Clause) -> Clause:
    """A sentence with what stands at its beginning."""
    return ("adv", adverbial, sentence)


def chain(*clauses: Clause) -> Clause:
    """What one did, one after the other."""
    return ("chain", *clauses)


def say(speaker: Phrase, *sentences: Clause, to: Phrase | None = None, verb: str = "say") -> Clause:
    """What somebody said."""
    return ("say", verb, speaker, to, sentences)


def fixed(word: str) -> Clause:
    """A ready sentence of speech."""
    return ("fixed", word)


def knew(verb: str, who: Phrase, what: Clause, to: Phrase | None = None, mood: str = "past") -> Clause:
    """What somebody knew, saw, hoped or told."""
    return ("that", verb, mood, who, to, what)
