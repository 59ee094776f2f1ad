"""Passages with questions: where, who, what, how many, why, yes or no, over one to three facts.

A passage is built around a matching: as many persons as places, things or causes, each with exactly one in the end,
whatever they passed through before. Which pair is asked for is drawn last and evenly, so the answer is any of the
candidates with equal chance, given all of the text: its last word, its first sentence, its commonest word tell
nothing, and neither does the question without the text. Hops are facts to be joined: the coin is in the red box, Anna
has the red box, Anna is in the garden.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from upwell.world.chance import Chance, Table
from upwell.world.lexicon import lexicon
from upwell.world.linearise import names_in
from upwell.world.meaning import Clause, Phrase
from upwell.world.meaning import noun as phrase_of
from upwell.world.views.counting import GIFT_TRIES, NUMBERS, Numbers, find_numbers
from upwell.world.views.situations import GIVING, GOING, LOSING, TAKING, Cast, colours, key_of, some, the

WHERE, WHO, WHAT, HOW_MANY, WHY, YES_NO = KINDS = ("where", "who", "what", "how many", "why", "yes-no")
PERSONS = {1: 2, 2: 3, 3: 4, 4: 5}
"""Persons of a passage, and so the number of candidates, by level."""
HOPS = {1: Table((1,)), 2: Table((1, 2)), 3: Table((1, 2, 3)), 4: Table((2, 3))}
DETOURS = {1: 0, 2: 2, 3: 3, 4: 6}
"""Moves that are overtaken by later ones."""
SWAPS = {1: 0, 2: 1, 3: 1, 4: 2}
"""Pairs of persons who change what they have."""
DISTRACTORS = {1: 0, 2: 1, 3: 2, 4: 4}
"""Sentences that no question is about."""

KIND_TABLE = Table(KINDS, (4, 4, 4, 3, 2, 3))
_GOING = Table(GOING[:5])
_TAKING = Table(TAKING)
_TRANSFERS = Table(GIVING[:2])
_ASIDES = Table(("sing", "dance", "laugh", "smile", "rest", "wave", "yawn", "sneeze"))
_CLOSINGS = Table(("thank", "praise", "hug", "comfort"))
_BEGINNINGS = Table(("one_day", "one_morning", "one_afternoon", "one_evening", "on_sunday", "in_spring", "in_autumn"))
_LATER = Table(("then", "soon", "later", "meanwhile", "suddenly"))
_SAD = Table(("sad", "angry", "disappointed", "worried"))


class Asked(NamedTuple):
    """A question and its answer, before they are worded."""

    question: Clause
    answer: Any
    """Key of the answer: of a person, place, thing; a number, a clause, or True and False."""


class Plan(NamedTuple):
    """A passage and what can be asked about it."""

    clauses: tuple[Clause, ...]
    asked: Asked
    """Drawn evenly among the candidates."""
    others: tuple[Asked, ...]
    """Questions of the same sort about the other candidates."""
    options: tuple[Any, ...]
    kind: str
    hops: int


# Parts of passages


def _shuffled(chance: Chance, items: Sequence[Any]) -> list[Any]:
    return chance.sample(items, len(items))


def _opening(chance: Chance, names: Sequence[str], place: str) -> Clause:
    return ("adv", chance.pick(_BEGINNINGS), ("go", "past", ("and", *names), the(place)))


def _moves(chance: Chance, names: Sequence[str], places: Sequence[str], level: int) -> list[Clause]:
    """Moves after which the person number i is at place number i; all were at the last place before."""
    at = dict.fromkeys(names, places[-1])
    steps = [(chance.of(names), "") for _ in range(DETOURS[level])]
    steps += list(zip(names, places, strict=True))
    moves: list[Clause] = []
    for name, place in _in_order(chance, steps):
        if not place:
            place = chance.of([other for other in places if other != at[name]])
        if place != at[name]:
            move = (chance.pick(_GOING), "past", name, the(place))
            if moves and moves[-1][0] != "chain" and moves[-1][2] == name:
                moves[-1] = ("chain", moves[-1], move)  # one person, two moves, one sentence
            else:
                moves.append(move)
            at[name] = place
    return moves


def _in_order(chance: Chance, steps: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The steps shuffled, but the final one of each person after their others."""
    order = _shuffled(chance, range(len(steps)))
    finals = {name: place for name, place in steps if place}
    left = {name: sum(who == name for who, _ in steps) for name in finals}
    result = []
    for index in order:
        name = steps[index][0]
        left[name] -= 1
        result.append((name, finals[name] if not left[name] else ""))
    return result


