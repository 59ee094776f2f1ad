"""Answers that are pieces of the passage: what finds them and how it learns.

Of a passage that is too long to be read at once the parts are read that fit the question best (BM25, `upwell.tasks.retrieval`);
the softmax is over the spans of all of them together (Clark & Gardner 2018, section 3.3).

Shapes: T tokens, L tokens of the longest span.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from torch import Tensor

from upwell.api.answering.replies import Reply
from upwell.api.members import load_members, save_members
from upwell.api.reader_training import ReaderTraining, UsualNetwork
from upwell.api.starting import Start
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.model.files import load_tensors, save_weights, tensor_shapes
from upwell.model.question_reader import SpanReader
from upwell.tasks.baselines import sliding_window
from upwell.tasks.retrieval import PassageIndex
from upwell.text.labelled import Question
from upwell.text.passages import PassageFeatures, Token, matches_of, tokens_of
from upwell.training.example_streams import Ids
from upwell.training.loop import Result
from upwell.training.options import TrainOptions
from upwell.training.question_examples import (
    QuestionJudge,
    QuestionStream,
    SpanExample,
    SpanExamples,
    best_spans,
    read_batch,
    right_answers,
)
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.reading import batches
from upwell.training.runs import ANSWERER, Run

EMBEDDING = 64
LONGEST = 40
"""Tokens of an answer."""
CROP = 200
"""Tokens of a passage that training reads."""
READ = 1000
"""Tokens of a passage that are read at once where it is asked."""
PARTS, PART_WORDS, OVERLAP_WORDS = 4, 350, 50
"""Of longer passages: how many parts are read, and their words."""
AT_ONCE = 256
"""Questions that are answered together."""
MEMBERS, FEW_QUESTIONS = 3, 20_000
"""Networks that are averaged where there are no more than so many questions."""
EPOCHS, RATE, DECAY, AVERAGE = 6.0, 2e-3, 0.01, 0.995
FEATURE_DROPOUT = 0.1
USUAL = UsualNetwork("gru", "230k", 2, {"dropout": 0.3, "output_dropout": 0.3})
FEATURES = "features.safetensors"
"""The file of a run that holds the features of tokens."""


@dataclass(frozen=True)
class Part:
    """What is read at once of a passage."""

    tokens: list[Token]
    offset: int
    """The character of the passage at which the part begins."""

    @property
    def words(self) -> list[str]:
        """The texts of the tokens."""
        return [token.text for token in self.tokens]


@dataclass(frozen=True)
class SpanModel:
    """All that finds the piece of a passage that answers."""

    networks: tuple[SpanReader, ...]
    """Their probabilities are averaged."""
    features: PassageFeatures

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """The piece with the greatest expected F1, or an empty one."""
        found: list[Reply] = []
        for start in range(0, len(questions), AT_ONCE):
            found += self._answer(questions[start : start + AT_ONCE])
        return found

    def parameters(self) -> dict[str, int]:
        """Of the networks together."""
        total = sum(weight.numel() for network in self.networks for weight in network.parameters())
        return {"total": total, "network" if len(self.networks) == 1 else "networks": total}

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config."""
        run.write_config({**values, "manner": "spans", **save_members(run, self.networks)}, ANSWERER)
        save_features(run, self.features)

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The inverse; a UserError where a file is missing, damaged or of something else."""
        config = run.network_config(ANSWERER)
        if config.head != "spans":
            raise UserError(f"{run.config_path}: the network's head must be spans, not {config.head}")
        networks = cast(tuple[SpanReader, ...], load_members(run, ANSWERER, device=device, dtype=dtype))
        return cls(networks, load_features(run, config.vocab_size))

    @torch.inference_mode()
    def _answer(self, questions: Sequence[Question]) -> list[Reply]:
        parts = [list(parts_of(row.context, row.question)) for row in questions]
        examples = [
            encoded(part.words, self.features.encode(part.words), row.question, self.features)
            for row, some in zip(questions, parts, strict=True)
            for part in some
        ]
        said = [iter(_logits(network, SpanExamples(examples, LONGEST, READ))) for network in self.networks]
        return [
            self._reply(row, some, [together(list(itertools.islice(one, len(some)))) for one in said])
            for row, some in zip(questions, parts, strict=True)
        ]

    def _reply(self, question: Question, parts: Sequence[Part], said: Sequence[Sequence[Tensor]]) -> Reply:
        """What `said`, probabilities by network and part, comes to."""
        if not parts:
            return Reply("", 1.0)
        longest = self.networks[0].config.outputs
        candidates = []
        for part, *rows in zip(parts, *said, strict=True):
            probabilities = torch.stack(rows).mean(0)
            best, expected = best_spans(probabilities[None], longest)
            candidates.append((float(expected), int(best), float(probabilities[best]), part))
        _, place, probability, part = max(candidates, key=lambda candidate: candidate[0])
        if place == 0:
            return Reply("", probability)
        first, length = divmod(place - 1, longest)
        last = min(first + length, len(part.tokens) - 1)
        start, end = part.offset + part.tokens[first].start, part.offset + part.tokens[last].end
        return Reply(question.context[start:end], probability, start=start)


def _logits(network: SpanReader, examples: SpanExamples) -> list[Tensor]:
    """(1 + T L,) of each example."""
    device, longest = next(network.parameters()).device, network.config.outputs
    found: list[Any] = [None] * len(examples)
    for numbers in batches(examples):
        batch = examples.batch(numbers).to(device)
        assert batch.lengths is not None
        said = read_batch(network.eval(), batch).cpu()
        for number, row, length in zip(numbers, said, batch.lengths.tolist(), strict=True):
            found[number] = row[: 1 + length * longest]
    return found


def together(logits: Sequence[Tensor]) -> list[Tensor]:
    """Probabilities of the spans of all parts of a passage together, and of there being no answer in any, of each part's
    logits (1 + T L,)."""
    if not logits:
        return []
    none = torch.stack([row[0] for row in logits]).min()
    total = torch.cat([none[None], *(row[1:] for row in logits)]).logsumexp(0)
    return [(torch.cat([none[None], row[1:]]) - total).exp() for row in logits]


def parts_of(context: str, question: str) -> Iterator[Part]:
    """The parts of a passage that are read; none where it holds no token."""
    tokens = tokens_of(context)
    if not tokens:
        return
    if len(tokens) <= READ:
        yield Part(tokens, 0)
        return
    index = _index(context)
    passages = [hit.passage for hit in index.search(question, number=PARTS)] or index.passages[:PARTS]
    for passage in passages:
        yield Part(tokens_of(passage.text)[:READ], passage.start)


@lru_cache(maxsize=8)
def _index(context: str) -> PassageIndex:
    return PassageIndex([context], words=PART_WORDS, overlap=OVERLAP_WORDS)


def encoded(
    words: Sequence[str],
    bags: Ids,
    question: str,
    features: PassageFeatures,
    spans: Sequence[tuple[int, int]] = (),
) -> SpanExample:
    """What a reader is given of a passage of `words` that are `bags`; a question without a token is a question mark."""
    asked = [token.text for token in tokens_of(question)] or ["?"]
    places = np.array(sorted(set(spans)), np.int64).reshape(-1, 2)
    return SpanExample(bags, matches_of(words, asked, features), features.encode(asked), places)


def examples_of(questions: Sequence[Question], features: PassageFeatures) -> list[SpanExample]:
    """Questions with their right spans, without those whose answers do not stand in the passage."""
    passages = {context: tokens_of(context) for context in {row.context for row in questions}}
    bags = {context: features.encode([token.text for token in tokens]) for context, tokens in passages.items()}
    found = []
    for row in questions:
        passage = passages[row.context]
        spans = [span for answer in row.answers if (span := _span(passage, answer.text, answer.start)) is not None]
        if passage and (spans or not row.answers):
            words = [token.text for token in passage]
            found.append(encoded(words, bags[row.context], row.question, features, spans))
    return found


def _span(passage: Sequence[Token], text: str, start: int | None) -> tuple[int, int] | None:
    """First and last token of an answer."""
    if start is None:
        return None
    inside = [place for place, token in enumerate(passage) if token.end > start and token.start < start + len(text)]
    return (inside[0], inside[-1]) if inside else None


class SpanTraining(ReaderTraining):
    """Questions whose answers are pieces of their passages, ready to be learned from."""

    def __init__(
        self,
        train: Sequence[Question],
        valid: Sequence[Question],
        options: TrainOptions,
        start: Start | None = None,
    ) -> None:
        """Learn from `train`, choose by `valid`; `start`: a run of this manner to begin with."""
        self.options, self.epochs, self.start = options, EPOCHS, start
        self.members = MEMBERS if len(train) <= FEW_QUESTIONS else 1
        if start:
            self.features = load_features(start.run, start.config.vocab_size)
        else:
            self.features = PassageFeatures.learn((row.context for row in train), (row.question for row in train))
        rows, held_out = examples_of(train, self.features), examples_of(valid, self.features)
        if not rows or not held_out:
            raise UserError(
                "no question is left to learn from, or none to choose by: answers must stand in the passage"
            )
        for row in valid:  # what is missing to read long passages is said before anything is learned
            next(parts_of(row.context, row.question), None)
        examples = SpanExamples(rows, LONGEST, CROP)
        self.recipe = reader_recipe(
            examples, options, rows=32, learning_rate=RATE, weight_decay=DECAY, ema=AVERAGE, warmup=0.05, decay=0.95
        )
        self.stream = QuestionStream(examples, self.recipe.rows, self.recipe.seed, feature_dropout=FEATURE_DROPOUT)
        self.config = USUAL.config(
            options,
            start,
            task={"head": "spans", "outputs": LONGEST},
            vocab_size=self.features.size,
            context=READ,
            embedding_width=EMBEDDING,
            bags=True,
        )
        self.objective = right_answers
        self.judge = QuestionJudge(SpanExamples(held_out, LONGEST, READ))

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[SpanModel | None, Result]:
        """Train the networks one after the other; None after an interrupt."""
        networks, result = self.train_members(plan, folder, observe, stopped)
        return (SpanModel(networks, self.features) if result.finished else None), result


def save_features(run: Run, features: PassageFeatures) -> None:
    """Write the features of tokens into a run."""
    hashes = torch.from_numpy(features.hashes.view(np.int64))
    passages, total = torch.from_numpy(features.passages), torch.tensor([features.total])
    save_weights(run.folder / FEATURES, {"hashes": hashes, "passages": passages, "total": total})


def load_features(run: Run, size: int) -> PassageFeatures:
    """The features of a run, `size` ids; a UserError where they are missing, damaged or of something else."""
    path = run.folder / FEATURES
    shape = tensor_shapes(path).get("hashes", (0,))
    whole = torch.int64
    tensors = load_tensors(path, {"hashes": (shape, whole), "passages": (shape, whole), "total": ((1,), whole)})
    total, passages = int(tensors["total"]), tensors["passages"].numpy()
    features = PassageFeatures(tensors["hashes"].numpy().view(np.uint64), passages, total)
    ordered = bool((np.diff(features.hashes) > 0).all())
    if features.size != size or not ordered or total < 1 or not ((passages >= 0) & (passages <= total)).all():
        raise UserError(f"{path}: is not of this run, or damaged")
    return features


def guesses(train: Sequence[Question], valid: Sequence[Question]) -> list[str]:
    """What the sliding window says."""
    return [sliding_window(row) for row in valid]
