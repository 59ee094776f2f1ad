"""From logits to one token: penalties, temperature, filters, and the draw.

Shapes: V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from upwell.errors import UserError


@dataclass(frozen=True, kw_only=True)
class SamplingOptions:
    """How a text is continued."""

    max_tokens: int = 200
    """Most tokens to write."""
    temperature: float = 0.8
    """Logits are divided by it; 0 takes the likeliest token each time."""
    top_k: int = 0
    """Only the k likeliest tokens stay (Fan et al. 2018); 0: all."""
    top_p: float = 1.0
    """Only the fewest tokens that reach this probability together stay (Holtzman et al. 2020)."""
    min_p: float = 0.0
    """Only tokens of at least this share of the likeliest one's probability stay (Nguyen et al. 2024)."""
    repetition_penalty: float = 1.0
    """Logits of tokens that were there before are divided by it, multiplied where negative (Keskar et al. 2019)."""
    stop: tuple[str, ...] = ()
    """The text ends before the first of these strings."""
    seed: int = 0
    """Of the draws; row i of a batch draws with seed + i."""
    json_schema: str | None = None
    """The text is JSON that this schema, itself JSON, describes."""
    regex: str | None = None
    """The whole text is one that this regular expression matches."""
    keywords: tuple[str, ...] = ()
    """Words that the text holds, each as it is written here."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("max_tokens", 0, 10**9),
            ("temperature", 0, 1000),
            ("top_k", 0, 10**9),
            ("top_p", 0, 1),
            ("min_p", 0, 1),
            ("repetition_penalty", 0.01, 100),
            ("seed", 0, 2**62),
        ):
            value = getattr(self, name)
            whole = name in ("max_tokens", "top_k", "seed")
            kinds = int if whole else int | float
            if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
                kind = "a whole number" if whole else "a number"
                raise UserError(f"--{name.replace('_', '-')} {value!r}: expected {kind} from {low:g} to {high:g}")
        stops = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)
        if not all(isinstance(text, str) and text for text in stops):
            raise UserError("--stop: expected a text that is not empty")
        object.__setattr__(self, "stop", stops)
        keywords = (self.keywords,) if isinstance(self.keywords, str) else tuple(self.keywords)
        if not all(isinstance(word, str) and word.strip() for word in keywords):
            raise UserError("--keyword: expected a text that is not empty")
        object.__setattr__(self, "keywords", tuple(dict.fromkeys(word.strip() for word in keywords)))
        if self.json_schema is not None and self.regex is not None:
            raise UserError("--json-schema and --regex: a text has one form; leave one of them out")
        if keywords and (self.json_schema is not None or self.regex is not None):
            raise UserError("--keyword: a text of a given form takes none; leave out --json-schema and --regex")
        if keywords and stops:
            raise UserError("--keyword and --stop: a text that stops may lack its keywords; leave one of them out")


def choose_token(logits: Tensor, options: SamplingOptions, seen: Sequence[int], generator: torch.Generator) -> int:
    """The next token for `logits` (V,), after penalty, temperature, top-k, top-p and min-p in this order.

    `seen` are the ids before it, prompt included. Always on the CPU and in fp32, so that a seed gives one text.
    """
    logits = logits.float().cpu()
    if options.repetition_penalty != 1 and seen:
        index = torch.tensor(sorted(set(seen)))
        picked = logits[index]
        factor = options.repetition_penalty
        logits = logits.index_copy(0, index, torch.where(picked > 0, picked / factor, picked * factor))
    if options.temperature == 0:
        return int(logits.argmax())
    probabilities = filter_probabilities(torch.softmax(logits / options.temperature, 0), options)
    return int(torch.multinomial(probabilities, 1, generator=generator))


def filter_probabilities(probabilities: Tensor, options: SamplingOptions) -> Tensor:
    """Probabilities (V,) after top-k, top-p and min-p, each renormalised; the likeliest token always stays."""
    if 0 < options.top_k < len(probabilities):
        least = probabilities.topk(options.top_k).values[-1]
        probabilities = _renormalize(probabilities.where(probabilities >= least, torch.zeros(())))
    if options.top_p < 1:
        ordered, order = probabilities.sort(descending=True, stable=True)
        before = ordered.cumsum(0) - ordered
        kept = ordered.where((before < options.top_p) | (torch.arange(len(ordered)) == 0), torch.zeros(()))
        probabilities = _renormalize(torch.zeros_like(probabilities).scatter(0, order, kept))
    if options.min_p > 0:
        least = options.min_p * probabilities.max()
        probabilities = _renormalize(probabilities.where(probabilities >= least, torch.zeros(())))
    return probabilities


def _renormalize(probabilities: Tensor) -> Tensor:
    total = probabilities.sum()
    assert math.isfinite(float(total)) and float(total) > 0
    return probabilities / total