def _swaps(chance: Chance, holders: dict[str, Phrase], level: int) -> list[Clause]:
    """Pairs change what they have; `holders` is brought up to date."""
    clauses: list[Clause] = []
    for _ in range(SWAPS[level]):
        first, second = chance.sample(list(holders), 2)
        clauses.append((chance.pick(_TRANSFERS), "past", first, holders[first], second))
        clauses.append((chance.pick(_TRANSFERS), "past", second, holders[second], first))
        holders[first], holders[second] = holders[second], holders[first]
    return clauses


def _passage(
    chance: Chance, names: Sequence[str], level: int, *parts: Sequence[Clause], closed: bool = False
) -> tuple[Clause, ...]:
    """The parts one after the other, with asides in between and words of time before some sentences.

    No more than two sentences in a row name nobody. `closed`: the last names somebody at its end, as it must where
    neither question nor answer does, so that questions of many hops keep to the rule of `runs`.
    """
    clauses = [clause for part in parts for clause in part]
    for _ in range(DISTRACTORS[level]):
        clauses.insert(1 + chance.below(len(clauses)), (chance.pick(_ASIDES), "past", chance.of(names)))
    nameless = 0
    told: list[Clause] = []
    for number, clause in enumerate(clauses):
        nameless = 0 if names_in(clause) else nameless + 1
        if nameless > 2:
            told.append((chance.pick(_ASIDES), "past", chance.of(names)))
            nameless = 1
        later = number and clause[0] in (*GOING, *GIVING) and chance.flip(0.25)
        told.append(("adv", chance.pick(_LATER), clause) if later else clause)
    if closed:
        told.append((chance.pick(_CLOSINGS), "past", *chance.sample(names, 2)))
    return tuple(told)


class Stuff(NamedTuple):
    """Boxes of one kind and different colours, who took them, what is in them."""

    boxes: tuple[Phrase, ...]
    things: tuple[Phrase, ...]
    around: tuple[Phrase, ...]
    """What each thing is in."""
    told: list[Clause]
    """Puts and takes, in order."""
    takes: dict[str, str]
    """The verb by which each person took a box."""


def _stuff(chance: Chance, cast: Cast, names: Sequence[str], depth: int) -> Stuff:
    """`depth` 0: each person takes a thing; 1: a box; 2: a box with a thing in it; 3: with a thing in a box in it.

    The things, or else the boxes, become the theme of the cast, unless it has one.
    """
    count = len(names)
    settle = cast.settle if cast.theme is None else lambda kind, draw: draw()
    words: tuple[str, ...] = ()
    if depth != 1:
        words = settle("things", lambda: cast.nouns("thing" if depth == 0 else "hidden", count))
    if depth == 0:
        takes = {name: chance.pick(_TAKING) for name in names}
        told: list[Clause] = [(takes[name], "past", name, some(word)) for name, word in zip(names, words, strict=True)]
        return Stuff(tuple(the(word) for word in words), (), (), _shuffled(chance, told), takes)
    if depth == 1:
        kind, *chosen = settle("boxes", lambda: (*cast.nouns("large", 1), *chance.sample(colours().items, count)))
    else:
        kind, chosen = cast.nouns("large", 1)[0], chance.sample(colours().items, count)
    boxes = tuple(the(kind, (colour,)) for colour in chosen)
    verb = chance.pick(_TAKING)  # one for all: the box that Tom found is one of several that were found
    told = [(verb, "past", name, box) for name, box in zip(names, boxes, strict=True)]
    things, around = tuple(the(word) for word in words), boxes
    if depth == 3:
        (inner,) = cast.nouns("little", 1)
        around = tuple(the(inner, (colour,)) for colour in chance.sample(colours().items, count))
        told += [
            ("put", "past", chance.of(names), box, ("in", outer)) for box, outer in zip(around, boxes, strict=True)
        ]
    if things:
        told += [
            ("put", "past", chance.of(names), thing, ("in", box)) for thing, box in zip(things, around, strict=True)
        ]
    return Stuff(boxes, things, around, _shuffled(chance, told), dict.fromkeys(names, verb))


# Questions


def _places(cast: Cast, count: int) -> tuple[str, ...]:
    return cast.settle("places", lambda: cast.nouns("place", count))


