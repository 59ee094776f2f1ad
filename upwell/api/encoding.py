"""Encoders: networks that have learned of unlabelled texts, by telling masked tokens, what a task may begin with.

Shapes: N texts, T tokens, D width.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from upwell.api.embedding import embed, encode, tokenizer_of
from upwell.api.labelled_task import score
from upwell.api.members import load_members, save_members
from upwell.api.reader_training import ReaderTraining, UsualNetwork
from upwell.api.starting import Start
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.model.machine import choose_device
from upwell.model.network import Network
from upwell.tasks.metrics import Measure, ratio
from upwell.text.labelled import Labelled, LabelledText
from upwell.text.sources import Source, open_sources
from upwell.text.tokenizers import Ids, Tokenizer
from upwell.training.compute import torch_dtype
from upwell.training.example_streams import Examples
from upwell.training.loop import Result
from upwell.training.masking import MaskedJudge, MaskedStream, MaskedTokens
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.runs import ENCODER, Run

CONTEXT = 256
"""Tokens of a text that are read together; a longer one is cut."""
PASSAGE = 1000
"""Characters of a part of a document that has lines."""
EPOCHS, RATE, DECAY = 40.0, 3e-3, 0.01
USUAL = UsualNetwork("gru", "250k", 1, {"dropout": 0.1})
"""The shape of a classifier's."""


@dataclass(frozen=True)
class EncoderModel:
    """A network that reads both ways, and its tokenizer."""

    network: Network
    tokenizer: Tokenizer

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config."""
        run.write_config({**values, **save_members(run, (self.network,))}, ENCODER)
        self.tokenizer.save(run.tokenizer_path)

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The encoder of a run; a UserError where a file is missing, damaged or of something else."""
        (network,) = load_members(run, ENCODER, device=device, dtype=dtype)
        return cls(network, Tokenizer.load(run.tokenizer_path))


