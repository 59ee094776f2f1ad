"""Turns that many plots share: how a story begins, how people ask and thank, how it closes."""

from __future__ import annotations

from functools import cache

from upwell.world.chance import Table
from upwell.world.lexicon import lexicon
from upwell.world.meaning import Clause, Phrase, noun
from upwell.world.simulator import GOING, GOING_HOME, told
from upwell.world.stage import Stage, chain, fixed, front, say, was

DAYS = ("one_day", "one_morning", "one_afternoon", "on_sunday", "in_spring", "in_summer", "in_autumn")
LATER = ("then", "soon", "later", "just_then", "suddenly")


@cache
def traits() -> Table[str]:
    """What a child may be like when a story begins: nothing bad."""
    child = lexicon().noun["child"]
    return Table.zipf(
        [
            entry.id
            for entry in lexicon().adjectives_of("character")
            if entry.valence >= 0 and lexicon().describes(entry, child)
        ]
    )


def child_of(name: str) -> str:
    """boy or girl"""
    return "girl" if lexicon().name[name].gender == "f" else "boy"


def introduce(s: Stage, hero: str, town: str = "") -> None:
    """Say who the story is about, in one of several ways."""
    child = noun(child_of(hero), "a", 1)
    way = s.chance.below(6)
    if way < 2 and s.flip(0.6):
        child = noun(child_of(hero), "a", 1, (s.chance.pick(traits()),))
    if way == 0:
        s.tell(front("once", was("once_lived", child, hero, s.at(town or s.draw("town")))))
    elif way == 1:
        s.tell(front("once", was("named", child, hero)))
    elif way == 2:
        s.tell(was("live_at", hero, s.at(town or s.draw("town"))))
    elif way == 3:
        s.tell(was("be_noun", hero, noun(child_of(hero), "a", 1, (s.chance.pick(traits()),))))
    elif way == 4:
        weather = s.one("fine_day", "fine_day", "windy_day", "cold_day", "hot_day", "quiet")
        s.tell(front(s.one("one_day", "one_morning", "on_sunday"), was(weather)))
    else:
        s.tell(was("named", child, hero))


def introduce_two(s: Stage, hero: str, friend: str) -> None:
    """Say who two friends are."""
    way = s.chance.below(4)
    both: Phrase = ("and", hero, friend)
    if way == 0:
        s.tell(was("be_friends", both))
    elif way == 1:
        introduce(s, hero)
        s.tell(was("be_friends", ("and", hero, friend)))
    elif way == 2:
        s.tell(front("every_day", was("play_together", both)))
    else:
        s.tell(was("live_at", both, s.at(s.draw("town"))), was("be_friends", both))


def begin_day(s: Stage, sentence: Clause) -> None:
    """Tell a sentence as the beginning of what happens; where a day was named already, it is that one."""
    named = any(told[0] == "adv" and told[1] in DAYS for told in s.sentences)
    s.tell(sentence if named else front(s.one(*DAYS), sentence))


def feel(s: Stage, who: Phrase, feeling: str, cause: Clause | None = None, adverbial: str = "") -> None:
    """Tell how somebody felt, and why where that is to be said."""
    value = ("very", feeling) if s.flip(0.3) else feeling
    effect = was("feel", who, value) if s.flip(0.25) else was("be", who, value)
    if cause is None:
        s.tell(front(adverbial, effect) if adverbial else effect)
    else:
        s.why(effect, cause, adverbial)


def cry(s: Stage, who: Phrase, cause: Clause) -> None:
    """Tell that somebody cried, and why."""
    s.why(was("cry", who), cause)


def thank(s: Stage, who: Phrase, whom: Phrase) -> None:
    """Somebody thanks somebody."""
    way = s.chance.below(3)
    if way == 0:
        s.tell(was("thank", who, whom))
    elif way == 1:
        s.tell(say(who, fixed("thanks"), to=whom))
    else:
        s.tell(say(who, fixed("thanks")))
        s.maybe(0.4, say(whom, fixed("welcome"), verb=s.one("say", "answer", "reply")))


def comfort(s: Stage, who: Phrase, whom: Phrase) -> None:
    """Somebody says a kind word."""
    s.tell(say(who, fixed(s.one("do_not_worry", "do_not_cry")), to=whom if s.flip() else None))


def visit_shop(s: Stage, hero: str, shop: str, wish: str) -> None:
    """Go where things are sold, look round, and see what one would like to have."""
    going, seeing = was("go", hero, s.the(shop)), was("see", hero, s.a(wish))
    if s.level.distractors:
        begin_day(s, going)
        s.scene(shop)
        s.tell(seeing)
    else:
        begin_day(s, chain(going, seeing))


