"""Scenes: what stands where, said in words and as a layout that can be drawn.

A layout is a line of items by who saw them, the ground first, each item with its colour, its size and where it stands
by another one: `Tom: table in garden, ball red on table; Anna: hat behind table`. It is the same in both languages. No
pictures are made yet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance, Table
from upwell.world.lexicon import lexicon
from upwell.world.meaning import Clause, hash_of, sorted_adjectives
from upwell.world.views.situations import Cast, colours, read_clauses, say_text, simple_clauses, some, the

ITEMS = {1: 1, 2: 3, 3: 4, 4: 7}
"""Things beside the furniture, by level."""
EACH = 2
"""Items that one person sees: so there is a name in whatever 13 words of a layout."""
SPOTS = {"table": 3, "chair": 2, "bed": 2, "box": 1, "bench": 2, "tree": 1, "sofa": 2, "desk": 3, "basket": 1}
"""What things stand by, with a weight."""
RELATIONS = ("on", "under", "behind", "beside", "near", "front")
_RELATIONS = Table(RELATIONS, (4, 2, 2, 2, 1, 1))
_BESIDE = Table(RELATIONS[2:], (2, 2, 1, 1))
"""Where things stand by each other: not a cake under a shoe."""
_SIZES = Table(("", "big", "small"), (2, 1, 1))
_OUTSIDE, _INSIDE = ("garden", "yard", "park"), ("kitchen", "bedroom", "living room")
GROUNDS = {
    "table": (*_INSIDE, "garden", "classroom"), "chair": (*_INSIDE, "classroom", "garden"), "bed": ("bedroom", "attic"),
    "box": (*_INSIDE, "barn", "attic"), "bench": _OUTSIDE, "tree": _OUTSIDE, "sofa": ("living room", "bedroom"),
    "desk": ("classroom", "bedroom", "library"), "basket": (*_INSIDE, *_OUTSIDE, "barn"),
}  # fmt: skip
"""Where these are seen."""


class Item(NamedTuple):
    """One thing of a layout, and who saw it."""

    word: str
    qualities: tuple[str, ...]
    relation: str
    by: str
    seer: str = ""

    def __str__(self) -> str:
        return " ".join([self.word, *self.qualities, self.relation, self.by])


_SPOTS = Table(tuple(SPOTS), tuple(SPOTS.values()))


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """One scene of `level` in `split`."""
    before = chance.bits
    cast = Cast(chance, split)

    def draw() -> tuple[Item, ...]:
        spot = chance.pick(_SPOTS)
        cast.taken.add(spot)
        items = [Item(spot, (), "in", chance.of(GROUNDS[spot]))]
        for word in cast.nouns("coloured", ITEMS[level]):
            by = chance.of(items).word if level > 2 else spot
            relations = _RELATIONS if by == spot else _BESIDE
            qualities = sorted_adjectives(tuple(filter(None, (chance.pick(_SIZES), chance.pick(colours())))))
            items.append(Item(word, qualities, chance.pick(relations), by))
        return tuple(items)

    items = cast.settle("scene", draw)
    names = cast.names(math.ceil(len(items) / EACH))
    layout = [item._replace(seer=names[number // EACH]) for number, item in enumerate(items)]
    told = [_told(item) for item in layout]
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
        for _, _, name, thing, (relation, around) in simple_clauses(meaning):
            relation = "in" if relation == "at" else relation
            items.append(Item(thing[3], thing[4], relation, around[3], name))
    return _drawn(items)


def chance_level(example: Example) -> float:
    """Guessing every relation, of which there are two fewer between things that stand by each other."""
    fewest = len(RELATIONS) - 2 * example.difficulty["depth"]
    return math.pow(fewest, 1 - example.difficulty["entities"])


def _told(item: Item) -> Clause:
    place = ("at" if item.relation == "in" else item.relation, the(item.by))
    return ("see_at", "past", item.seer, some(item.word, 1, item.qualities), place)


def _drawn(layout: Sequence[Item]) -> str:
    """The layout as a line: who saw the ground is first, all others by name; of each the ground first, then by name."""
    ground = layout[0]
    assert all(item.word in lexicon().noun for item in layout)
    seers = sorted({item.seer for item in layout}, key=lambda name: (name != ground.seer, name))
    seen = {
        seer: sorted((item for item in layout if item.seer == seer), key=lambda item: (item != ground, item))
        for seer in seers
    }
    return "; ".join(f"{seer}: {', '.join(map(str, items))}" for seer, items in seen.items())
