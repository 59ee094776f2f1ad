"""The decoding loop: prompts in, texts out, one step for all rows at a time.

It sees only `network(tokens, state) -> (logits, state)` and the functions of `upwell.model.state`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from upwell.generation.constraints import Constraint
from upwell.generation.rows import Row
from upwell.generation.sampling import SamplingOptions
from upwell.model.state import State, concat, select
from upwell.model.stepping import Stepper
from upwell.text.tokenizers import Tokenizer

PREFILL_TOKENS = 512
"""A prompt is read in pieces of this many tokens, so that a long one needs no more memory than a short one."""


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
    for _ in _steps(network, rows):
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
    for _ in _steps(network, [row]):
        if piece := row.take():
            yield piece
    row.check()


def _steps(network: Stepper, rows: list[Row]) -> Iterator[None]:
    """Bring all rows to their end, yielding after every token of any of them."""
    device = network.device
    active = list(rows)
    state: State = None
    while active:
        full = [row.end_if_full() for row in active]
        if any(full):
            yield None
            state = select(state, [i for i, ended in enumerate(full) if not ended]) if state else None
            active = [row for row in active if not row.finish_reason]
            continue
        with torch.inference_mode():
            if state is None:
                logits, state = _prefill(network, [row.seen for row in active], device)
            else:
                tokens = torch.tensor([[row.seen[-1]] for row in active], device=device)
                logits, state = network(tokens, state)
                logits = logits[:, -1]
        for row, row_logits in zip(active, logits, strict=True):
            row.draw(row_logits)
        yield None
        kept = [i for i, row in enumerate(active) if not row.finish_reason]
        if len(kept) < len(active):
            state, active = select(state, kept), [active[i] for i in kept]


def _prefill(network: Stepper, prompts: list[list[int]], device: torch.device) -> tuple[torch.Tensor, State]:
    """Logits (B, V) after each of B prompts, and the state.

    All rows read on side by side to the end of the shortest one, which then waits while the others go on.
    """
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    logits: list[torch.Tensor] = []
    states: list[State] = []
    state: State = None
    start = 0
    active = order
    while active:
        end = min(len(prompts[active[0]]), start + PREFILL_TOKENS)
        piece = torch.tensor([prompts[i][start:end] for i in active], device=device)
        hidden, state = network.hidden(piece, state)
        done = sum(len(prompts[i]) == end for i in active)
        if done:
            logits.append(network.logits(hidden[:done, -1]))
            states.append(select(state, range(done)))
            active = active[done:]
            state = select(state, range(done, done + len(active)))
        start = end
    back = torch.tensor(order).argsort()
    return torch.cat(logits)[back.to(device)], select(concat(states), back)
