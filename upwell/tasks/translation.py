"""From one language into the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upwell.tasks.metrics import Measure, bleu, chrf, exact_match, mean, units
from upwell.tasks.task import Guess, Item, answer_nll, by_kind
from upwell.text.examples import Example, field_of
from upwell.world.views.translation import OTHER, is_right


@dataclass(frozen=True)
class Translation:
    """Whether the output means the same, by the parser of the world; chrF and BLEU as on any data."""

    name = "translation"
    view = "translation"
    temperature = 0.0
    headline = ("meaning_match", "meaning_match_*", "chrf", "bleu_*")

    def measures(self, items: Sequence[Item]) -> dict[str, Measure]:
        """meaning_match (of the world only; also by direction), chrf, bleu_en-zh and bleu_zh-en, exact_match, answer_nll."""
        found: dict[str, Measure] = {}
        if all(item.example.meaning for item in items):
            matches = {id(item): float(is_right(item.example, item.output)) for item in items}
            found["meaning_match"] = mean(list(matches.values()))
            kinds = by_kind(items)
            if len(kinds) > 1:
                for kind, group in kinds.items():
                    found[f"meaning_match_{kind}"] = mean([matches[id(item)] for item in group])
        answers, outputs = [item.example.answer for item in items], [item.output for item in items]
        found["chrf"] = chrf(answers, outputs)
        for source, target in OTHER.items():  # BLEU counts words, which the two languages do not share
            if group := [item for item in items if item.example.language == source]:
                texts = [item.example.answer for item in group], [item.output for item in group]
                found[f"bleu_{source}-{target}"] = bleu(*texts, language=target)
        found["exact_match"] = mean([exact_match(a, o) for a, o in zip(answers, outputs, strict=True)])
        return {**found, **answer_nll(items)}

    def baselines(self, train: Sequence[Example]) -> dict[str, Guess]:
        """The source as it stands, and the translation of the training sentence that shares most words with it."""
        return {"copy": lambda prompt: field_of(prompt, self.view, "text"), "nearest": _Nearest(train)}


class _Nearest:
    """The answer of the training example whose prompt has the most words, or characters, in common."""

    def __init__(self, train: Sequence[Example]) -> None:
        self.known = [(frozenset(units(example.prompt)), example.answer) for example in train]

    def __call__(self, prompt: str) -> str:
        pieces = set(units(prompt))
        best = max(self.known, key=lambda pair: len(pieces & pair[0]) / (1 + len(pieces | pair[0])), default=None)
        return best[1] if best else ""