class Encoder:
    """Texts as vectors, by a network that has learned of texts alone."""

    def __init__(self, model: EncoderModel) -> None:
        self.model = model

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, device: str | None = None, dtype: str | None = None) -> Self:
        """The encoder of the run at `path`, which `upwell train TEXTS --task encode` has made."""
        wanted = torch_dtype(dtype or "float32")
        return cls(EncoderModel.load(Run(Path(path)), device=choose_device(device), dtype=wanted))

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors (N, 2 D), of length one: mean and maximum over the tokens of each text, of a long one without its middle."""
        network = self.model.network
        return embed(network, encode(self.model.tokenizer, texts, network.config.context))


class EncoderTraining(ReaderTraining):
    """Unlabelled texts, ready to be learned from."""

    def __init__(
        self,
        train: Sequence[LabelledText],
        valid: Sequence[LabelledText],
        options: TrainOptions,
        start: Start | None = None,
    ) -> None:
        """Learn from `train`, choose by `valid`; `start`: an encoder to go on with."""
        self.options, self.epochs, self.start = options, EPOCHS, start
        self.tokenizer = start.tokenizer if start else tokenizer_of([row.text for row in train], options)
        self.config = USUAL.config(
            options, start, task={}, vocab_size=self.tokenizer.vocab_size, context=options.context or CONTEXT
        )
        examples, held_out = (self._examples([row.text for row in rows]) for rows in (train, valid))
        self.recipe = reader_recipe(examples, options, rows=32, learning_rate=RATE, weight_decay=DECAY)
        self.stream = MaskedStream(examples, self.recipe.rows, self.recipe.seed, vocab_size=self.tokenizer.vocab_size)
        self.objective = MaskedTokens()
        self.judge = MaskedJudge(held_out)

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[EncoderModel | None, Result]:
        """Train the network; None after an interrupt."""
        network, result = self.train(plan, folder, observe, stopped)
        return (EncoderModel(network, self.tokenizer) if result.finished else None), result

    def _examples(self, texts: Sequence[str]) -> Examples:
        tokens = pieces(self.tokenizer, texts, self.config.context)
        return Examples(tokens, np.zeros(len(tokens), np.int64))


class Encode:
    """Unlabelled texts."""

    kind = ENCODER
    roles = ()
    foreign = ("separator", "columns", "script")
    begins_with = (ENCODER,)

    def read(self, sources: Sequence[str], columns: dict[str, str], options: TrainOptions) -> Labelled[LabelledText]:
        """Texts: each row of a table; of plain text and documents parts of some lines."""
        opened = open_sources(sources, encoding=options.encoding, errors=options.errors, column=options.column)
        texts = dict.fromkeys(text for source in opened for document in documents(source) for text in cut(document))
        rows = tuple(LabelledText(text, ()) for text in texts)
        if not rows:
            raise UserError(f"{', '.join(sources)}: holds no text to learn from")
        return Labelled(name=", ".join(source.description for source in opened), noun="texts", rows=rows, columns=())

    def training(
        self,
        train: Labelled[LabelledText],
        valid: Labelled[LabelledText],
        options: TrainOptions,
        start: Start | None = None,
    ) -> EncoderTraining:
        """Ready to learn."""
        return EncoderTraining(train.rows, valid.rows, options, start)

    def parameters(self, model: EncoderModel, plan: ReaderPlan) -> dict[str, int]:
        """Of the network."""
        return {"total": plan.parameters["total"], "network": plan.parameters["total"]}

    def examine(
        self, model: EncoderModel, train: Labelled[LabelledText], valid: Labelled[LabelledText]
    ) -> dict[str, Any]:
        """Of masked tokens of the held-out texts: share that is told, and nats of each. Baseline: how frequent tokens are in the
        training texts.
        """
        tokenizer, config = model.tokenizer, model.network.config
        tokens = pieces(tokenizer, [row.text for row in valid.rows], config.context)
        judge = MaskedJudge(Examples(tokens, np.zeros(len(tokens), np.int64)))
        frequency = np.bincount(
            np.concatenate(pieces(tokenizer, [row.text for row in train.rows], config.context)),
            minlength=tokenizer.vocab_size,
        )
        log_p = np.log((frequency + 1) / (frequency + 1).sum())
        sums = np.zeros((len(tokens), 5))  # asked, right, nats, and the baseline's right, nats
        for rows, targets, nats, hits in judge.told(model.network):
            guessed = (targets == int(frequency.argmax()), -log_p[targets])
            np.add.at(sums, rows, np.stack([np.ones(len(rows)), hits, nats, *guessed], axis=1))
        asked, right, loss, common, unigram = sums[sums[:, 0] > 0].T

        def of(parts: npt.NDArray[np.float64]) -> Measure:
            return ratio(list(zip(parts, asked, strict=True)))

        return {
            "scores": {"accuracy": score(of(right), of(common)), "loss": score(of(loss), of(unigram))},
            "details": {"labels": {}, "confusions": []},
            "baseline": "the most frequent",
        }


def documents(source: Source) -> Iterator[str]:
    """The texts of a source, whole."""
    parts: list[str] = []
    for piece in source.pieces():
        parts.append(piece.text)
        if piece.ends_document:
            yield "".join(parts)
            parts = []


def cut(document: str) -> Iterator[str]:
    """Parts of a document: whole lines, together as long as they have no more than PASSAGE characters."""
    part: list[str] = []
    for line in document.splitlines():
        if part and sum(map(len, part)) + len(line) > PASSAGE:
            yield "\n".join(part)
            part = []
        if line.strip():
            part.append(line.strip())
    if part:
        yield "\n".join(part)


def pieces(tokenizer: Tokenizer, texts: Sequence[str], context: int) -> list[Ids]:
    """Token ids of texts, cut where they are longer than `context`."""
    found = []
    for ids in tokenizer.encode_batch(list(texts)):
        found += [ids[begin : begin + context] for begin in range(0, len(ids), context)]
    return found
