"""Phrases that a text must hold, as its tokens come, and how beams are shared among texts that hold more or fewer of them.

Hokamp and Liu 2017; Post and Vilar 2018, dynamic beam allocation.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.generation.candidates import Candidates


class Progress(NamedTuple):
    """How far a text is with its phrases."""

    unmet: tuple[int, ...]
    """Numbers of the phrases that it does not hold yet."""
    begun: tuple[int, ...]
    """Its last tokens, as far as an unmet phrase begins with them."""


class Phrases:
    """Phrases of token ids, each to be held in a place of its own; one given twice must be there twice.

    A text is looked through once, from its beginning. Its longest end that begins an unmet phrase counts; where that is the
    whole phrase, the phrase is met, and what follows counts anew. So a met phrase is always there, and from everywhere on
    `missing` more tokens suffice to meet the rest.
    """

    def __init__(self, phrases: Sequence[Sequence[int]]) -> None:
        self.phrases = [tuple(phrase) for phrase in phrases]
        self.num_tokens = sum(map(len, self.phrases))
        self.start = Progress(tuple(range(len(self.phrases))), ())
        self._known: dict[tuple[Progress, int], Progress] = {}

    def advance(self, progress: Progress, token: int) -> Progress:
        """Where a text that was at `progress` is behind `token`."""
        key = progress, token
        if key not in self._known:
            self._known[key] = self._advance(progress, token)
        return self._known[key]

    def missing(self, progress: Progress) -> int:
        """The fewest tokens that meet all phrases."""
        return sum(len(self.phrases[i]) for i in progress.unmet) - len(progress.begun)

    def wanted(self, progress: Progress) -> list[int]:
        """The tokens after which one fewer is missing."""
        return sorted({self.phrases[i][len(progress.begun)] for i in self._beginning(progress.unmet, progress.begun)})

    def _advance(self, progress: Progress, token: int) -> Progress:
        text = (*progress.begun, token)
        for start in range(len(text)):
            end = text[start:]
            if open_phrases := self._beginning(progress.unmet, end):
                met = next((i for i in open_phrases if self.phrases[i] == end), None)
                if met is None:
                    return Progress(progress.unmet, end)
                return Progress(tuple(i for i in progress.unmet if i != met), ())
        return Progress(progress.unmet, ())

    def _beginning(self, unmet: Sequence[int], tokens: tuple[int, ...]) -> list[int]:
        return [i for i in unmet if self.phrases[i][: len(tokens)] == tokens]


class Longer(NamedTuple):
    """A beam with a token behind it."""

    total: float
    """Log-probability of the text."""
    beam: int
    token: int
    progress: Progress


class PhraseBeams:
    """Which beams hold which of their source's phrases, and the choice of beams by that."""

    def __init__(self, phrases: Sequence[Phrases], end: int, width: int) -> None:
        """Begin with one beam for each source, which may have no phrases; `width` beams are chosen, `end` ends a text."""
        self.phrases, self.end, self.width = list(phrases), end, width
        self.progress = [[one.start] for one in phrases]

    def choose(
        self, candidates: Candidates, totals: Tensor, parents: Tensor, tokens: Tensor, left: Sequence[int]
    ) -> None:
        """Replace what was chosen for sources with phrases, `totals`, `parents` and `tokens` (A, width), in place.

        Each beam is joined with its likeliest tokens and with those that its phrases want; what could not meet all of them in
        the tokens that are `left` for its source behind this one falls out, as does an end before they are met.
        """
        width = candidates.totals.shape[1]
        sums = self._sums(candidates)
        for i, phrases in enumerate(self.phrases):
            if not phrases.num_tokens:
                continue
            longer = [
                Longer(total, beam, token, after)
                for beam, progress in enumerate(self.progress[i])
                for token, total in sums[i * width + beam].items()
                if total > -math.inf and (after := self._after(i, progress, token, left[i])) is not None
            ]
            longer.sort(key=lambda one: -one.total)
            chosen = allocate(longer, phrases, self.width)
            chosen += [Longer(-math.inf, 0, self.end, phrases.start)] * (self.width - len(chosen))
            self.progress[i] = [one.progress for one in chosen]
            totals[i] = torch.tensor([one.total for one in chosen], dtype=totals.dtype)
            parents[i] = torch.tensor([one.beam for one in chosen])
            tokens[i] = torch.tensor([one.token for one in chosen])

    def _sums(self, candidates: Candidates) -> list[dict[int, float]]:
        """For each beam the log-probabilities of the texts with each of its likeliest tokens and of those that are wanted."""
        width = candidates.totals.shape[1]
        pairs = zip(candidates.tokens.tolist(), candidates.sums.tolist(), strict=True)
        sums = [dict(zip(*pair, strict=True)) for pair in pairs]
        wanted = [
            (i * width + beam, token)
            for i, phrases in enumerate(self.phrases)
            for beam, progress in enumerate(self.progress[i])
            for token in phrases.wanted(progress)
        ]
        rows, tokens = torch.tensor(wanted, dtype=torch.int64).view(-1, 2).to(candidates.tokens.device).unbind(1)
        for (row, token), total in zip(wanted, candidates.of(rows, tokens).tolist(), strict=True):
            sums[row].setdefault(token, total)
        return sums

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these sources alone."""
        self.phrases = [self.phrases[i] for i in places]
        self.progress = [self.progress[i] for i in places]

    def _after(self, source: int, progress: Progress, token: int, left: int) -> Progress | None:
        """Where a text is behind `token`; None where it may not end yet, or could not hold its phrases any more."""
        if token == self.end:
            return None if progress.unmet else progress
        after = self.phrases[source].advance(progress, token)
        return after if self.phrases[source].missing(after) <= left else None


def allocate(candidates: Sequence[Longer], phrases: Phrases, width: int) -> list[Longer]:
    """The best `width` of `candidates`, which are sorted, with places for texts that hold few of their phrases' tokens and
    for those that hold many.

    Candidates with equally many such tokens make a bank. The places are dealt out evenly, what is left to the fullest bank
    (Post & Vilar 2018, section 3.3); what a bank cannot fill goes to the others, the fullest first.
    """
    banks: dict[int, list[Longer]] = {}
    for candidate in candidates:
        banks.setdefault(phrases.missing(candidate.progress), []).append(candidate)
    each = width // (phrases.num_tokens + 1)
    places = {missing: min(each, len(bank)) for missing, bank in banks.items()}
    for missing in sorted(banks):  # the fullest bank misses least
        places[missing] += min(width - sum(places.values()), len(banks[missing]) - places[missing])
    kept = {id(one) for missing, bank in banks.items() for one in bank[: places[missing]]}
    return [one for one in candidates if id(one) in kept]


def read_phrases(
    forced: Sequence[Sequence[Sequence[int]]], limits: Sequence[int], banned: Collection[int]
) -> list[Phrases]:
    """The phrases of each source, which may have none; a UserError for what no text of at most `limits` tokens can hold.

    `banned`: ids that may not be in a text, that of its end among them.
    """
    found = [Phrases(phrases) for phrases in forced]
    for number, (phrases, limit) in enumerate(zip(found, limits, strict=True)):
        for phrase in phrases.phrases:
            wrong = [i for i in phrase if i in banned]
            if wrong or not phrase:
                why = f"token {wrong[0]} may not be in a text" if wrong else "it has no tokens"
                raise UserError(f"source {number}, phrase {list(phrase)}: {why}; leave the phrase out")
        if phrases.num_tokens > limit:
            raise UserError(
                f"source {number}: its phrases have {phrases.num_tokens} tokens, and the text at most {limit}; "
                "raise max_tokens, or leave a phrase out"
            )
    return found
