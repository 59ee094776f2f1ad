"""Questions with their passages: examples, batches, what a reader of them is trained for and judged by.

Shapes: B questions, T tokens of the longest passage, U of the longest question, F ids of a bag, M match features, L tokens of the
longest span, A right answers, C choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from upwell.model.network import FAR, Network
from upwell.model.question_reader import ChoiceReader, SpanReader
from upwell.model.state import State
from upwell.training.example_streams import ExampleStream, Ids, pad
from upwell.training.objectives import Batch, Outcome
from upwell.training.reading import batches

Floats = npt.NDArray[np.floating[Any]]
LIKELIEST = 60
"""Spans among which the answer is chosen."""


@dataclass(frozen=True, kw_only=True)
class QuestionBatch(Batch):
    """Passages, and the question that each is read for; `targets` are the places of right logits (B, A), -1 behind them."""

    matches: Tensor
    """(B, T, M), or (B, C, T, M) of each choice."""
    asked: Tensor
    """(B, U, F), or (B, C, U, F) of the question with each choice."""
    asked_lengths: Tensor
    """(B,), or (B, C), 0 where there is no such choice."""
    known: Tensor | None = None
    """(B, C) what is known of the choices without the network: logits, which are added to its own."""


@dataclass(frozen=True)
class SpanExample:
    """A question, and a passage or a part of it."""

    passage: Ids
    """(T, F)"""
    matches: Floats
    """(T, M)"""
    asked: Ids
    """(U, F)"""
    spans: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    """First and last token (A, 2) of each right answer; (0, 2) where there is none."""


@dataclass(frozen=True)
class SpanExamples:
    """Questions whose answers are pieces of their passages; of a long passage a part is read, with one of the answers in it."""

    rows: Sequence[SpanExample]
    longest: int
    """Tokens of the longest span, L."""
    reach: int
    """Tokens of a passage that are read."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens (N,) that are read of each passage."""
        return np.array([min(self.reach, len(row.passage)) for row in self.rows], np.int64)

    def batch(self, numbers: npt.NDArray[np.int64], draws: np.random.Generator | None = None) -> QuestionBatch:
        """The questions of these `numbers` (B,) as one batch; `draws` chooses the parts of long passages."""
        draws = draws or np.random.default_rng(0)
        rows = [self._part(self.rows[i], draws) for i in numbers]
        return QuestionBatch(
            tokens=pad([row.passage for row in rows]),
            targets=pad([self._targets(row.spans) for row in rows], filling=-1),
            lengths=torch.tensor([len(row.passage) for row in rows]),
            matches=_pad_numbers([row.matches for row in rows]),
            asked=pad([row.asked for row in rows]),
            asked_lengths=torch.tensor([len(row.asked) for row in rows]),
        )

    def _part(self, row: SpanExample, draws: np.random.Generator) -> SpanExample:
        """`reach` tokens of the passage, with an answer where there is one."""
        spare = len(row.passage) - self.reach
        if spare <= 0:
            return row
        low, high = 0, spare
        if len(row.spans):
            first, last = row.spans[draws.integers(len(row.spans))]
            low, high = max(0, min(first, last - self.reach + 1)), min(first, spare)
        begin = int(draws.integers(low, high + 1))
        spans = row.spans[(row.spans[:, 0] >= begin) & (row.spans[:, 0] < begin + self.reach)] - begin
        part = slice(begin, begin + self.reach)
        spans = np.minimum(spans, self.reach - 1)
        return replace(row, passage=row.passage[part], matches=row.matches[part], spans=spans)

    def _targets(self, spans: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Places (A,) of the right logits of `SpanReader.read_spans`."""
        if not len(spans):
            return np.zeros(1, np.int64)
        lengths = np.minimum(spans[:, 1] - spans[:, 0], self.longest - 1)
        return np.unique(1 + spans[:, 0] * self.longest + lengths)


@dataclass(frozen=True)
class ChoiceExample:
    """A question with choices, and its passage."""

    passage: Ids
    """(T, F)"""
    matches: Sequence[Floats]
    """C times (T, M)."""
    asked: Sequence[Ids]
    """C times (U, F): the question with each choice."""
    known: Floats
    """(C,) logits that are known without the network."""
    right: int = 0


@dataclass(frozen=True)
class ChoiceExamples:
    """Questions with choices."""

    rows: Sequence[ChoiceExample]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens (N,) of each passage, as often as it is read."""
        return np.array([len(row.passage) * len(row.asked) for row in self.rows], np.int64)

    def batch(self, numbers: npt.NDArray[np.int64], draws: np.random.Generator | None = None) -> QuestionBatch:
        """The questions of these `numbers` (B,) as one batch."""
        rows = [self.rows[i] for i in numbers]
        lengths = [np.array([len(one) for one in row.asked]) for row in rows]
        return QuestionBatch(
            tokens=pad([row.passage for row in rows]),
            targets=torch.tensor([[row.right] for row in rows]),
            lengths=torch.tensor([len(row.passage) for row in rows]),
            matches=_pad_numbers([_pad_numbers(row.matches).numpy() for row in rows]),
            asked=pad([pad(row.asked).numpy() for row in rows]),
            asked_lengths=pad(lengths),
            known=_pad_numbers([row.known for row in rows]),
        )


class QuestionStream(ExampleStream[SpanExamples | ChoiceExamples]):
    """Questions in batches; each time other parts of long passages are read, and other features left out."""

    def __init__(
        self, examples: SpanExamples | ChoiceExamples, rows: int, seed: int, *, feature_dropout: float
    ) -> None:
        """`feature_dropout`: share of the ids in bags that are left out."""
        super().__init__(examples, rows, seed)
        self.feature_dropout = feature_dropout

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> QuestionBatch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        draws = np.random.default_rng((self.seed, step, 3))
        batch = self.examples.batch(self._chosen(step), draws)  # whole, so that all processes draw the same
        share = self.rows // world

        def thinned(bags: Tensor) -> Tensor:
            dropped = torch.from_numpy(draws.random(bags.shape, np.float32) < self.feature_dropout)
            return bags.masked_fill(dropped, 0)

        thin = replace(batch, tokens=thinned(batch.tokens), asked=thinned(batch.asked))
        return cast(QuestionBatch, thin.rows(rank * share, (rank + 1) * share))


def read_batch(network: Network, batch: Batch) -> Tensor:
    """What a reader of questions says of a batch: logits in fp32, of spans (B, 1 + T L) or of choices (B, C)."""
    batch = cast(QuestionBatch, batch)
    assert batch.lengths is not None
    given = batch.tokens, batch.lengths, batch.matches, batch.asked, batch.asked_lengths
    if batch.known is None:
        return cast(SpanReader, network).read_spans(*given).float()
    return cast(ChoiceReader, network).read_choices(*given).float() + batch.known


def right_answers(network: Network, batch: Batch, state: State = None) -> Outcome:
    """-log p of all right answers together, summed over the questions."""
    return _loss(read_batch(network, batch), batch)


def _loss(logits: Tensor, batch: Batch) -> Outcome:
    right = logits.gather(1, batch.targets.clamp(min=0)).masked_fill(batch.targets < 0, FAR)
    return Outcome((logits.logsumexp(1) - right.logsumexp(1)).sum(), len(logits))


@dataclass(frozen=True)
class QuestionScore:
    """How well a reader answers held-out questions."""

    loss: float
    """Nats a question."""
    f1: float
    """Of the tokens of spans with those of the best right answer; of choices, the share that is right."""
    asked: int

    @property
    def criterion(self) -> float:
        """What is missing of the F1; of equal ones the lesser loss."""
        return 1 - self.f1 + 1e-6 * self.loss

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {"loss": self.loss, "f1": self.f1, "asked": self.asked}


@dataclass(frozen=True)
class QuestionJudge:
    """Held-out questions to judge a reader by."""

    examples: SpanExamples | ChoiceExamples

    @property
    def num_tokens(self) -> int:
        """Tokens that one validation reads."""
        return int(self.examples.lengths.sum())

    @torch.inference_mode()
    def __call__(self, network: Network) -> QuestionScore:
        """Judge `network`, in the mode it is in."""
        device = next(network.parameters()).device
        loss = found = 0.0
        for numbers in batches(self.examples):
            batch = self.examples.batch(numbers).to(device)
            logits = read_batch(network, batch)
            loss += float(_loss(logits, batch).loss)
            if isinstance(self.examples, SpanExamples):
                said, _ = best_spans(logits.softmax(1), self.examples.longest)
                found += float(_token_f1(said, batch.targets, self.examples.longest).sum())
            else:
                found += float((logits.argmax(1, keepdim=True) == batch.targets).sum())
        number = len(self.examples)
        return QuestionScore(loss / number, found / number, number)


def best_spans(probabilities: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """Of `probabilities` (B, 1 + T L), places as in `SpanReader.read_spans`: the place (B,) of the answer with the greatest
    expected F1 of tokens among the likeliest, and that F1 (B,).
    """
    weights, places = probabilities.topk(min(LIKELIEST, probabilities.shape[1]))  # (B, k)
    f1 = _overlap(places[:, :, None], places[:, None], longest)  # (B, k, k)
    expected, best = (f1 @ weights[..., None])[..., 0].max(1)
    return places.gather(1, best[:, None])[:, 0], expected


def _overlap(one: Tensor, other: Tensor, longest: int) -> Tensor:
    """F1 of the tokens of spans at these places; that of no answer with itself is 1."""
    (first, last), (first_, last_) = _ends(one, longest), _ends(other, longest)
    shared = (torch.minimum(last, last_) - torch.maximum(first, first_) + 1).clamp(min=0)
    both = (one > 0) & (other > 0)
    return torch.where(both, 2 * shared / (last - first + last_ - first_ + 2), (one == other).float())


def _ends(places: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """First and last tokens."""
    first = (places - 1) // longest
    return first, first + (places - 1) % longest


def _token_f1(said: Tensor, targets: Tensor, longest: int) -> Tensor:
    """F1 (B,) with the best of the targets (B, A)."""
    return _overlap(said[:, None], targets, longest).masked_fill(targets < 0, 0).amax(1)


def _pad_numbers(rows: Sequence[npt.NDArray[Any]]) -> Tensor:
    """Arrays of unequal sizes as one tensor of numbers, zeros behind them."""
    shape = np.max([row.shape for row in rows], axis=0)
    padded = np.zeros((len(rows), *shape), np.float32)
    for place, row in zip(padded, rows, strict=True):
        place[tuple(map(slice, row.shape))] = row
    return torch.from_numpy(padded)
