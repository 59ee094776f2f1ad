"""Answers that are chosen from several: features of each choice are weighed, and a network reads each beside the passage.

The weights of the features (`upwell.tasks.choice_features`) are found exactly, as the optimum of a convex problem; the network
learns what they leave open. How far it is trusted is decided on the held-out questions, and not at all unless they speak for it
(docs/experiments.md, "Question answering").

Shapes: N questions, C choices, K features.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.special import log_softmax, softmax

from upwell.api.answering.replies import Reply
from upwell.api.answering.spans import READ, load_features, parts_of, save_features
from upwell.api.members import load_members, save_members
from upwell.api.reader_training import ReaderTraining, UsualNetwork
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.model.files import load_tensors, save_weights
from upwell.model.question_reader import ChoiceReader
from upwell.tasks.choice_features import FEATURES, Floats, choice_features
from upwell.text.labelled import Question
from upwell.text.passages import PassageFeatures, matches_of, tokens_of
from upwell.training.choice_regression import fit_choice
from upwell.training.loop import Result
from upwell.training.options import TrainOptions
from upwell.training.question_examples import (
    ChoiceExample,
    ChoiceExamples,
    QuestionJudge,
    QuestionStream,
    read_batch,
    right_answers,
)
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.reading import batches
from upwell.training.runs import ANSWERER, Run

EMBEDDING = 32
EPOCHS, RATE, DECAY, AVERAGE = 8.0, 1e-3, 0.05, 0.99
FEATURE_DROPOUT = 0.2
USUAL = UsualNetwork("gru", "25k", 1, {"dropout": 0.4, "output_dropout": 0.5})
HELD = 30.0
"""How strongly the weights of features are held to zero."""
DOUBT = 3.0
"""Nats that the network has to save on the held-out questions before it is fully trusted."""
WEIGHTS = "choices.safetensors"
"""The file of a run that holds the weights of the features of choices, and how far the network is trusted."""


@dataclass(frozen=True)
class ChoiceModel:
    """All that chooses among answers."""

    network: ChoiceReader
    features: PassageFeatures
    weights: Floats
    """(K,)"""
    share: float = 1.0
    """By which what the network says is multiplied."""

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """The likeliest choice of each question; a UserError for one that has none."""
        if any(not row.choices for row in questions):
            raise UserError("this run chooses among answers: give each question its choices")
        found = []
        for row, said in zip(questions, self.logits(questions), strict=True):
            probabilities = softmax(said)
            best = int(probabilities.argmax())
            found.append(Reply(row.choices[best], float(probabilities[best]), choice=best))
        return found

    def logits(self, questions: Sequence[Question]) -> list[Floats]:
        """(C,) of each question."""
        examples = ChoiceExamples(
            [encoded(row, self.features, choice_features(row, self.features) @ self.weights) for row in questions]
        )
        return [known + self.share * (said - known) for known, said in self.judgements(examples)]

    def judgements(self, examples: ChoiceExamples) -> list[tuple[Floats, Floats]]:
        """Logits (C,) of each question by its features alone, and by these and the network."""
        read = _read(self.network.eval(), examples)
        return [(example.known, said) for example, said in zip(examples.rows, read, strict=True)]

    def parameters(self) -> dict[str, int]:
        """Of the network and of the features."""
        network = sum(weight.numel() for weight in self.network.parameters())
        return {"total": network + len(self.weights), "network": network, "features": len(self.weights)}

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config."""
        run.write_config({**values, "manner": "choices", **save_members(run, (self.network,))}, ANSWERER)
        save_features(run, self.features)
        weights, share = torch.tensor(self.weights, dtype=torch.float32), torch.tensor([self.share])
        save_weights(run.folder / WEIGHTS, {"weights": weights, "share": share})

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The inverse; a UserError where a file is missing, damaged or of something else."""
        config = run.network_config(ANSWERER)
        if config.head != "choices":
            raise UserError(f"{run.config_path}: the network's head must be choices, not {config.head}")
        path = run.folder / WEIGHTS
        tensors = load_tensors(path, {"weights": ((FEATURES,), torch.float32), "share": ((1,), torch.float32)})
        if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
            raise UserError(f"{path}: holds weights that are not finite numbers")
        (network,) = load_members(run, ANSWERER, device=device, dtype=dtype)
        features = load_features(run, config.vocab_size)
        return cls(network, features, tensors["weights"].numpy(), float(tensors["share"]))


@torch.inference_mode()
def _read(network: ChoiceReader, examples: ChoiceExamples) -> list[Floats]:
    """Logits (C,) of each question, with what is known of its choices."""
    device = next(network.parameters()).device
    found: list[Any] = [None] * len(examples)
    for numbers in batches(examples):
        said = read_batch(network, examples.batch(numbers).to(device)).cpu().numpy()
        for number, row in zip(numbers, said, strict=True):
            found[number] = row[: len(examples.rows[number].asked)]
    return found


def encoded(question: Question, features: PassageFeatures, known: Floats) -> ChoiceExample:
    """What the network is given of a question, with logits (C,) that are `known` of its choices: of a long passage the part that
    fits question and choices best.
    """
    part = next(parts_of(question.context, " ".join([question.question, *question.choices])), None)
    words = part.words if part else ["?"]
    asked = [
        [token.text for token in tokens_of(f"{question.question} {choice}")] or ["?"] for choice in question.choices
    ]
    return ChoiceExample(
        features.encode(words),
        [matches_of(words, one, features) for one in asked],
        [features.encode(one) for one in asked],
        known,
        question.choice or 0,
    )


def weigh(rows: Sequence[Floats], right: Sequence[int]) -> Floats:
    """Weights (K,) of the features, N times (C, K), with which the `right` choices are likeliest, held to zero as if of columns of
    equal spread.
    """
    together = np.concatenate(rows)
    spread = (together.std(0) + 1e-6).astype(np.float32)
    sizes = np.array([len(row) for row in rows])
    wanted = np.zeros(len(together), np.float32)
    wanted[np.cumsum(sizes) - sizes + np.array(right)] = 1
    scaled = csr_matrix((together / spread).astype(np.float32))
    found: Floats = fit_choice(scaled, sizes, wanted, 1 / HELD, np.zeros(FEATURES, np.float32)) / spread
    return found


def trust(model: ChoiceModel, examples: ChoiceExamples) -> float:
    """By how much to multiply what the network says, from 0 to 1, so that held-out `examples` go best, doubt included."""
    judgements = model.judgements(examples)
    right = [example.right for example in examples.rows]

    def loss(share: float) -> float:
        log_p = [log_softmax(known + share * (said - known)) for known, said in judgements]
        return DOUBT * share - sum(float(row[place]) for row, place in zip(log_p, right, strict=True))

    shares: list[float] = np.linspace(0, 1, 21).tolist()
    return min(shares, key=loss)


class ChoiceTraining(ReaderTraining):
    """Questions with choices, ready to be learned from."""

    def __init__(self, train: Sequence[Question], valid: Sequence[Question], options: TrainOptions) -> None:
        """Learn from `train`, choose by `valid`."""
        self.options, self.epochs = options, EPOCHS
        asked = (" ".join([row.question, *row.choices]) for row in train)
        self.features = PassageFeatures.learn((row.context for row in train), asked)
        told, held = ([choice_features(row, self.features) for row in rows] for rows in (train, valid))
        self.weights = weigh(told, [row.choice or 0 for row in train])
        examples, self.held_out = (
            ChoiceExamples(
                [encoded(row, self.features, one @ self.weights) for row, one in zip(rows, given, strict=True)]
            )
            for rows, given in ((train, told), (valid, held))
        )
        self.recipe = reader_recipe(
            examples, options, rows=8, learning_rate=RATE, weight_decay=DECAY, ema=AVERAGE, warmup=0.05, decay=0.95
        )
        self.stream = QuestionStream(examples, self.recipe.rows, self.recipe.seed, feature_dropout=FEATURE_DROPOUT)
        self.config = USUAL.config(
            options,
            task={"head": "choices", "outputs": 1},
            vocab_size=self.features.size,
            context=READ,
            embedding_width=EMBEDDING,
            bags=True,
        )
        self.objective = right_answers
        self.judge = QuestionJudge(self.held_out)

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[ChoiceModel | None, Result]:
        """Train the network, then find how far to trust it; None after an interrupt."""
        network, result = self.train(plan, folder, observe, stopped)
        if not result.finished:
            return None, result
        model = ChoiceModel(network, self.features, self.weights)
        share = trust(model, self.held_out)
        observe("note", {"text": f"beside the features of choices the network counts {share:.2f}"})
        return dataclasses.replace(model, share=share), result
