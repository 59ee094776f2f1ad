"""One text on its way: what it has read and drawn, what of it may be shown, and why it ended.

Shapes: V vocabulary.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.generation.constraints import Constraint, FormTooComplex, GuidedConstraint, constraint_of
from upwell.generation.keywords import KeywordConstraint
from upwell.generation.sampling import SamplingOptions, choose_tokens
from upwell.model.stepping import Stepper
from upwell.text.tokenizers import Tokenizer


class PromptTooLong(UserError):
    """There is no room for the prompt within the context of attention."""


@dataclass(frozen=True)
class DrawnToken:
    """A token of a text, and how likely the model found it and others, before temperature and filters."""

    spelling: bytes
    """The bytes that it adds to the text; not always whole characters."""
    log_probability: float
    alternatives: tuple[tuple[bytes, float], ...]
    """The likeliest tokens in this place, the likeliest first: bytes, log-probability."""
    start: int
    """Where it begins in the text, in characters."""


class Row:
    """One text: `draw_tokens` adds to it, of the logits behind `seen`, until `finish_reason` is set."""

    def __init__(
        self,
        network: Stepper,
        tokenizer: Tokenizer,
        prompt: str,
        options: SamplingOptions,
        *,
        seed: int,
        begin_document: bool = False,
        alternatives: int | None = None,
        constraint: Constraint | None = None,
    ) -> None:
        """Begin behind `prompt`, drawing with a generator of its own.

        `begin_document`: the prompt is the beginning of a document, not text from anywhere. `alternatives`: how many of the
        likeliest tokens are kept for each place (0: the drawn one alone); None keeps no probabilities. `constraint`: of the
        text, at its beginning, in place of one that the options ask for. Raises
        PromptTooLong for one beyond the context of attention, a UserError for a form of the text that cannot be had.
        """
        self.tokenizer, self.options, self.alternatives = tokenizer, options, alternatives
        self.context = reach(network)
        self._constraint = constraint or constraint_of(options, tokenizer)
        is_bound = self._constraint is not None or bool(options.keywords)
        opened = options.max_tokens > 0 and not is_bound  # what is bound begins behind the prompt, not in it
        self.seen, self._given, self._allowed = _read(tokenizer, prompt, opened=opened, begin_document=begin_document)
        self.prompt_tokens = len(self.seen)
        self.reused_tokens = 0
        """Of the prompt, those that a state which was kept spared."""
        if self.context is not None and len(self.seen) > self.context:
            raise PromptTooLong(
                f"the prompt has {len(self.seen)} tokens, this model's context is {self.context}; shorten the prompt"
            )
        if options.keywords and constraint is None:
            room = options.max_tokens
            if self.context is not None:
                room = min(room, self.context + 1 - len(self.seen))
            self._constraint = KeywordConstraint(options.keywords, tokenizer, room=room, before=prompt[-1:])
        self.drawn: list[int] = []
        self.text = ""
        self.finish_reason = ""
        self.draws = random.Random(seed)
        self._decoder = tokenizer.stream_decoder()
        self._shown = 0
        self._tokens: list[DrawnToken] = []

    def end_if_full(self) -> bool:
        """Whether there is no room for another token; the row then has a reason to finish."""
        if len(self.drawn) >= self.options.max_tokens:
            self._finish("length")
        elif self.context is not None and len(self.seen) > self.context:
            self._finish("context")
        return bool(self.finish_reason)

    def bounded(self, logits: Tensor) -> Tensor:
        """`logits` (V,), with what is wanted raised, and minus infinity where what may come next is bounded; a row whose form
        cannot be followed comes to its end.
        """
        if isinstance(self._constraint, GuidedConstraint):
            logits = self._constraint.guide(logits)
        allowed = self._allowed
        if self._constraint is not None:
            try:
                allowed = self._constraint.allowed()
            except FormTooComplex:  # the rows beside it go on
                self._finish("form")
        return logits if allowed is None else logits.masked_fill(~allowed.to(logits.device), -torch.inf)

    def add(self, token: int, logits: Tensor) -> None:
        """Take the next token, drawn of `logits` (V,); ends the row at the end of the text or a complete stop string."""
        if token == self.tokenizer.end_of_text:
            self._finish("stop")
            return
        if self.alternatives is not None:
            self._tokens.append(self._described(token, logits, self.alternatives))
        self.drawn.append(token)
        self.seen.append(token)
        self.text += self._decoder.push(token)
        if self._given:
            assert self.text.startswith(self._given)
            self.text, self._given, self._allowed = self.text[len(self._given) :], "", None
        if self._constraint is not None and self._constraint.push(token):
            self._finish("stop")
        else:
            self._look_for_stop()

    def take(self) -> str:
        """New text that is safe to show: never the beginning of what may become a stop string."""
        end = len(self.text)
        if not self.finish_reason:
            end -= max((_overlap(self.text[self._shown :], stop) for stop in self.options.stop), default=0)
        piece, self._shown = self.text[self._shown : end], max(self._shown, end)
        return piece

    def take_tokens(self) -> list[DrawnToken]:
        """The tokens of the text that was taken, each once; none where `alternatives` is None."""
        taken = [token for token in self._tokens if token.start < self._shown]
        self._tokens = self._tokens[len(taken) :]
        return taken

    def check(self) -> None:
        """Raise FormTooComplex where that ended the text."""
        if self.finish_reason == "form":
            raise FormTooComplex

    def _finish(self, reason: str) -> None:
        self.text += self._decoder.flush()  # what it held back
        self.finish_reason = reason
        self._look_for_stop()

    def _look_for_stop(self) -> None:
        # Everything up to `_shown` was searched before; a stop string can only begin where text was held back.
        found = [at for stop in self.options.stop if (at := self.text.find(stop, self._shown)) >= 0]
        if found:
            self.text = self.text[: min(found)]
            self.finish_reason = "stop"

    def _described(self, token: int, logits: Tensor, alternatives: int) -> DrawnToken:
        log_probabilities = torch.log_softmax(logits.float(), 0).cpu()
        best = log_probabilities.topk(min(alternatives, len(log_probabilities)))
        return DrawnToken(
            self._spelling(token),
            float(log_probabilities[token]),
            tuple(
                (self._spelling(other), value)
                for other, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
                if value > -torch.inf
            ),
            len(self.text),
        )

    def _spelling(self, token: int) -> bytes:
        return self.tokenizer.token_bytes(token)[len(self._given.encode("utf-8")) :]


def draw_tokens(rows: Sequence[Row], logits: Tensor) -> None:
    """Add a token to each of B rows, of its `logits` (B, V), or bring it to its end."""
    given = logits.unbind()
    bounded = [row.bounded(one) for row, one in zip(rows, given, strict=True)]
    if any(one is not other for one, other in zip(bounded, given, strict=True)):
        logits = torch.stack(bounded)
    writing = [place for place, row in enumerate(rows) if not row.finish_reason]
    if len(writing) < len(rows):
        rows, logits = [rows[place] for place in writing], logits[writing]
    if rows:
        tokens = choose_tokens(
            logits, [row.options for row in rows], [row.seen for row in rows], [row.draws for row in rows]
        )
        for row, token, row_logits in zip(rows, tokens, logits, strict=True):
            row.add(token, row_logits)


def reach(network: Stepper) -> int | None:
    """Most tokens that `network` can read; None where there is no bound."""
    limited = "attention" in network.config.mixers and network.config.window is None
    return network.config.context if limited else None


def _read(
    tokenizer: Tokenizer, prompt: str, *, opened: bool, begin_document: bool
) -> tuple[list[int], str, Tensor | None]:
    """The ids of a prompt; its last character where that is left to the first token that is drawn; which ids that may be, as booleans (V,)."""
    encoded = tokenizer.encode(prompt)
    given, allowed = "", None
    if opened and (end := tokenizer.open_end(encoded)):
        (given, ids_of_end), encoded = end, encoded[:-1]
        allowed = torch.zeros(tokenizer.vocab_size, dtype=torch.bool)
        allowed[torch.from_numpy(ids_of_end).long()] = True
    ids = [int(i) for i in encoded]
    if begin_document or not ids:  # documents are joined by the end-of-text token, so it stands before each of them
        ids = [tokenizer.end_of_text, *ids]
    return ids, given, allowed


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a beginning of `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