def encounter(s: Stage, hero: str, meet: str, pools: tuple[str, ...], depth: int) -> str:
    """The hero meets or sees somebody new who is doing something; gives who that is.

    Arguments: `pools`, where the nouns come from, what those of each pool do being in DOING; `depth`, how many clauses
    stand in each other. They branch to the end of the sentence, so that one can follow: met a tailor who was looking
    for a dog; saw that a tailor was looking for a dog that was chasing a hen; was told by an aunt that she saw it.
    """
    start = s.one("just_then", "on_the_way") if meet == "see" else s.one("then", "later", "on_the_way")
    if depth < 2:
        found = described(s, pools, depth)
        s.tell(front(start, was(meet, hero, found)))
        return str(found[3])
    word = s.draw(pools[0])
    deed: Clause = (DOING[pools[0]], "prog", noun(word, "a", 1), described(s, pools[1:], 1))
    if depth == 2:
        s.tell(front(start, ("that", "see", "past", hero, None, deed)))
    else:
        kin = noun(s.draw("kin"), ("of", hero))
        s.tell(front("later", ("that", "tell", "past", kin, hero, ("that", "see", "past", kin, None, deed))))
        s.tell(front("on_the_way", was(meet, hero, s.the(word))))
    return word


def described(s: Stage, pools: tuple[str, ...], depth: int) -> Phrase:
    """Somebody new, with or without what they were doing: a dog that was chasing a hen."""
    word = s.draw(pools[0], 0.0 if depth else 0.4, ("colour", "size"))
    mods: tuple[Clause, ...] = ()
    if depth:
        mods = (("rel", 0, (DOING[pools[0]], "prog", "_", described(s, pools[1:], 0))),)
    return noun(word, "a", 1, s.looks.get(word, ()), mods)


DOING = {"trade": "look for", "house_pet": "chase", "little": "eat"}
"""What people and animals are doing when they are met, by the pool that they come from."""


def delays(s: Stage, hero: str, *, weather: bool = True) -> None:
    """What comes between a wish and its turn: as many things as the level wants, each of its own kind."""
    for way in s.chance.sample(range(5), s.level.events - 1):
        if way == 0:
            depth = s.chance.below(s.level.depth + 1)
            known = s.the(encounter(s, hero, "meet", ("trade", "house_pet", "little", "fruit"), depth))
            s.tell(say(hero, ("ask", "yesno", ("help", "canp", "you", "i")), to=known, verb="ask"))
            s.tell(say(known, ("help", "cannotp", "i", "you"), to=hero))
        elif way == 1 and weather:
            s.tell(front("suddenly", was("rain")))
            s.tell(was("wait", hero), front("later", was("rain_stops")))
        elif way == 2:
            s.tell(("so", was("be", hero, "tired"), was("rest", hero)))
        elif way == 3:
            s.tell(say(noun(s.draw("kin"), ("of", hero)), ("give_up", "impnot", "you"), to=hero))
        elif way == 4:
            depth = s.chance.below(min(s.level.depth, 2) + 1)
            s.tell(was("feed", hero, s.the(encounter(s, hero, "see", ("house_pet", "little", "fruit"), depth))))


def is_home(s: Stage, hero: Phrase) -> bool:
    """Whether the last way that somebody was told to go was home."""
    for sentence in reversed(s.sentences):
        for clause in told(sentence):
            if clause[0] in GOING_HOME and hero in clause[2:]:
                return True
            if clause[0] in GOING and hero in clause[2:]:
                return False
    return False


def close(s: Stage, hero: Phrase, friend: Phrase | None = None) -> None:
    """A last sentence that follows from a good end."""
    way = s.chance.below(6)
    if friend is not None and friend != hero and way < 4:
        both: Phrase = ("and", hero, friend)
        s.tell(
            s.one(
                front("after_that_day", was("be_friends", both)),
                front("after_that_day", ("play_together", "often", both)),
                front("after_that_day", ("help", "always", hero, friend)),
            )
        )
    elif way < 5 and not is_home(s, hero):
        s.tell(front(s.one("that_evening", "in_the_evening"), ("how", "happily", was("go_home", hero))))
    elif way == 5:
        s.tell(say(hero, ("be", "pres", "i", ("so", "happy")), verb=s.one("say", "think")))


def ask_where(s: Stage, who: Phrase, thing: str) -> Clause:
    """Where is my ball?"""
    return say(who, ("ask", "hole", ("be_at", "pres", noun(thing, ("of", "i")), "where?")), verb="ask")


def search(s: Stage, hero: Phrase, spots: list[str]) -> None:
    """Look in several places."""
    where = [s.spot(spot) for spot in spots]
    if len(where) == 1:
        s.tell(was("look_at_place", hero, where[0]))
    else:
        s.tell(chain(*[was("look_at_place", hero, place) for place in where]))