def _plan_where(chance: Chance, cast: Cast, level: int, hops: int) -> Plan:
    names, places = cast.names(PERSONS[level]), _places(cast, PERSONS[level])
    moves = _moves(chance, names, places, level)
    holders: dict[str, Phrase] = {}
    told: list[Clause] = []
    content: dict[Phrase, Phrase] = {}
    if hops > 1:
        stuff = _stuff(chance, cast, names, hops - 1)
        holders = dict(zip(names, stuff.boxes, strict=True))
        content = dict(zip(stuff.boxes, stuff.things, strict=True)) if stuff.things else {}
        told = [*stuff.told, *_swaps(chance, holders, level)]
    asked = chance.below(len(names))
    opening = [_opening(chance, names, places[-1])]
    clauses = _passage(chance, names, level, opening, told, moves, closed=hops > 1)

    def ask(number: int) -> Asked:
        subject: Phrase = names[number]
        if hops > 1:
            subject = content.get(holders[names[number]], holders[names[number]])
        return Asked(("ask", "where", ("be_at", "past", subject, "where?")), (places[number], ()))

    options = tuple((place, ()) for place in places)
    return Plan(clauses, *_each(ask, asked, len(names)), options, WHERE, hops)


def _plan_who(chance: Chance, cast: Cast, level: int, hops: int) -> Plan:
    names = cast.names(PERSONS[level])
    asked = chance.below(len(names))
    if hops == 1 and chance.flip(0.5):
        places = _places(cast, len(names))
        parts = [[_opening(chance, names, places[-1])], _moves(chance, names, places, level)]
        wanted: list[Clause] = [("be_at", "past", "who", ("at", the(place))) for place in places]
    else:
        stuff = _stuff(chance, cast, names, hops)
        holders = dict(zip(names, stuff.boxes, strict=True))
        swaps = _swaps(chance, holders, level)
        parts = [[_opening(chance, names, cast.nouns("place", 1)[0])], stuff.told, swaps]
        held = dict(zip(stuff.boxes, stuff.things, strict=True)) if hops > 1 else {}
        wanted = [("have", "past", "who", held.get(holders[name], holders[name])) for name in names]

    def ask(number: int) -> Asked:
        return Asked(("ask", "who", wanted[number]), names[number])

    return Plan(_passage(chance, names, level, *parts), *_each(ask, asked, len(names)), tuple(names), WHO, hops)


def _plan_what(chance: Chance, cast: Cast, level: int, hops: int) -> Plan:
    names, places = cast.names(PERSONS[level]), cast.nouns("place", PERSONS[level])
    asked = chance.below(len(names))
    colour = hops == 1 and chance.flip(0.5)
    stuff = _stuff(chance, cast, names, 1 if colour else 0 if hops == 1 else 2)
    holders = dict(zip(names, stuff.boxes, strict=True))
    parts = [[_opening(chance, names, places[-1])], stuff.told, _swaps(chance, holders, level)]
    if hops == 3:
        parts.append(_moves(chance, names, places, level))
    clauses = _passage(chance, names, level, *parts, closed=hops == 3)

    def ask(number: int) -> Asked:
        name, box = names[number], stuff.boxes[number]
        if hops == 3:
            box = holders[name]
            described = phrase_of(box[3], mods=(("pp", ("at", the(places[number]))),))
        else:
            described = phrase_of(box[3], mods=(("rel", 1, (stuff.takes[name], "past", name, "gap")),))
        if colour:
            return Asked(("ask", "colour", described), box[4][0])
        if hops == 1:
            return Asked(("ask", "what", (stuff.takes[name], "past", name, "what")), key_of(box))
        thing = stuff.things[stuff.boxes.index(box)]
        return Asked(("ask", "what", ("be_at", "past", "what", ("in", described))), key_of(thing))

    options: tuple[Any, ...] = tuple(map(key_of, stuff.boxes if hops == 1 else stuff.things))
    if colour:
        options = tuple(box[4][0] for box in stuff.boxes)
    return Plan(clauses, *_each(ask, asked, len(names)), options, WHAT, hops)


