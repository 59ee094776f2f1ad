"""Texts and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upwell.tasks.metrics import Classified, Measure
from upwell.tasks.task import Guess, Item, answer_nll, by_kind, majority
from upwell.text.examples import Example


@dataclass(frozen=True)
class Classification:
    """Macro F1 over the labels, for all kinds of labels together and for each kind."""

    name = "classification"
    view = "classification"
    temperature = 0.0
    headline = ("f1_macro", "f1_macro_*", "f1_micro", "accuracy")

    def measures(self, items: Sequence[Item]) -> dict[str, Measure]:
        """f1_macro, f1_macro_sentiment …, f1_micro, accuracy, precision_macro, recall_macro, answer_nll."""
        whole = _classified(items)
        found = {"f1_macro": whole.macro()}
        kinds = by_kind(items)
        if len(kinds) > 1:
            found |= {f"f1_macro_{kind}": _classified(group).macro() for kind, group in kinds.items()}
        found |= {"f1_micro": whole.micro(), "accuracy": whole.accuracy()}
        found |= {f"{what}_macro": whole.macro(what) for what in ("precision", "recall")}
        return {**found, **answer_nll(items)}

    def baselines(self, train: Sequence[Example]) -> dict[str, Guess]:
        """The most frequent label of what is asked for, by the first characters of the prompt's last line."""
        groups: dict[str, list[Example]] = {}
        for example in train:
            groups.setdefault(_asked(example.prompt), []).append(example)
        guesses = {asked: majority(examples) for asked, examples in groups.items()}
        otherwise = majority(train)
        return {"majority": lambda prompt: guesses.get(_asked(prompt), otherwise)(prompt)}


def _classified(items: Sequence[Item]) -> Classified:
    return Classified([item.example.answer for item in items], [item.output for item in items])


def _asked(prompt: str) -> str:
    return prompt.rpartition("\n")[2][:2]
