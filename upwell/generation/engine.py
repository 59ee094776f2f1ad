"""The decoding loop: prompts in, texts out, one step for all rows at a time.

It sees only `network(tokens, state) -> (logits, state)` and the functions of `upwell.model.state`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch

from upwell.errors import UserError
from upwell.generation.sampling import SamplingOptions, choose_token
from upwell.model.network import Network
from upwell.model.state import State, concat, select
from upwell.text.tokenizers import StreamDecoder, Tokenizer

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


@dataclass
class _Row:
    """One text on its way."""

    seen: list[int]
    generator: torch.Generator
    decoder: StreamDecoder
    stop: tuple[str, ...]
    given: str = ""
    """Last character of the prompt, left to the first token that is drawn, which must begin with it."""
    allowed: torch.Tensor | None = None
    """Ids that the first token is drawn from; None: any."""
    drawn: list[int] = field(default_factory=list)
    text: str = ""
    shown: int = 0
    finish_reason: str = ""

    def add(self, token: int) -> None:
        """Take a drawn token; ends the row where a stop string is complete."""
        self.drawn.append(token)
        self.seen.append(token)
        self.text += self.decoder.push(token)
        if self.given:
            assert self.text.startswith(self.given)
            self.text, self.given, self.allowed = self.text[len(self.given) :], "", None
        self._look_for_stop()

    def finish(self, reason: str) -> None:
        """No more tokens; what the decoder held back is shown."""
        self.text += self.decoder.flush()
        self.finish_reason = reason
        self._look_for_stop()

    def _look_for_stop(self) -> None:
        # Everything up to `shown` was searched before; a stop string can only begin where text was held back.
        found = [at for stop in self.stop if (at := self.text.find(stop, self.shown)) >= 0]
        if found:
            self.text = self.text[: min(found)]
            self.finish_reason = "stop"

    def take(self) -> str:
        """New text that is safe to show: never the beginning of what may become a stop string."""
        end = len(self.text)
        if not self.finish_reason:
            end -= max((_overlap(self.text[self.shown :], stop) for stop in self.stop), default=0)
        piece, self.shown = self.text[self.shown : end], max(self.shown, end)
        return piece


def generate(
    network: Network,
    tokenizer: Tokenizer,
    prompts: Sequence[str],
    options: SamplingOptions,
    *,
    begin_document: bool = False,
    seeds: Sequence[int] | None = None,
) -> list[Generation]:
    """Continue every prompt; all as one batch, whatever their lengths.

    `begin_document`: the prompts are beginnings of documents, not text from anywhere. Row i draws from a generator of
    its own, seeded with seeds[i], by default `options.seed` + i. Raises a UserError for a prompt longer than the context
    of attention.
    """
    if seeds is None:
        seeds = range(options.seed, options.seed + len(prompts))
    rows = [
        _row(tokenizer, prompt, options, seed, begin_document=begin_document)
        for prompt, seed in zip(prompts, seeds, strict=True)
    ]
    for _ in _steps(network, tokenizer, rows, options):
        pass
    return [Generation(row.text, row.drawn, row.finish_reason) for row in rows]


def stream(network: Network, tokenizer: Tokenizer, prompt: str, options: SamplingOptions) -> Iterator[str]:
    """The continuation of one prompt in pieces, as it is made; joined they are the text of `generate`."""
    row = _row(tokenizer, prompt, options, options.seed, begin_document=False)
    for _ in _steps(network, tokenizer, [row], options):
        if piece := row.take():
            yield piece


def _row(tokenizer: Tokenizer, prompt: str, options: SamplingOptions, seed: int, *, begin_document: bool) -> _Row:
    encoded = tokenizer.encode(prompt)
    given, allowed = "", None
    if options.max_tokens and (end := tokenizer.open_end(encoded)):
        (given, ids_of_end), encoded = end, encoded[:-1]
        allowed = torch.from_numpy(ids_of_end).long()
    ids = [int(i) for i in encoded]
    if begin_document or not ids:  # documents are joined by the end-of-text token, so it stands before each of them
        ids = [tokenizer.end_of_text, *ids]
    generator = torch.Generator().manual_seed(seed)
    return _Row(ids, generator, tokenizer.stream_decoder(), options.stop, given, allowed)


def _steps(network: Network, tokenizer: Tokenizer, rows: list[_Row], options: SamplingOptions) -> Iterator[None]:
    """Bring all rows to their end, yielding after every token of any of them."""
    device = next(network.parameters()).device
    limited = "attention" in network.config.mixers and network.config.window is None
    context = network.config.context if limited else None
    for row in rows:
        if context is not None and len(row.seen) > context:
            raise UserError(
                f"the prompt has {len(row.seen)} tokens, this model's context is {context}; shorten the prompt"
            )
    active = list(rows)
    logits: torch.Tensor | None = None
    state: State = None
    while active:
        for row in active:
            if len(row.drawn) >= options.max_tokens:
                row.finish("length")
            elif context is not None and len(row.seen) > context:
                row.finish("context")
        if any(row.finish_reason for row in active):
            yield None
            state = select(state, [i for i, row in enumerate(active) if not row.finish_reason]) if state else None
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
            if row.allowed is not None:
                row_logits = torch.full_like(row_logits, -torch.inf).index_copy(
                    0, row.allowed.to(device), row_logits[row.allowed.to(device)]
                )
            token = choose_token(row_logits, options, row.seen, row.generator)
            if token == tokenizer.end_of_text:
                row.finish("stop")
            else:
                row.add(token)
        yield None
        kept = [i for i, row in enumerate(active) if not row.finish_reason]
        if len(kept) < len(active):
            state, active = select(state, kept), [active[i] for i in kept]


def _prefill(network: Network, prompts: list[list[int]], device: torch.device) -> tuple[torch.Tensor, State]:
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


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a beginning of `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
