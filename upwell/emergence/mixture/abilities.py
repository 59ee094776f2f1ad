"""The five tasks of the micro-world as abilities: which answers count as right, and how near the others come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from upwell.tasks.metrics import exact_match, token_f1
from upwell.tasks.task import Item
from upwell.world.stories import check_story
from upwell.world.views.summarization import fact_f1
from upwell.world.views.translation import is_right


@dataclass(frozen=True)
class LanguageAbility:
    """A task, judged item by item."""

    name: str
    """That of the task."""
    doc: str
    """What is asked and what counts as right."""
    similarity: Callable[[Item], float]
    """0 to 1: how near an answer comes; right ones have 1."""
    right: Callable[[Item], bool] | None = None
    """Whether an answer is right; None: where the similarity is 1."""

    def is_right(self, item: Item) -> bool:
        """All or nothing."""
        return self.similarity(item) >= 1 if self.right is None else self.right(item)


def _consistent(item: Item) -> float:
    """Share of the told sentences that are grammatical and fit what was told before; 0 where nothing is told."""
    form, language = item.example.format, item.example.language
    whole = check_story(form.text(item.example.prompt, item.output), language)
    given = check_story(item.example.prompt, language) if item.example.prompt else (0, 0, 0)
    number, _, consistent = (max(0, a - b) for a, b in zip(whole, given, strict=True))
    return consistent / number if number else 0.0


LANGUAGE_ABILITIES = (
    LanguageAbility(
        "generation", "The rest of a story; right where every sentence is grammatical and fits the others.", _consistent
    ),
    LanguageAbility(
        "translation",
        "English to Chinese and back; right where the meaning is the same, whatever the wording.",
        lambda item: token_f1(item.example.answer, item.output),
        lambda item: is_right(item.example, item.output),
    ),
    LanguageAbility(
        "question_answering",
        "A question about a passage, of one or two facts; right where the answer is, word for word.",
        lambda item: token_f1(item.example.answer, item.output),
        lambda item: exact_match(item.example.answer, item.output) >= 1,
    ),
    LanguageAbility(
        "classification",
        "Topic of a text, or how somebody felt in the end; right where the label is.",
        lambda item: float(item.example.answer == item.output),
    ),
    LanguageAbility(
        "summarization",
        "A story in a sentence or two; right where it tells the right facts, all of them and no others.",
        lambda item: fact_f1(item.example, item.output),
    ),
)
