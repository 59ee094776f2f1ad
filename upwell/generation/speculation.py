"""Writing with a draft: a small model guesses the next tokens, the large one reads them all at once and says which stay.

Exactly as many stay as leave the text one that the large model might have written alone, with the same probability
(Leviathan, Kalman and Matias 2023; Chen et al. 2023).

Shapes: V vocabulary.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.generation.batch import PREFILL_TOKENS
from upwell.generation.engine import Generation
from upwell.generation.rows import Row, draw_tokens, reach
from upwell.generation.sampling import Floats, SamplingOptions, draw_token, token_probabilities
from upwell.model.state import State, shorten
from upwell.model.stepping import Stepper
from upwell.text.tokenizers import Tokenizer


@dataclass
class Draft:
    """A small model that guesses for a large one with the same tokenizer, and how well it has done so far."""

    network: Stepper
    num_tokens: int = 4
    """Most tokens of a guess."""
    checked: int = 0
    """Tokens that were compared with what the large model would have written."""
    accepted: int = 0
    """Of these, the ones that stayed."""
    calls: int = 0
    """Of the large model; each gave the accepted tokens of one guess and a token more."""


def generate_with_draft(
    network: Stepper, draft: Draft, tokenizer: Tokenizer, prompts: Sequence[str], options: SamplingOptions
) -> list[Generation]:
    """Continue every prompt, one after the other; otherwise as `generate`, whose texts these are at temperature 0."""
    rows = [_row(network, tokenizer, prompt, options, options.seed + i) for i, prompt in enumerate(prompts)]
    for row in rows:
        for _ in _steps(network, draft, row):
            pass
    return [Generation(row.text, row.drawn, row.finish_reason) for row in rows]


def stream_with_draft(
    network: Stepper, draft: Draft, tokenizer: Tokenizer, prompt: str, options: SamplingOptions
) -> Iterator[str]:
    """The continuation of one prompt in pieces, as it is made; joined they are the text of `generate_with_draft`."""
    row = _row(network, tokenizer, prompt, options, options.seed)
    for _ in _steps(network, draft, row):
        if piece := row.take():
            yield piece


def accept(token: int, wanted: Floats, chances: Floats, draws: random.Random) -> int:
    """`token`, which was drawn by `chances` (V,), or another in its place: one that is distributed as `wanted` (V,).

    It stays with probability min(1, wanted / chances) of it; otherwise the other is drawn by what `wanted` has above
    `chances` (Leviathan et al. 2023, section 2.3).
    """
    if draws.random() * float(chances[token]) < float(wanted[token]):
        return token
    above = np.maximum(wanted - chances, 0)
    return draw_token(above if above.any() else wanted, draws)


def _row(network: Stepper, tokenizer: Tokenizer, prompt: str, options: SamplingOptions, seed: int) -> Row:
    if options.json_schema is not None or options.regex is not None or options.keywords:
        raise UserError(
            "a text that is bound (--json-schema, --regex, --keyword) is written without a draft; leave out --draft"
        )
    return Row(network, tokenizer, prompt, options, seed=seed)


def _steps(network: Stepper, draft: Draft, row: Row) -> Iterator[None]:
    """Bring the row to its end, yielding after every token."""
    if not row.end_if_full():
        with torch.inference_mode():
            hidden, state = _read(network, row.seen)
            guesser = _Guesser(draft, row)
            draw_tokens([row], network.logits(hidden[:, -1]))  # without a guess: its beginning may be given
        yield None
    while not (row.finish_reason or row.end_if_full()):
        length = len(row.seen)
        with torch.inference_mode():
            guess, chances = guesser.guess()
            read = torch.tensor([[row.seen[-1], *guess]], device=network.device)
            logits, after = network(read, state)
        draft.calls += 1
        for place, (token, chance) in enumerate(zip(guess, chances, strict=True)):
            kept = accept(token, token_probabilities(logits[0, place], row.options, row.seen), chance, row.draws)
            draft.checked += 1
            draft.accepted += kept == token
            row.add(kept, logits[0, place])
            yield None
            if kept != token or row.finish_reason:
                break
        else:
            draw_tokens([row], logits[:, -1])
            yield None
        if not row.finish_reason:
            with torch.inference_mode():
                state = _after(network, read, state, after, len(row.seen) - length)
    yield None


def _read(network: Stepper, tokens: list[int]) -> tuple[Tensor, State]:
    """What the head reads behind the last tokens of a prompt (1, T, D), read in pieces, and the state."""
    hidden, state = torch.empty(0), network.initial_state(1)
    for start in range(0, len(tokens), PREFILL_TOKENS):
        piece = torch.tensor([tokens[start : start + PREFILL_TOKENS]], device=network.device)
        hidden, state = network.hidden(piece, state)
    return hidden, state


def _after(network: Stepper, read: Tensor, before: State, after: State, kept: int) -> State:
    """The state behind the first `kept` tokens of `read` (1, T), which led from `before` to `after`."""
    if kept == read.shape[1]:
        return after
    shorter = shorten(after, before, read.shape[1], kept)
    return network.hidden(read[:, :kept], before)[1] if shorter is None else shorter


class _Guesser:
    """The draft beside a row. It keeps its state at every place of a guess, so that going back is taking an older one."""

    def __init__(self, draft: Draft, row: Row) -> None:
        self.draft, self.row = draft, row
        self.reach = reach(draft.network)
        self._states: list[tuple[int, State]] = []
        """Numbers of the row's tokens that were read, and the state behind them."""
        if self.reach is None or len(row.seen) <= self.reach:
            self._states = [(len(row.seen), _read(draft.network, row.seen)[1])]

    def guess(self) -> tuple[list[int], list[Floats]]:
        """Tokens behind the row's, and for each the probabilities (V,) by which it was drawn; as many as there is room for."""
        network, row = self.draft.network, self.row
        tokens: list[int] = []
        chances: list[Floats] = []
        if not self._states:
            return tokens, chances
        # The row's last token replaced a guess or came after it: what was read of the others is true.
        done, state = max((one for one in self._states if one[0] < len(row.seen)), key=lambda one: one[0])
        self._states = [(done, state)]
        unread = row.seen[done:]
        for _ in range(self._room()):
            logits, state = network(torch.tensor([unread], device=network.device), state)
            self._states.append((len(row.seen) + len(tokens), state))
            chances.append(token_probabilities(logits[0, -1], row.options, [*row.seen, *tokens]))
            tokens.append(draw_token(chances[-1], row.draws))
            unread = tokens[-1:]
        return tokens, chances

    def _room(self) -> int:
        """Tokens that may be guessed: the row has room for one more, and both models can read them."""
        left = self.row.options.max_tokens - len(self.row.drawn) - 1
        reaches = [reach - len(self.row.seen) for reach in (self.reach, self.row.context) if reach is not None]
        return min(self.draft.num_tokens, left, *reaches)
