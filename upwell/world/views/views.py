"""All views by name, with their share of the mixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from upwell.text.examples import Example
from upwell.world.chance import Chance
from upwell.world.runs import Make, named
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

IsRight = Callable[[Example, str], bool]
MakeTurns = Callable[[Chance, int, str, str], list[str]]


class View(NamedTuple):
    """One way of asking about the world."""

    make: Make
    """(chance, level, language, split) -> an example."""
    make_turns: MakeTurns
    """The same to a document of the training text, which may ask several questions about one passage: in turn what is
    given and what is to be learned."""
    oracle: Callable[[Example], str]
    """The right answer, found from the prompt and the rules of the world, not from the stored answer."""
    is_right: IsRight
    """Whether an answer is right: by its words, or where there are many ways to say it, by its meaning."""
    chance_level: Callable[[Example], float]
    """Share of right answers that guessing among what is possible would give."""
    share: float
    """Documents of the default mixture, in a hundred."""


def same_words(example: Example, answer: str) -> bool:
    """Whether an answer is the one right answer."""
    return answer == example.answer


def several(make: Make, count: int) -> MakeTurns:
    """A document of `count` examples, one after the other: entries and sums are short."""

    def make_turns(chance: Chance, level: int, language: str, split: str) -> list[str]:
        turns: list[str] = []
        for number in range(count):
            prompt, answer = make(chance, level, language, split).turns
            turns += [prompt, answer if number == count - 1 else answer + "\n"]
        return turns

    return make_turns


def _view(page: Any, share: float, *, names: bool = False, examples: int = 1, is_right: IsRight = same_words) -> View:
    """A page as a view; `names`: whether its texts name people, who part the splits."""
    make = named(page.make) if names else page.make
    own = getattr(page, "make_turns", None)
    make_turns = several(make, examples) if own is None else named(own) if names else own
    return View(make, make_turns, page.oracle, is_right, page.chance_level, share)


VIEWS = {
    "story": _view(story, 20, names=True, is_right=story.is_right),
    "translation": _view(translation, 28, names=True, is_right=translation.is_right),
    "qa": _view(qa, 26, names=True),
    "classification": _view(classification, 14, names=True),
    "summarization": _view(summarization, 7, names=True, is_right=summarization.is_right),
    "fewshot": _view(fewshot, 1),
    "arithmetic": _view(arithmetic, 1, examples=12),
    "dictionary": _view(dictionary, 2, examples=12),
    "entities": _view(entities, 0.5, names=True),
    "scenes": _view(scenes, 0.5, names=True, examples=2),
}
