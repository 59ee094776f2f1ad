"""All views by name, with their share of the mixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from upwell.text.examples import Example
from upwell.world.chance import Chance
from upwell.world.views import (
    arithmetic,
    classification,
    dictionary,
    entities,
    fewshot,
    qa,
    scenes,
    story,
    summarization,
    translation,
)


class View(NamedTuple):
    """One way of asking about the world."""

    make: Callable[[Chance, int, str, str], Example]
    """(chance, level, language, split) -> an example."""
    oracle: Callable[[Example], str]
    """The right answer, found from the prompt and the rules of the world, not from the stored answer."""
    chance_level: Callable[[Example], float]
    """Share of right answers that guessing among what is possible would give."""
    share: int
    """Documents of the default mixture, in a hundred."""
    examples: int
    """Examples joined into one document: entries and sums are short."""


VIEWS = {
    "story": View(story.make, story.oracle, story.chance_level, 40, 1),
    "translation": View(translation.make, translation.oracle, translation.chance_level, 20, 4),
    "qa": View(qa.make, qa.oracle, qa.chance_level, 12, 1),
    "classification": View(classification.make, classification.oracle, classification.chance_level, 6, 1),
    "summarization": View(summarization.make, summarization.oracle, summarization.chance_level, 8, 1),
    "fewshot": View(fewshot.make, fewshot.oracle, fewshot.chance_level, 4, 1),
    "arithmetic": View(arithmetic.make, arithmetic.oracle, arithmetic.chance_level, 3, 12),
    "dictionary": View(dictionary.make, dictionary.oracle, dictionary.chance_level, 2, 12),
    "entities": View(entities.make, entities.oracle, entities.chance_level, 3, 1),
    "scenes": View(scenes.make, scenes.oracle, scenes.chance_level, 2, 4),
}
