"""All views by name, with their share of the mixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from upwell.text.examples import Example
from upwell.world.chance import Chance
from upwell.world.runs import named
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
    is_right: Callable[[Example, str], bool]
    """Whether an answer is right: by its words, or where there are many ways to say it, by its meaning."""
    chance_level: Callable[[Example], float]
    """Share of right answers that guessing among what is possible would give."""
    share: int
    """Documents of the default mixture, in a hundred."""
    examples: int
    """Examples joined into one document: entries and sums are short."""


def same_words(example: Example, answer: str) -> bool:
    """Whether an answer is the one right answer."""
    return answer == example.answer


VIEWS = {
    "story": View(named(story.make), story.oracle, story.is_right, story.chance_level, 37, 1),
    "translation": View(
        named(translation.make), translation.oracle, translation.is_right, translation.chance_level, 20, 3
    ),
    "qa": View(named(qa.make), qa.oracle, same_words, qa.chance_level, 14, 1),
    "classification": View(
        named(classification.make), classification.oracle, same_words, classification.chance_level, 7, 1
    ),
    "summarization": View(
        named(summarization.make), summarization.oracle, summarization.is_right, summarization.chance_level, 8, 1
    ),
    "fewshot": View(fewshot.make, fewshot.oracle, same_words, fewshot.chance_level, 4, 1),
    "arithmetic": View(arithmetic.make, arithmetic.oracle, same_words, arithmetic.chance_level, 3, 12),
    "dictionary": View(dictionary.make, dictionary.oracle, same_words, dictionary.chance_level, 2, 12),
    "entities": View(named(entities.make), entities.oracle, same_words, entities.chance_level, 3, 1),
    "scenes": View(named(scenes.make), scenes.oracle, same_words, scenes.chance_level, 2, 2),
}
