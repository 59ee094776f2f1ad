"""What a classifier is and how it learns: a network and a weight for each n-gram, whose judgements are joined.

They err in different ways. The network reads words in their order; the n-grams know which words and spellings speak for
a class, and a convex problem finds their weights exactly, in two ways (`upwell.model.linear_classifier`). log p is the sum of
theirs, each times a share, normalised (a product of experts, Hinton 2002); the shares make the loss on held-out texts least, so
that the probabilities are calibrated as well (Guo et al. 2017). docs/experiments.md, "Classifiers", has what each part is worth.

Shapes: N texts, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import log_expit, log_softmax

from upwell.api.embedding import encode
from upwell.api.members import load_members, save_members
from upwell.errors import UserError
from upwell.model.linear_classifier import EXPERTS, LinearClassifier, as_rows
from upwell.model.reader import Reader
from upwell.text.grams import MOST, GramIndex
from upwell.text.tokenizers import Tokenizer
from upwell.training.example_streams import Examples
from upwell.training.logistic_regression import MOST_WEIGHTS, choose_linear, class_ratios
from upwell.training.reading import read_all
from upwell.training.runs import CLASSIFIER, Run

FEW_HELD_OUT = 20
"""With fewer held-out texts all have equal shares: there is too little to tell which is surer."""
HOLD = 0.01
"""How strongly the shares are held to equal ones."""

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ClassifierModel:
    """All that says what class a text is of."""

    networks: tuple[Reader, ...]
    """Their judgements are averaged."""
    tokenizer: Tokenizer
    linear: LinearClassifier
    labels: tuple[str, ...]
    several: bool
    """Whether a text may have several of them, or none."""
    shares: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3)
    """Of the judgements of the networks together and of the n-grams' experts."""

    def log_probabilities(self, texts: Sequence[str]) -> Floats:
        """(N, C); where a text may have several classes, of each being there."""
        if not texts:
            return np.zeros((0, len(self.labels)))
        return joined(self.judgements(texts), self.shares, several=self.several)

    def predict(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """The likeliest class of each text; where a text may have several, those likelier than not."""
        return self.decide(self.log_probabilities(texts))

    def decide(self, log_p: Floats) -> list[tuple[str, ...]]:
        """The same, of log-probabilities (N, C)."""
        if not self.several:
            return [(self.labels[place],) for place in log_p.argmax(1)]
        return [tuple(self.labels[place] for place in np.flatnonzero(row > np.log(0.5))) for row in log_p]

    def judgements(self, texts: Sequence[str]) -> list[Floats]:
        """Scores (N, C) of the networks together and of each of the n-grams' experts, before any softmax."""
        tokens = encode(self.tokenizer, texts, self.networks[0].config.context)
        examples = Examples(tokens, np.zeros(len(texts), np.int64))
        said = np.mean([np.stack(read_all(network.eval(), examples)) for network in self.networks], axis=0)
        return [said, *self.linear.scores(texts)]

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config."""
        about = {"labels": list(self.labels), "several": self.several, "shares": list(self.shares)}
        run.write_config({**values, **about, **save_members(run, self.networks)}, CLASSIFIER)
        self.tokenizer.save(run.tokenizer_path)
        self.linear.save(run.folder / LINEAR)

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The classifier of a run; a UserError where a file is missing, damaged or of something else."""
        values = run.config(CLASSIFIER)
        config = run.network_config(CLASSIFIER)
        labels: Any = values.get("labels")
        shares: Any = values.get("shares")
        if "shares" not in values:
            raise UserError(f"{run.folder}: its training has not come to its end; upwell train --resume {run.folder}")
        if not _are(labels, str, config.outputs):
            raise UserError(f"{run.config_path}: labels must be the names of the network's {config.outputs} classes")
        if not _are(shares, float, 1 + len(EXPERTS)):
            raise UserError(f"{run.config_path}: shares must be {1 + len(EXPERTS)} numbers")
        networks = load_members(run, CLASSIFIER, device=device, dtype=dtype)
        linear = LinearClassifier.load(run.folder / LINEAR, classes=len(labels))
        tokenizer = Tokenizer.load(run.tokenizer_path)
        return cls(networks, tokenizer, linear, tuple(labels), values.get("several") is True, tuple(shares))


def _are(values: Any, kind: type, number: int) -> bool:
    return isinstance(values, list) and len(values) == number and all(type(value) is kind for value in values)


LINEAR = "ngrams.safetensors"
"""The file of a run that holds the n-grams and their weights."""


def targets_of(labels: Sequence[Sequence[str]], names: Sequence[str]) -> npt.NDArray[np.float32]:
    """1 where a text has a class (N, C)."""
    place = {name: i for i, name in enumerate(names)}
    targets = np.zeros((len(labels), len(names)), np.float32)
    for row, given in zip(targets, labels, strict=True):
        row[[place[label] for label in given if label in place]] = 1
    return targets


def learn_linear(train: Sequence[str], targets: Floats, valid: Sequence[str], wanted: Floats) -> LinearClassifier:
    """The linear half of `train` with `targets` (N, C), as suits `valid` with targets `wanted` best."""
    index = GramIndex.learn(train, most=min(MOST, max(1, MOST_WEIGHTS // targets.shape[1])))
    rows, held_out = as_rows(index, train), as_rows(index, valid)
    scales: tuple[Floats | float, ...] = (1.0, class_ratios(rows, targets))
    weights = {
        name: choose_linear(rows, targets, held_out, wanted, scale)[0]
        for name, scale in zip(EXPERTS, scales, strict=True)
    }
    return LinearClassifier(index, weights)


def joined(judgements: Sequence[Floats], shares: Sequence[float] | Floats, *, several: bool) -> Floats:
    """Log-probabilities (N, C) of all scores together."""
    normalise: Callable[[Floats], Floats] = (lambda x: x) if several else (lambda x: log_softmax(x, 1))
    scores = sum(share * normalise(said) for share, said in zip(shares, judgements, strict=True))
    found: Floats = log_expit(scores) if several else log_softmax(scores, 1)
    return found


def fit_shares(judgements: Sequence[Floats], wanted: Floats, *, several: bool) -> tuple[float, ...]:
    """The shares with which the loss on held-out texts with targets `wanted` (N, C) is least."""
    even = np.full(len(judgements), 1 / len(judgements))
    if len(wanted) < FEW_HELD_OUT:
        return tuple(even.tolist())
    from scipy.optimize import minimize  # half a second to load, and only learning needs it

    def loss(shares: Floats) -> float:
        said = joined(judgements, shares, several=several)
        found = -(wanted * said).sum()
        if several:
            found -= ((1 - wanted) * np.log(-np.expm1(np.minimum(said, -1e-12)))).sum()
        return float(found / len(wanted) + HOLD * np.square(shares - even).sum())

    found = minimize(loss, even, method="L-BFGS-B", bounds=[(0.0, 3.0)] * len(even))
    return tuple(found.x.tolist())
