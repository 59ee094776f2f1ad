"""From logits to one token of each text: penalties, temperature, filters, and the draw.

Shapes: B texts, V vocabulary.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from upwell.errors import UserError

STRETCH = 64
"""Tokens that are passed over at once where a drawn one is looked for."""

Floats = npt.NDArray[np.floating[Any]]


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
            check_number(name, getattr(self, name), low, high, whole=name in ("max_tokens", "top_k", "seed"))
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


def check_number(name: str, value: Any, low: float, high: float, *, whole: bool) -> None:
    """Raise a UserError unless the option called `name` is a number, `whole` or any, from `low` to `high`."""
    kinds = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise UserError(f"--{name.replace('_', '-')} {value!r}: expected {kind} from {low:g} to {high:g}")


def choose_tokens(
    logits: Tensor,
    options: Sequence[SamplingOptions],
    seen: Sequence[Sequence[int]],
    draws: Sequence[random.Random],
) -> list[int]:
    """The next token of each of B texts for `logits` (B, V), after penalty, temperature, top-k, top-p and min-p in this order.

    `seen` are the ids before it, prompts included. Always on the CPU and in fp32, and of each text for itself, so that a seed
    gives one text, alone or beside others.
    """
    scores = _penalised(logits, options, seen)
    greedy = [option.temperature == 0 for option in options]
    if all(greedy):
        return [int(token) for token in scores.argmax(1)]
    temperatures = np.array([option.temperature or 1.0 for option in options], np.float32)
    weights = np.zeros((len(scores), -(-scores.shape[1] // STRETCH) * STRETCH), np.float32)
    here = weights[:, : scores.shape[1]]
    np.subtract(scores, scores.max(1, keepdims=True), out=here)
    here /= temperatures[:, None]
    np.exp(here, out=here)
    for row, option in zip(here, options, strict=True):
        filter_weights(row, option)
    found = _places(weights, np.array([draw.random() for draw in draws]))
    return [int(scores[row].argmax()) if likeliest else found[row] for row, likeliest in enumerate(greedy)]


def token_probabilities(logits: Tensor, options: SamplingOptions, seen: Sequence[int]) -> Floats:
    """The probabilities (V,) by which `choose_tokens` takes each token for `logits` (V,); at temperature 0 all of it for one."""
    scores = _penalised(logits[None], [options], [seen])[0]
    weights: Floats = np.zeros_like(scores)
    if options.temperature == 0:
        weights[scores.argmax()] = 1
        return weights
    np.exp((scores - scores.max()) / np.float32(options.temperature), out=weights)
    filter_weights(weights, options)
    total = weights.sum(dtype=np.float64)
    assert math.isfinite(total) and total > 0
    weights /= np.float32(total)
    return weights


def draw_token(weights: Floats, draws: random.Random) -> int:
    """One token, by `weights` (V,) in proportion to probabilities."""
    ends = weights.cumsum(dtype=np.float64)
    return int((ends <= min(draws.random() * ends[-1], np.nextafter(ends[-1], 0))).sum())


def _penalised(logits: Tensor, options: Sequence[SamplingOptions], seen: Sequence[Sequence[int]]) -> Floats:
    """`logits` (B, V) after the repetition penalty."""
    scores: Floats = logits.float().cpu().numpy()
    if any(option.repetition_penalty != 1 for option in options):
        scores = scores.copy()
        for row, option, before in zip(scores, options, seen, strict=True):
            ids = np.unique(np.array(before, np.int64))
            factor = option.repetition_penalty
            row[ids] = np.where(row[ids] > 0, row[ids] / factor, row[ids] * factor)
    return scores


def filter_weights(weights: Floats, options: SamplingOptions) -> None:
    """Set those of `weights` (V,), in proportion to probabilities, to 0 that top-k, top-p or min-p leaves out."""
    if 0 < options.top_k < len(weights):
        weights[weights < np.partition(weights, -options.top_k)[-options.top_k]] = 0
    if options.top_p < 1:
        total = weights.sum(dtype=np.float64)
        likely = np.flatnonzero(
            weights > (1 - options.top_p) / 2 * total / len(weights)
        )  # the others have too little in all
        order = likely[np.argsort(-weights[likely], kind="stable")]
        before = weights[order].cumsum(dtype=np.float64) - weights[order]
        kept = order[: max(1, int((before < options.top_p * total).sum()))]
        values = weights[kept]
        weights[:] = 0
        weights[kept] = values
    if options.min_p > 0:
        weights[weights < options.min_p * weights.max()] = 0


def _places(weights: Floats, shares: npt.NDArray[np.float64]) -> list[int]:
    """Where the sum of `weights` (B, V), from the left, comes to be more than these shares (B,) of the whole; V is a multiple
    of STRETCH, which is found first.
    """
    stretches = weights.reshape(len(weights), -1, STRETCH)
    ends = np.zeros((len(weights), stretches.shape[1] + 1))  # of the stretches, a nought before
    stretches.sum(2).cumsum(1, out=ends[:, 1:])
    wanted = shares * ends[:, -1]  # less than the whole, as a share is at most 1 - 2^-53
    stretch = (ends[:, 1:] <= wanted[:, None]).sum(1)
    rows = np.arange(len(weights))
    within = stretches[rows, stretch].cumsum(1, dtype=np.float64)  # (B, STRETCH)
    rest = np.minimum(wanted - ends[rows, stretch], np.nextafter(within[:, -1], 0))
    places: list[int] = (stretch * STRETCH + (within <= rest[:, None]).sum(1)).tolist()
    return places
