"""What the views draw with: into a split, nonce words, and one answer slot among equals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from upwell.world.chance import Chance, Table
from upwell.world.splits import SHARES, split_of

Drawn = TypeVar("Drawn")

MAX_DRAWS = 100_000
"""So many draws in vain mean that nothing can fit; then the program is wrong."""

_ONSETS = Table(tuple("b d f g k l m n p r s t v w z bl br dr fl gl gr kl kr pl sn tr".split()))
_VOWELS = Table(tuple("aeiou"))
_MIDDLES = Table(tuple("b d f g k l m n p r t v z bb mp nd lk rb st x".split()))
_NONCE_CHARACTERS = Table(tuple("嘟咪噜啵呱叽咚嗒噗唧啾吱哔咕呜哩嗯嘎嘶咻"))


def draw_in_split(
    chance: Chance,
    split: str,
    draw: Callable[[Chance], Drawn | None],
    meaning: Callable[[Drawn], Any],
    split_of: Callable[[Any], str] = split_of,
) -> Drawn:
    """What `draw` gives, drawn again until it is something and its meaning is in `split`.

    Only the draw that is kept costs bits, less what is known by its split: a split that takes one meaning in twenty
    leaves log2(20) bits less to tell.
    """
    before = chance.bits
    for _ in range(MAX_DRAWS):
        drawn = draw(chance)
        if drawn is not None and split_of(meaning(drawn)) == split:
            chance.bits = max(before, chance.bits + math.log2(SHARES[split]))
            return drawn
        chance.bits = before
    raise AssertionError(f"nothing of {split} in {MAX_DRAWS} draws")


def nonce_words(chance: Chance, language: str, count: int, known: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """`count` different invented words, none of them in `known`."""
    words: dict[str, None] = {}
    while len(words) < count:
        if language == "zh":
            word = chance.pick(_NONCE_CHARACTERS) + chance.pick(_NONCE_CHARACTERS)
        else:
            word = "".join(chance.pick(table) for table in (_ONSETS, _VOWELS, _MIDDLES, _VOWELS))
        if word not in known:
            words[word] = None
    return tuple(words)
