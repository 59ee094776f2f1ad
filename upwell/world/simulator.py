"""The state of the micro-world and what sentences do to it.

The same rules serve twice: a story is told sentence by sentence to a world that must find nothing wrong with it; and a
text that was read back is told to another one, which counts what contradicts. What was never said is unknown and
contradicts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from upwell.world.lexicon import lexicon
from upwell.world.linearise import ADJUNCTS
from upwell.world.meaning import MANY, MASS, Clause, Phrase, Place
from upwell.world.places import is_place_noun

HAPPENED = frozenset({"past", "had"})
"""The moods that say that something was so."""
GIVING = frozenset("give give_pet give_back hand lend sell_to bring_to throw_to".split())
LOSES = frozenset({"give_back", "give", "give_pet", "hand", "lend", "sell_to", "bring_to", "throw_to"})
GETTING = frozenset({"find", "pick up", "buy", "catch", "fetch", "bring", "get_from"})
GETTING_FROM = frozenset({"take_from", "borrow", "buy_from"})
PUTTING = frozenset({"put", "hide_at", "leave_at", "plant_at"})
GOING = frozenset("go run walk come go_back hurry move_to reach swim_to fly".split())
GOING_HOME = frozenset({"go_home", "run_home", "come_home"})
ENDING = frozenset({"eat", "drink", "burn", "eat up", "drink up"})
"""What is eaten is there no more."""
HANDLED = frozenset({"hide", "throw", "carry", "wash", "lose", "show", "share", "put on", "throw away"})
"""What is done to a thing by who has it."""
TOGETHER = frozenset(
    "hug meet_at talk_with play_with say_goodbye comfort scold praise race quarrel quarrel_over hand make_up".split()
)
"""What two do in one place."""
SKIPS = frozenset(
    "next_day next_morning few_days week_later one_day one_morning one_afternoon one_evening that_evening that_night "
    "in_the_evening at_night every_day after_that_day on_sunday in_spring in_summer in_autumn in_winter later soon "
    "that_morning that_day".split()
)
"""Beginnings after which people may be elsewhere."""


def told(meaning: Clause) -> Iterator[Clause]:
    """The plain clauses that a sentence says to be so, in the order of time, with what stands around them left out."""
    tag = meaning[0]
    if tag == "adv" or tag in ADJUNCTS:
        yield from told(meaning[2])
    elif tag == "chain":
        for clause in meaning[1:]:
            yield from told(clause)
    elif tag in ("and", "but", "so"):
        yield from told(meaning[1])
        yield from told(meaning[2])
    elif tag in ("because", "when", "after"):
        yield from told(meaning[2])
        yield from told(meaning[1])
    elif tag in ("before", "until"):
        yield from told(meaning[1])
        yield from told(meaning[2])
    elif tag == "that":
        if meaning[1] in ("know", "see", "find_out", "notice", "remember") and meaning[2] == "past":
            yield from told(meaning[5])
    elif tag not in ("say", "ask", "fixed", "if"):
        yield meaning


def _cause_of(meaning: Clause) -> Clause | None:
    if meaning[0] == "adv":
        return _cause_of(meaning[2])
    cause: Clause | None = None
    if meaning[0] in ("because", "when", "after"):
        cause = meaning[2]
    elif meaning[0] == "so":
        cause = meaning[1]
    return cause


class World:
    """Who is where, who has what, how things are and how people feel, as far as was told."""

    __slots__ = (
        "asleep",
        "broken",
        "colours",
        "counts",
        "feelings",
        "gone",
        "holders",
        "log",
        "people",
        "places",
        "said",
        "step",
    )

    def __init__(self) -> None:
        self.people: dict[str, Any] = {}
        """Where people and animals are."""
        self.places: dict[str, Any] = {}
        """Where things are put."""
        self.holders: dict[str, str | None] = {}
        """Who has a thing."""
        self.counts: dict[tuple[str, str], int] = {}
        """How many things of a kind somebody has."""
        self.colours: dict[str, str] = {}
        self.broken: dict[str, bool] = {}
        self.feelings: dict[str, str] = {}
        self.gone: set[str] = set()
        self.asleep: set[str] = set()
        self.log: list[tuple[int, str, str, Any]] = []
        """What became true: sentence, kind of fact, of whom or what, value."""
        self.said: set[Clause] = set()
        self.step = 0

    def tell(self, meaning: Clause) -> list[str]:
        """Let a sentence become true; returns what contradicts what was told before."""
        wrong: list[str] = []
        if meaning[0] == "adv" and meaning[1] in SKIPS:
            self.people.clear()
            self.asleep.clear()
        if meaning[0] == "that":
            self._awake(meaning[3], wrong)
        elif meaning[0] == "say":
            self._awake(meaning[2], wrong)
        cause = _cause_of(meaning)
        for clause in told(meaning):
            if clause != cause:
                self._apply(clause, wrong)
            elif clause not in self.said:  # a cause may be what was told already, in other words too
                found: list[str] = []
                self._apply(clause, found)
                wrong += [one for one in found if not one.endswith("already")]
            self.said.add(clause)
        self.step += 1
        return wrong

    def _note(self, kind: str, of: str, value: Any) -> None:
        self.log.append((self.step, kind, of, value))

    def _awake(self, phrase: Phrase, wrong: list[str]) -> None:
        for key in members(phrase):
            if key in self.asleep:
                wrong.append(f"{key} is asleep")

    def _apply(self, clause: Clause, wrong: list[str]) -> None:
        name, mood = clause[0], clause[1]
        if mood not in HAPPENED or len(clause) < 3:
            return
        subject = clause[2]
        for value in clause[2:]:
            if type(value) is tuple:
                self._colours(value, wrong)
        actors = members(subject)
        if name not in ("wake up", "awake", "be", "be_at", "have", "own", "sleep", "dream", "fall asleep"):
            for actor in actors:
                if actor in self.asleep:
                    wrong.append(f"{actor} is asleep")
        if name in ("sleep", "fall asleep"):
            self.asleep.update(actors)
        elif name == "wake up":
            self.asleep.difference_update(members(clause[3]))
        elif name == "awake":
            self.asleep.difference_update(actors)
        elif name in GOING:
            self._go(actors, clause[3], wrong)
        elif name in GOING_HOME:
            for actor in actors:
                self._move(actor, "home")
        elif name in ("go_out", "leave", "run_away", "fly_away", "get_lost"):
            for actor in actors:
                self.people.pop(actor, None)
                self.holders.pop(actor, None)
        elif name == "lead_home":
            for actor in [*actors, *members(clause[3])]:
                self._move(actor, "home")
        elif name == "lead":
            self._go([*actors, *members(clause[3])], clause[4], wrong)
        elif name in ("be_at", "hide_self", "live_at"):
            self._be_at(subject, clause[3], name, wrong)
        elif name in GIVING:
            self._give(subject, clause[3], clause[4], wrong)
        elif name in GETTING_FROM:
            self._give(clause[4], clause[3], subject, wrong)
        elif name == "get_from":
            self._hold(clause[3], subject)
        elif name in ("find", "find_at") or name in GETTING:
            self._find(subject, clause, wrong)
        elif name in ("have", "own"):
            self._have(subject, clause[3], wrong)
        elif name == "take_out":
            self._take_out(subject, clause[3], clause[4], wrong)
        elif name in PUTTING:
            self._has(subject, clause[3], wrong)
            self._put(clause[3], clause[4])
        elif name in HANDLED:
            if name != "lose":
                self._has(subject, clause[3], wrong)
            if name == "lose":
                self.holders[key_of(clause[3])] = None
                self._note("lost", key_of(clause[3]), subject)
        elif name == "break":
            self._break(clause[3], wrong)
        elif name == "be_gone":
            self.holders[key_of(subject)] = None
            self.places.pop(key_of(subject), None)
            self._note("lost", key_of(subject), True)
        elif name == "broke_down":
            self._break(subject, wrong)
        elif name == "mend":
            key = key_of(clause[3])
            if self.broken.get(key) is False:
                wrong.append(f"{key} is not broken")
            self.broken[key] = False
            self._note("mended", key, subject)
        elif name in ENDING:
            key = key_of(clause[3] if len(clause) > 3 else subject)
            if key in self.gone:
                wrong.append(f"{key} is gone")
            self.gone.add(key)
        elif name in ("be", "feel", "become"):
            self._quality(subject, clause[3], wrong)
        if name in TOGETHER and len(clause) > 3:
            self._meet(actors, clause[3], wrong)

    def _colours(self, phrase: Phrase, wrong: list[str]) -> None:
        """Adjectives of colour: a red ball does not become blue by being named so."""
        if phrase[0] == "n" and phrase[4] and phrase[1] != "another" and phrase[2] == 1:
            for word in phrase[4]:
                if lexicon().adjective[word].kind == "colour":
                    self._colour(phrase, word, wrong)

    def _colour(self, phrase: Phrase, colour: str, wrong: list[str]) -> None:
        key = key_of(phrase)
        if phrase[1] == "a" and key in self.colours:
            return  # another thing of the same kind
        if self.colours.setdefault(key, colour) != colour:
            wrong.append(f"{key} is {self.colours[key]}, not {colour}")

    def _quality(self, subject: Phrase, value: Any, wrong: list[str]) -> None:
        word = value if type(value) is str else value[1]
        adjective = lexicon().adjective[word]
        if adjective.kind == "colour" and type(subject) is tuple and subject[2] == 1:
            self._colour(subject, word, wrong)
            self._note("colour", key_of(subject), word)
        elif adjective.kind == "feeling":
            for key in members(subject):
                self.feelings[key] = word
                self._note("feels", key, word)

    def _go(self, actors: list[str], goal: Any, wrong: list[str]) -> None:
        for actor in actors:
            place = place_of(goal)
            if self.people.get(actor) == place:
                wrong.append(f"{actor} is there already")
            self._move(actor, place)

    def _move(self, actor: str, place: Any) -> None:
        self.people[actor] = place
        self._note("at", actor, place)

    def _be_at(self, subject: Phrase, place: Place, name: str, wrong: list[str]) -> None:
        key, where = key_of(subject), place_of(place)
        if name == "live_at" or where is None:
            return
        alive = type(subject) is str or subject[0] == "and" or lexicon().noun[subject[3]].animate
        known = self.people if alive else self.places
        for one in members(subject) if alive else [key]:
            before = known.get(one)
            if before is not None and before != where and same_scale(before, where) and name == "be_at":
                wrong.append(f"{one} is at {before}, not at {where}")
            known[one] = where
            self._note("at", one, where)

    def _has(self, subject: Phrase, thing: Phrase, wrong: list[str]) -> None:
        key = key_of(thing)
        if key in self.gone:
            wrong.append(f"{key} is gone")
        holder = self.holders.get(key)
        if holder is not None and holder not in members(subject):
            wrong.append(f"{holder} has {key}")
        if holder is None and key in self.holders and key not in self.places:
            wrong.append(f"{key} is lost")

    def _hold(self, thing: Phrase, who: Phrase) -> None:
        key = key_of(thing)
        owner = members(who)[0] if len(members(who)) == 1 else "+".join(members(who))
        self.holders[key] = owner
        self.places.pop(key, None)
        self._note("has", owner, key)

    def _give(self, giver: Phrase, thing: Phrase, taker: Phrase, wrong: list[str]) -> None:
        if (
            type(thing) is tuple
            and thing[0] == "n"
            and type(thing[2]) is int
            and thing[2] >= 1
            and thing[1] == "a"
            and (thing[2] > 1 or any((key, thing[3]) in self.counts for key in members(giver)))
        ):
            self._count(giver, thing, -thing[2], wrong)
            self._count(taker, thing, thing[2], wrong)
            return
        if type(thing) is tuple and thing[0] == "n" and thing[1] in ("a", "some", "another", "few", "many"):
            self._hold(thing, taker)
            return
        self._has(giver, thing, wrong)
        self._hold(thing, taker)

    def _count(self, who: Phrase, thing: Phrase, change: int, wrong: list[str]) -> None:
        for key in members(who):
            known = self.counts.get((key, thing[3]))
            if known is None:
                continue
            if known + change < 0:
                wrong.append(f"{key} has {known} {thing[3]}, gives {-change}")
            self.counts[key, thing[3]] = known + change
            self._note("count", key, (thing[3], known + change))

    def _have(self, subject: Phrase, thing: Phrase, wrong: list[str]) -> None:
        if type(thing) is tuple and thing[0] == "n" and type(thing[2]) is int and thing[2] > 1:
            for key in members(subject):
                known = self.counts.get((key, thing[3]))
                if known is not None and known != thing[2]:
                    wrong.append(f"{key} has {known} {thing[3]}, not {thing[2]}")
                self.counts[key, thing[3]] = thing[2]
                self._note("count", key, (thing[3], thing[2]))
            return
        if thing[2] != MASS and thing[2] != MANY:
            self._hold(thing, subject)

    def _find(self, subject: Phrase, clause: Clause, wrong: list[str]) -> None:
        thing, name = clause[3], clause[0]
        key = key_of(thing)
        if is_new(thing):
            if type(thing) is tuple and thing[0] == "n" and thing[2] == 1:
                self._hold(thing, subject)
            return
        if alive(thing):
            if name == "find_at" and len(clause) > 4:
                for one in members(thing):
                    self.people[one] = place_of(clause[4])
            return
        if key in self.gone:
            wrong.append(f"{key} is gone")
        if name in ("find", "find_at") and self.holders.get(key) in members(subject):
            wrong.append(f"{subject} has {key} already")
        if name == "find_at" and len(clause) > 4:
            where = place_of(clause[4])
            before = self.places.get(key)
            if before is not None and before != where and same_scale(before, where):
                wrong.append(f"{key} is at {before}, not at {where}")
        self._hold(thing, subject)

    def _take_out(self, subject: Phrase, thing: Phrase, inside: Phrase, wrong: list[str]) -> None:
        key = key_of(thing)
        before = self.places.get(key)
        if not is_new(thing) and before is not None and before[1] != key_of(inside):
            wrong.append(f"{key} is at {before}")
        self._hold(thing, subject)

    def _put(self, thing: Phrase, place: Place) -> None:
        key = key_of(thing)
        self.holders.pop(key, None)
        self.places[key] = place_of(place)
        self._note("at", key, place_of(place))

    def _break(self, thing: Phrase, wrong: list[str]) -> None:
        key = key_of(thing)
        if self.broken.get(key):
            wrong.append(f"{key} is broken already")
        self.broken[key] = True
        self.holders.pop(key, None)
        self._note("broken", key, True)

    def _meet(self, actors: list[str], other: Phrase, wrong: list[str]) -> None:
        for one in actors:
            for two in members(other):
                here, there = self.people.get(one), self.people.get(two)
                if here is not None and there is not None and here != there and same_scale(here, there):
                    wrong.append(f"{one} is at {here}, {two} at {there}")


def members(phrase: Phrase) -> list[str]:
    """The keys of those whom a phrase names."""
    if type(phrase) is str:
        return [phrase]
    if phrase[0] == "and":
        return [key for part in phrase[1:] for key in members(part)]
    return [key_of(phrase)]


def key_of(phrase: Phrase) -> str:
    """A name for what a phrase names: a noun names one thing in a story, unless adjectives part two."""
    if type(phrase) is str:
        return phrase
    if phrase[0] == "and":
        return "+".join(members(phrase))
    return str(phrase[3])


def is_new(phrase: Phrase) -> bool:
    """Whether a phrase brings in something new."""
    return type(phrase) is tuple and phrase[0] == "n" and phrase[1] in ("a", "some", "another", "few", "many")


def alive(phrase: Phrase) -> bool:
    """Whether a phrase names a person or an animal."""
    return type(phrase) is str or phrase[0] == "and" or lexicon().noun[phrase[3]].animate


def place_of(place: Any) -> Any:
    """A place as the world keeps it: home, or a pair of relation and noun."""
    if type(place) is str:
        return place if place == "home" else None
    if place[0] == "n":
        return ("at", place[3]) if is_place_noun(lexicon().noun[place[3]]) else ("near", place[3])
    return (place[0], key_of(place[1]))


def same_scale(one: Any, two: Any) -> bool:
    """Whether two places exclude each other: a thing may be on the table and in the kitchen."""
    wide = [place == "home" or place[0] == "at" for place in (one, two)]
    return wide[0] == wide[1] and "home" not in (one, two) and (wide[0] or one[0] == two[0])
