"""Which nouns are places, where somebody can simply be."""

from __future__ import annotations

from upwell.world.lexicon import Noun


def is_place_noun(noun: Noun) -> bool:
    """Whether being there is said with the noun's own preposition: in the kitchen, on the beach."""
    return bool(noun.preposition) and bool(noun.kinds & {"place", "building"})
