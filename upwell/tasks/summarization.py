"""A story in a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upwell.tasks.metrics import Measure, exact_match, has_rouge, mean, rouge, token_f1
from upwell.tasks.task import Guess, Item, answer_nll
from upwell.text.examples import Example, field_of, language_of
from upwell.world.stories import sentences_of
from upwell.world.views.summarization import fact_f1


@dataclass(frozen=True)
class Summarization:
    """The share of the right facts, by the parser of the world; overlap of words as on any data."""

    name = "summarization"
    view = "summarization"
    temperature = 0.0
    headline = ("fact_f1", "token_f1", "rougeL")

    def measures(self, items: Sequence[Item]) -> dict[str, Measure]:
        """fact_f1 (of the world only), token_f1, ROUGE where its library is installed, exact_match, answer_nll."""
        found: dict[str, Measure] = {}
        if all(item.example.meaning for item in items):
            found["fact_f1"] = mean([fact_f1(item.example, item.output) for item in items])
        found["token_f1"] = mean([token_f1(item.example.answer, item.output) for item in items])
        for kind in ("rouge1", "rouge2", "rougeL") if has_rouge() else ():
            found[kind] = mean(
                [rouge(item.example.answer, item.output, language=item.example.language, kind=kind) for item in items]
            )
        found["exact_match"] = mean([exact_match(item.example.answer, item.output) for item in items])
        return {**found, **answer_nll(items)}

    def baselines(self, train: Sequence[Example]) -> dict[str, Guess]:
        """The first sentence, and the first and the last."""
        return {"first sentence": lambda prompt: _sentences(prompt)[0], "first and last": _first_and_last}


def _sentences(prompt: str) -> list[str]:
    text = field_of(prompt, Summarization.view, "text")
    return sentences_of(text, language_of(text)) or [text]


def _first_and_last(prompt: str) -> str:
    sentences = _sentences(prompt)
    return (" " if language_of(prompt) == "en" else "").join([sentences[0], sentences[-1]])
