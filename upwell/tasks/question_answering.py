"""Questions about a text, answered in a word or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upwell.tasks.metrics import Measure, exact_match, mean, token_f1
from upwell.tasks.task import Guess, Item, answer_nll, majority
from upwell.text.examples import Example


@dataclass(frozen=True)
class QuestionAnswering:
    """Exact match after normalisation, over all questions and by the number of facts that must be joined."""

    name = "question_answering"
    view = "qa"
    temperature = 0.0
    headline = ("exact_match", "exact_match_*", "token_f1")

    def measures(self, items: Sequence[Item]) -> dict[str, Measure]:
        """exact_match, exact_match_1hop …, token_f1, answer_nll."""
        right = [exact_match(item.example.answer, item.output) for item in items]
        hops = [item.example.difficulty.get("hops", 0) for item in items]
        found = {"exact_match": mean(right)}
        for number in sorted({number for number in hops if number}):
            found[f"exact_match_{number}hop"] = mean([r for r, h in zip(right, hops, strict=True) if h == number])
        found["token_f1"] = mean([token_f1(item.example.answer, item.output) for item in items])
        return {**found, **answer_nll(items)}

    def baselines(self, train: Sequence[Example]) -> dict[str, Guess]:
        """The most frequent answer of all, and of questions that begin with the same words."""
        return {"majority": majority(train), "question only": _by_beginning(train)}


def _by_beginning(train: Sequence[Example]) -> Guess:
    groups: dict[str, list[Example]] = {}
    for example in train:
        groups.setdefault(_beginning(example.prompt), []).append(example)
    guesses = {beginning: majority(examples) for beginning, examples in groups.items()}
    otherwise = majority(train)
    return lambda prompt: guesses.get(_beginning(prompt), otherwise)(prompt)


def _beginning(prompt: str) -> str:
    """The question's first two words, or its last three characters where it has no blanks (Chinese asks in place)."""
    question = prompt.splitlines()[-2] if prompt.count("\n") else prompt
    words = question.split()
    return " ".join(words[:3]) if len(words) > 2 else question[-4:]
