"""Who answers: a model, or in tests and baselines something simpler.

Everything that is scored goes through two questions: what do you write after this prompt, and how likely is this answer
to you. A model answers prompts of like length in one batch, greedily, and is asked for the likelihood by teacher forcing.

Shapes: B rows, T tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F

from upwell.errors import UserError
from upwell.generation import SamplingOptions, generate
from upwell.model.stepping import Stepper
from upwell.text.tokenizers import Tokenizer

ROWS = 64
"""Prompts answered side by side."""


@dataclass(frozen=True)
class Likelihood:
    """Of one answer behind its prompt, the end of the text included."""

    nats: float
    """-log p(answer); exp(-nats) is the chance that sampling gives exactly this answer."""
    tokens: int


class Answerer(Protocol):
    """Something that can be scored."""

    def write(
        self, prompts: Sequence[str], *, max_tokens: int, stop: tuple[str, ...], temperature: float, seed: int
    ) -> list[str]:
        """What it writes after each prompt, up to a stop string or the end of the text."""

    def likelihoods(self, pairs: Sequence[tuple[str, str]], *, lines: bool = False) -> list[Likelihood] | None:
        """Of the second text behind the first, and of its end: that of the text or, unless an answer may have several
        `lines`, of the line. None from an answerer that has no probabilities.
        """


@dataclass(frozen=True)
class ModelAnswerer:
    """A network with its tokenizer."""

    network: Stepper
    tokenizer: Tokenizer

    def write(
        self, prompts: Sequence[str], *, max_tokens: int, stop: tuple[str, ...], temperature: float, seed: int
    ) -> list[str]:
        """Every prompt is read as the beginning of a document. Row i draws with seed + i, whatever the batches are."""
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        outputs = [""] * len(prompts)
        for start in range(0, len(order), ROWS):
            rows = order[start : start + ROWS]
            options = SamplingOptions(max_tokens=max_tokens, stop=stop, temperature=temperature, seed=seed)
            results = generate(
                self.network,
                self.tokenizer,
                [prompts[i] for i in rows],
                options,
                begin_document=True,
                seeds=[seed + i for i in rows],
            )
            for i, result in zip(rows, results, strict=True):
                outputs[i] = result.text
        return outputs

    @torch.inference_mode()
    def likelihoods(self, pairs: Sequence[tuple[str, str]], *, lines: bool = False) -> list[Likelihood]:
        """By one reading of each prompt with its answer; rows of like length side by side, padded on the right.

        Where the answer joins the last character of the prompt in one token, that token's probability is the one among
        all tokens that begin so, as in writing.
        """
        end = self.tokenizer.end_of_text
        rows: list[tuple[list[int], list[int]]] = []
        allowed: list[torch.Tensor | None] = []
        for prompt, answer in pairs:
            read = self.tokenizer.encode(prompt)
            both = self.tokenizer.encode(prompt + answer)
            opened = self.tokenizer.open_end(read)
            shared = len(read) - (opened is not None)
            rows.append(([end, *map(int, both[:shared])], [*map(int, both[shared:]), end]))
            allowed.append(None if opened is None else torch.from_numpy(opened[1]).long())
        self._check_context(max((len(a) + len(b) for a, b in rows), default=0))
        order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + len(rows[i][1]))
        found = [Likelihood(0.0, 0)] * len(rows)
        device = self.network.device
        line_ends = self._line_ends().to(device)
        for start in range(0, len(order), ROWS):
            batch = order[start : start + ROWS]
            longest = max(len(rows[i][0]) + len(rows[i][1]) for i in batch) - 1
            tokens = np.full((len(batch), longest), end)
            targets, inside = np.full_like(tokens, end), np.zeros(tokens.shape, dtype=bool)
            for row, i in enumerate(batch):
                before, after = rows[i]
                ids = [*before, *after]
                tokens[row, : len(ids) - 1], targets[row, : len(ids) - 1] = ids[:-1], ids[1:]
                inside[row, len(before) - 1 : len(ids) - 1] = True
            hidden, _ = self.network.hidden(torch.from_numpy(tokens).to(device))  # (B, T, D)
            wanted = torch.from_numpy(inside).to(device)
            logits = self.network.logits(hidden[wanted]).float()  # only where an answer is: (answer tokens, V)
            ends = np.cumsum([len(rows[i][1]) for i in batch])
            for i, start_of_answer in zip(batch, [0, *ends[:-1]], strict=True):
                if (among := allowed[i]) is not None:
                    first, among = logits[start_of_answer], among.to(device)
                    logits[start_of_answer] = torch.full_like(first, -torch.inf).index_copy(0, among, first[among])
            if not lines:
                last = torch.from_numpy(ends - 1).to(device)
                logits[last, end] = logits[last][:, line_ends].logsumexp(1)
                logits[last[:, None], line_ends[1:]] = -torch.inf
            losses = F.cross_entropy(logits, torch.from_numpy(targets).to(device)[wanted], reduction="none")
            answers = np.split(losses.double().cpu().numpy(), ends[:-1])
            for i, nats in zip(batch, answers, strict=True):
                found[i] = Likelihood(float(nats.sum()), len(nats))
        return found

    def _line_ends(self) -> torch.Tensor:
        """Ids (n,) that end a line: end of text, and all that begin with a line break."""
        breaks = [i for i in range(self.tokenizer.vocab_size) if self.tokenizer.token_bytes(i).startswith(b"\n")]
        return torch.tensor([self.tokenizer.end_of_text, *breaks])

    def _check_context(self, longest: int) -> None:
        config = self.network.config
        if "attention" in config.mixers and config.window is None and longest > config.context + 1:
            raise UserError(
                f"an example with its shots has {longest} tokens, this model's context is {config.context}; "
                "use fewer shots, or train with a larger --context"
            )


@dataclass(frozen=True)
class FixedAnswerer:
    """Answers by a function of the prompt; it has no probabilities. For baselines, oracles and tests."""

    answer: Callable[[str], str]

    def write(
        self, prompts: Sequence[str], *, max_tokens: int, stop: tuple[str, ...], temperature: float, seed: int
    ) -> list[str]:
        """The function of each prompt; the limits of sampling do not concern it."""
        return [self.answer(prompt) for prompt in prompts]

    def likelihoods(self, pairs: Sequence[tuple[str, str]], *, lines: bool = False) -> None:
        """None."""
