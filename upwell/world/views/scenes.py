"""Scenes: what stands where, said in words and as a layout that can be drawn.

A layout is a line of items, the ground first, each with its colour, its size and where it stands by another item:
`table in garden; ball red on table`. It is the same in both languages. No pictures are made yet.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance, Table
from upwell.world.lexicon import lexicon
from upwell.world.meaning import Clause, hash_of, sorted_adjectives
from upwell.world.splits import fits_circle
from upwell.world.views.situations import Cast, colours, read_clauses, say_text, simple_clauses, some, the

ITEMS = {1: 1, 2: 3, 3: 4, 4: 7}
"""Things beside the furniture, by level."""
SPOTS = {"table": 3, "chair": 2, "bed": 2, "box": 1, "bench": 2, "tree": 1, "sofa": 2, "desk": 3, "basket": 1}
"""What things stand by, with a weight."""
RELATIONS = ("on", "under", "behind", "beside", "near", "front")
_RELATIONS = Table(RELATIONS, (4, 2, 2, 2, 1, 1))
_SIZES = Table(("", "big", "small"), (2, 1, 1))
GROUNDS = ("garden", "kitchen", "bedroom", "living room", "yard", "classroom", "park", "barn")


class Item(NamedTuple):
    """One thing of a layout."""

    word: str
    qualities: tuple[str, ...]
    relation: str
    by: str

    def __str__(self) -> str:
        return " ".join([self.word, *self.qualities, self.relation, self.by])


@functools.cache
def _spots(circle: str) -> Table[str]:
    known = {spot: weight for spot, weight in SPOTS.items() if fits_circle(circle, spot)}
    return Table(tuple(known), tuple(known.values()))


@functools.cache
def _grounds(circle: str) -> Table[str]:
    return Table([place for place in GROUNDS if fits_circle(circle, place)])


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """One scene of `level` in `split`."""
    before = chance.bits
    cast = Cast(chance, split)

    def draw() -> tuple[Item, ...]:
        spot = chance.pick(_spots(cast.circle))
        cast.taken.add(spot)
        items = [Item(spot, (), "in", chance.pick(_grounds(cast.circle)))]
        for word in cast.nouns("thing", ITEMS[level]):
            by = chance.of(items).word if level > 2 else spot
            qualities = sorted_adjectives(tuple(filter(None, (chance.pick(_SIZES), chance.pick(colours())))))
            items.append(Item(word, qualities, chance.pick(_RELATIONS), by))
        return tuple(items)

    layout = cast.settle("scene", draw)
    (name,) = cast.names(1)
    told = [_told(name, item) for item in layout]
    text = say_text(told if level < 3 else [told[0], *chance.sample(told[1:], len(told) - 1)], language, chance)
    return Example(
        view="scenes",
        kind="layout",
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("scenes", language).prompt(text=text),
        answer=_drawn(layout),
        meaning=f"{hash_of(cast.theme):016x}",
        bits=chance.bits - before,
        difficulty={"entities": len(layout), "depth": int(level > 2)},
    )


def oracle(example: Example) -> str:
    """The layout that the sentences of the prompt mean."""
    text = prompt_format("scenes", example.language).fields(example.prompt)["text"]
    items = []
    for meaning in read_clauses(text, example.language):
        for _, _, _, thing, (relation, around) in simple_clauses(meaning):
            relation = "in" if relation == "at" else relation
            items.append(Item(thing[3], thing[4], relation, around[3]))
    return _drawn(tuple(items))


def chance_level(example: Example) -> float:
    """Guessing every relation."""
    return math.pow(len(RELATIONS), 1 - example.difficulty["entities"])


def _told(name: str, item: Item) -> Clause:
    place = ("at" if item.relation == "in" else item.relation, the(item.by))
    return ("see_at", "past", name, some(item.word, 1, item.qualities), place)


def _drawn(layout: tuple[Item, ...]) -> str:
    """The layout as a line: the ground first, the other items by name."""
    assert all(item.word in lexicon().noun for item in layout)
    return "; ".join(map(str, [*layout[:1], *sorted(layout[1:])]))
