"""Questions about stories: examples, batches with other names each time, what a reader of them is trained for and judged by.

Words of a class stand for each other (`upwell.text.interchange`), so a story is as good a story with them exchanged. Names are
given anew each time: in a class they are given first to the words of the question, then to those that share a sentence with
them, then to those that share one with these, and so on; among equals chance decides. So what is asked about has the same name in
all questions, and every story is many.

Shapes: N examples, B questions, T sentences of the longest story, J words of the longest sentence, K words of the longest answer,
V words, R readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from upwell.model.network import Network
from upwell.model.state import State
from upwell.model.story_reader import StoryReader
from upwell.training.example_streams import ExampleStream, Ids, pad
from upwell.training.objectives import Batch, Outcome
from upwell.training.reading import batches

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class StoryBatch(Batch):
    """Stories (B, T, J) under other names, and the question that each is read for; `targets` (B, K) are the words of its answer,
    0 behind them."""

    asked: Tensor
    """(B, J)"""
    names: Tensor
    """(B, V) by what each word goes."""


@dataclass(frozen=True)
class StoryExample:
    """A question about a story."""

    sentences: Ids
    """(T, J), 0 behind the words of each."""
    question: Ids
    """(J,), 0 behind its words."""
    answer: Ids
    """(K,), 0 behind its words."""
    distances: npt.NDArray[np.float32]
    """(V,) of each word from the question, those of equal distance less than 1 apart when chance has been added."""


@dataclass(frozen=True)
class StoryExamples:
    """Questions about stories."""

    rows: Sequence[StoryExample]
    classes: Sequence[Ids]
    """The words of each class."""
    ordered: bool = True
    """Whether the order of the sentences of a story tells something; else they are told in another one each time."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> Numbers:
        """Sentences (N,) of each story, at least one."""
        return np.array([max(1, len(row.sentences)) for row in self.rows], np.int64)

    def batch(self, numbers: Numbers, draws: np.random.Generator | None = None) -> StoryBatch:
        """The questions of these `numbers` (B,) as one batch; `draws` chooses the names."""
        draws = draws or np.random.default_rng(0)
        rows = [self.rows[number] for number in numbers]
        names = self._names(np.stack([row.distances for row in rows]), draws)
        told = [row.sentences if self.ordered else draws.permutation(row.sentences) for row in rows]
        return StoryBatch(
            tokens=pad([own[story] for own, story in zip(names, told, strict=True)]),
            targets=pad([own[row.answer] for own, row in zip(names, rows, strict=True)]),
            lengths=torch.tensor([max(1, len(row.sentences)) for row in rows]),
            asked=pad([own[row.question] for own, row in zip(names, rows, strict=True)]),
            names=torch.from_numpy(names),
        )

    def _names(self, distances: npt.NDArray[np.float32], draws: np.random.Generator) -> Numbers:
        """(B, V): the name of each word, in each class those of its words in the order of their distances (B, V)."""
        names = np.tile(np.arange(distances.shape[1]), (len(distances), 1))
        for words in self.classes:
            chance = draws.random((len(distances), len(words)))
            nearest = np.argsort(distances[:, words] + chance, axis=1)
            np.put_along_axis(names, words[nearest], np.tile(words, (len(distances), 1)), axis=1)
        return names


class StoryStream(ExampleStream[StoryExamples]):
    """Questions about stories in batches, under other names each time."""

    def batch(self, step: int, *, rank: int = 0, world: int = 1) -> StoryBatch:
        """Batch number `step`; with `world` processes, the share of rows of process `rank`."""
        draws = np.random.default_rng((self.seed, step, 4))
        batch = self.examples.batch(self._chosen(step), draws)  # whole, so that all processes draw the same
        share = self.rows // world
        return cast(StoryBatch, batch.rows(rank * share, (rank + 1) * share))


def answers_in_words(network: Network, batch: Batch, state: State = None) -> Outcome:
    """-log p of the words of the right answers, summed over the questions, the mean of all readers."""
    loss, _ = judged(network, batch)
    return Outcome(loss.mean(0).sum(), len(batch.targets))


def judged(network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """-log p (R, B) of the words of each right answer, and whether (R, B) all of them are the likeliest."""
    reader, batch = cast(StoryReader, network), cast(StoryBatch, batch)
    found = reader.found(batch.tokens, batch.asked)
    loss = found.new_zeros(found.shape[:2], dtype=torch.float32)
    right = torch.ones_like(loss, dtype=torch.bool)
    for place, (wanted, previous) in enumerate(zip(*_with_previous(batch.targets), strict=True)):
        logits = reader.say(found, place, previous).float()  # (R, B, V)
        loss = loss + F.cross_entropy(logits.transpose(1, 2), wanted.expand(len(logits), -1), reduction="none")
        right &= logits.argmax(2) == wanted
    return loss, right


def _with_previous(targets: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The words (B,) at each place of answers (B, K), and those before them; 0 before the first."""
    columns = targets.unbind(1)
    return columns, (torch.zeros_like(columns[0]), *columns[:-1])


@dataclass(frozen=True)
class StoryScore:
    """How well the best reader answers held-out questions."""

    loss: float
    """Nats a question."""
    accuracy: float
    """Share of the questions whose answer is right, word for word."""
    reader: int
    """Which one it is."""
    asked: int

    @property
    def criterion(self) -> float:
        """Its loss, which tells a reader that has understood from one that guesses well sooner than its answers do."""
        return self.loss

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {"loss": self.loss, "accuracy": self.accuracy, "reader": self.reader, "asked": self.asked}


@dataclass(frozen=True)
class StoryJudge:
    """Held-out questions to judge readers by."""

    examples: StoryExamples

    @property
    def num_tokens(self) -> int:
        """Sentences that one validation reads."""
        return int(self.examples.lengths.sum())

    @torch.inference_mode()
    def __call__(self, network: Network) -> StoryScore:
        """Judge `network`, in the mode it is in."""
        device = next(network.parameters()).device
        loss = right = torch.zeros(cast(StoryReader, network).config.readers, device=device)
        for numbers in batches(self.examples):
            found, fits = judged(network, self.examples.batch(numbers).to(device))
            loss, right = loss + found.sum(1), right + fits.sum(1)
        number, best = len(self.examples), int(loss.argmin())
        return StoryScore(float(loss[best]) / number, float(right[best]) / number, best, number)


@torch.inference_mode()
def say_words(reader: StoryReader, examples: StoryExamples, times: int) -> list[list[tuple[int, float]]]:
    """The words that answer each question, each with its probability; those of one reader, averaged over `times` namings."""
    device = next(reader.parameters()).device
    said: list[list[tuple[int, float]]] = [[] for _ in range(len(examples))]
    for numbers in batches(examples):
        namings = [
            cast(StoryBatch, examples.batch(numbers, np.random.default_rng(time)).to(device)) for time in range(times)
        ]
        found = [reader.found(naming.tokens, naming.asked) for naming in namings]
        words = torch.zeros(len(numbers), dtype=torch.int64, device=device)
        for place in range(reader.config.outputs):
            mean = torch.zeros(len(numbers), reader.config.vocab_size, device=device)
            for naming, one in zip(namings, found, strict=True):
                previous = naming.names.gather(1, words[:, None])[:, 0]
                spoken = reader.say(one, place, previous)[0].float().softmax(1)
                mean += spoken.gather(1, naming.names) / times  # from names back to words
            probabilities, words = mean.max(1)
            for number, word, probability in zip(numbers, words.tolist(), probabilities.tolist(), strict=True):
                said[number].append((word, probability))
    return said