def _plan_how_many(chance: Chance, cast: Cast, level: int, hops: int) -> Plan:
    names = cast.names(PERSONS[level])
    num_options = len(names) + 2 * (hops - 1)
    slot = chance.below(num_options)

    def draw() -> tuple[str, Numbers] | None:
        word = cast.nouns("counted", 1)[0]
        start = dict(zip(names, chance.sample(range(2, NUMBERS[level] + 1), len(names)), strict=True))
        if not cast.fits("numbers", (word, *start.values())):
            return None
        before = chance.bits
        for _ in range(GIFT_TRIES):
            chance.bits = before
            found = find_numbers(chance, start, hops, NUMBERS[level], num_options, slot)
            if found is not None:
                return word, found
        return None

    word, (start, gifts, options, asked) = cast.settle("numbers", draw, lambda drawn: (drawn[0], *drawn[1][0].values()))
    had = [("have", "past", name, some(word, count)) for name, count in start.items()]
    given = [("give", "past", giver, some(word, count), receiver) for giver, count, receiver in gifts]
    parts = [[_opening(chance, names, cast.nouns("place", 1)[0])], had, given]
    now = dict(start)
    for giver, count, receiver in gifts:
        now[giver] -= count
        now[receiver] += count

    def ask(number: int) -> Asked:
        name = names[number]
        return Asked(("ask", "howmany", ("have", "past", name, phrase_of(word, "a", "?"))), now[name])

    clauses = _passage(chance, names, level, *parts)
    return Plan(clauses, *_each(ask, names.index(asked), len(names)), tuple(options), HOW_MANY, hops)


def _plan_why(chance: Chance, cast: Cast, level: int, hops: int) -> Plan:
    names, feeling = cast.names(PERSONS[level]), chance.pick(_SAD)
    losses = list(cast.settle("losses", lambda: tuple(_loss(chance, cast) for _ in names)))
    opening = _opening(chance, names, cast.nouns("place", 1)[0])
    asked = chance.below(len(names))
    if hops == 1:
        told: list[Clause] = [
            ("because", ("be", "past", name, feeling), loss) for name, loss in zip(names, losses, strict=True)
        ]
        parts = [[opening], _shuffled(chance, told)]
    else:
        holders = {name: loss[2] for name, loss in zip(names, losses, strict=True)}
        takes: list[Clause] = [("have", "past", name, some(thing[3])) for name, thing in holders.items()]
        swaps: list[Clause] = []
        if hops == 3:  # everybody gives what they had to the next one, so that all things are named as often
            for giver, receiver in itertools.pairwise([*names, names[0]]):
                verb = "give_pet" if lexicon().noun[holders[giver][3]].animate else chance.pick(_TRANSFERS)
                swaps.append((verb, "past", giver, holders[giver], receiver))
            losses = [losses[-1], *losses[:-1]]
        parts = [[opening], _shuffled(chance, takes), _shuffled(chance, swaps), _shuffled(chance, losses)]

    def ask(number: int) -> Asked:
        return Asked(("ask", "why", ("be", "past", names[number], feeling)), losses[number])

    return Plan(_passage(chance, names, level, *parts), *_each(ask, asked, len(names)), tuple(losses), WHY, hops)


_LOSSES = Table(
    (("broke_down", "toy"), ("fly_away", "bird"), ("run_away", "pet"), ("disappear", "thing"), ("wither", "plant"))
)
assert {verb for verb, _ in _LOSSES.items} <= set(LOSING)


def _loss(chance: Chance, cast: Cast) -> Clause:
    verb, pool = chance.pick(_LOSSES)
    return (verb, "past", the(cast.nouns(pool, 1)[0]))


def _plan_yes_no(chance: Chance, cast: Cast, level: int, hops: int) -> Plan:
    """A question of where or who, with one of the candidates in it: the right one half of the time.

    The other questions are open ones.
    """
    plan = (_plan_where if chance.flip(0.5) else _plan_who)(chance, cast, level, hops)
    (_, _, clause), answer = plan.asked
    right = chance.flip(0.5)
    candidate = answer if right else chance.of([option for option in plan.options if option != answer])
    if clause[-1] == "where?":
        clause = (*clause[:-1], ("at", the(*candidate)))
    else:
        clause = (*clause[:2], candidate, *clause[3:])
    return plan._replace(asked=Asked(("ask", "yesno", clause), right), options=(True, False), kind=YES_NO)


def _each(ask: Callable[[int], Asked], asked: int, count: int) -> tuple[Asked, tuple[Asked, ...]]:
    """The question of number `asked`, and those of all others."""
    return ask(asked), tuple(ask(number) for number in range(count) if number != asked)


PLANS: dict[str, Callable[[Chance, Cast, int, int], Plan]] = {
    WHERE: _plan_where,
    WHO: _plan_who,
    WHAT: _plan_what,
    HOW_MANY: _plan_how_many,
    WHY: _plan_why,
    YES_NO: _plan_yes_no,
}
