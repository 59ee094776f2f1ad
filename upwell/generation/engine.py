"""Prompts in, texts out, all of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from upwell.generation.batch import PREFILL_TOKENS, Batch
from upwell.generation.constraints import Constraint
from upwell.generation.rows import Row
from upwell.generation.sampling import SamplingOptions
from upwell.model.stepping import Stepper
from upwell.text.tokenizers import Tokenizer


@dataclass(frozen=True)
class Generation:
    """A finished continuation."""

    text: str
    """Without the prompt, without the stop string."""
    tokens: list[int]
    """Ids drawn, in order; an end-of-text id that ended the text is not among them."""
    finish_reason: str
    """stop (a stop string or the end of the text), length (max_tokens) or context (attention's reach is full)."""


def generate(
    network: Stepper,
    tokenizer: Tokenizer,
    prompts: Sequence[str],
    options: SamplingOptions,
    *,
    begin_document: bool = False,
    seeds: Sequence[int] | None = None,
    constraints: Sequence[Constraint | None] | None = None,
) -> list[Generation]:
    """Continue every prompt; all as one batch, whatever their lengths.

    `begin_document`: the prompts are beginnings of documents, not text from anywhere. Row i draws from a generator of
    its own, seeded with seeds[i], by default `options.seed` + i. `constraints`: one for each text, at its beginning, in place
    of what the options ask for. Raises a UserError for a prompt longer than the context
    of attention, and for a form of the text that cannot be had.
    """
    if seeds is None:
        seeds = range(options.seed, options.seed + len(prompts))
    rows = [
        Row(network, tokenizer, prompt, options, seed=seed, begin_document=begin_document, constraint=constraint)
        for prompt, seed, constraint in zip(prompts, seeds, constraints or [None] * len(prompts), strict=True)
    ]
    for _ in _turns(network, rows):
        pass
    for row in rows:
        row.check()
    return [Generation(row.text, row.drawn, row.finish_reason) for row in rows]


def stream(
    network: Stepper,
    tokenizer: Tokenizer,
    prompt: str,
    options: SamplingOptions,
    *,
    begin_document: bool = False,
    constraint: Constraint | None = None,
) -> Iterator[str]:
    """The continuation of one prompt in pieces, as it is made; joined they are the text of `generate`."""
    row = Row(
        network,
        tokenizer,
        prompt,
        options,
        seed=options.seed,
        begin_document=begin_document,
        constraint=constraint,
    )
    for _ in _turns(network, [row]):
        if piece := row.take():
            yield piece
    row.check()


def _turns(network: Stepper, rows: list[Row]) -> Iterator[None]:
    """Bring all rows to their end, yielding after every token of any of them."""
    batch = Batch(network, prefill_tokens=PREFILL_TOKENS * len(rows))
    for row in rows:
        if not row.end_if_full():
            batch.join(row)
    while len(batch):
        batch.turn()
        yield None
