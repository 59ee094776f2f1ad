"""How units of a document are weighed: features and n-grams, each with a weight, all found at once as the optimum of a convex problem.

Shapes: U units, K features, F n-grams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.sparse
import torch

from upwell.errors import UserError
from upwell.model.files import load_tensors, save_weights, tensor_shapes
from upwell.model.linear_classifier import as_rows
from upwell.tasks.overlap import Reference
from upwell.tasks.unit_features import FEATURES, Document, Floats, unit_features
from upwell.text.grams import GramIndex
from upwell.text.passages import PassageFeatures
from upwell.training.choice_regression import fit_choice, log_shares

MOST_GRAMS = 200_000
PENALTIES = (0.1, 0.3, 1.0, 3.0)
"""Strengths that are tried: a larger one holds the weights less."""
SHARPNESS = 20.0
"""Of the wanted shares: a unit's is e to so many times its ROUGE."""
LEAST_SPREAD = 0.02
"""Of a feature: one that hardly differs between units says nothing."""
SPREAD = 3.0
"""How much more easily than those of n-grams the weights of features grow."""


@dataclass(frozen=True)
class UnitScorer:
    """Says of each unit of a document how well it makes a summary."""

    known: PassageFeatures
    usual: float
    """Words of a usual summary."""
    index: GramIndex
    bounds: Floats
    """(2, K) Least and greatest value of each feature that was seen: those of a much longer document go no further."""
    weights: Floats
    """(K + F,) of the features, then of the n-grams."""

    @property
    def size(self) -> int:
        """Number of weights."""
        return len(self.weights)

    def log_shares(self, document: Document) -> Floats:
        """(U,) Log of each unit's share."""
        grams = as_rows(self.index, [document.text[unit.start : unit.end] for unit in document.units])
        features = np.clip(unit_features(document, self.known, self.usual), *self.bounds)
        scores = features @ self.weights[:FEATURES] + grams @ self.weights[FEATURES:]
        return log_shares(scores, np.array([len(document.units)]))

    def save(self, path: Path) -> None:
        """As one safetensors file, without the features of tokens."""
        tensors = {"hashes": self.index.hashes.view(np.int64), "rarity": self.index.rarity, "weights": self.weights}
        numbers = {"usual": torch.tensor([self.usual]), "bounds": torch.from_numpy(self.bounds).float()}
        save_weights(path, {**numbers, **{name: torch.from_numpy(one) for name, one in tensors.items()}})

    @classmethod
    def load(cls, path: Path, known: PassageFeatures) -> Self:
        """The inverse of `save`; a UserError for any other file."""
        (number,) = tensor_shapes(path).get("hashes", (0,))
        tensors = load_tensors(
            path,
            {
                "hashes": ((number,), torch.int64),
                "rarity": ((number,), None),
                "weights": ((FEATURES + number,), None),
                "bounds": ((2, FEATURES), None),
                "usual": ((1,), None),
            },
        )
        hashes, usual = tensors["hashes"].numpy().view(np.uint64), float(tensors["usual"])
        finite = all(bool(torch.isfinite(one).all()) for one in tensors.values())
        if not (np.diff(hashes) > 0).all() or not finite or usual <= 0:
            raise UserError(f"{path}: is damaged")
        index = GramIndex(hashes, tensors["rarity"].numpy())
        return cls(known, usual, index, tensors["bounds"].numpy(), tensors["weights"].numpy())


def learn_scorer(
    train: Sequence[tuple[Document, Reference]],
    valid: Sequence[tuple[Document, Reference]],
    known: PassageFeatures,
    usual: float,
) -> UnitScorer:
    """The scorer of documents with their summaries, held to zero as suits `valid` best."""
    texts = [document.text[unit.start : unit.end] for document, _ in train for unit in document.units]
    index = GramIndex.learn(texts, most=MOST_GRAMS)
    rows, sizes, shares = _problem(train, index, known, usual)
    held, held_sizes, wanted = _problem(valid, index, known, usual)
    features = rows[:, :FEATURES].toarray()
    bounds, spread = np.stack([features.min(0), features.max(0)]), np.maximum(features.std(0), LEAST_SPREAD)
    scale = np.concatenate([SPREAD / spread, np.ones(len(index.hashes))]).astype(np.float32)
    scaled = (rows @ scipy.sparse.diags(scale)).tocsr()
    weights, tried = np.zeros(len(scale), np.float32), []
    for penalty in PENALTIES:
        weights = fit_choice(scaled, sizes, shares, penalty, weights)
        loss = -float(wanted @ log_shares(held @ (weights * scale), held_sizes))
        tried.append((loss, penalty, weights * scale))
    _, _, best = min(tried, key=lambda one: one[:2])
    return UnitScorer(known, usual, index, bounds, best)


def _problem(
    pairs: Sequence[tuple[Document, Reference]], index: GramIndex, known: PassageFeatures, usual: float
) -> tuple[Any, Any, Any]:
    """Units as rows of features and n-grams, how many each document has, and what share each should have."""
    texts = [document.text[unit.start : unit.end] for document, _ in pairs for unit in document.units]
    features = np.concatenate([unit_features(document, known, usual) for document, _ in pairs])
    rows = scipy.sparse.hstack([features.astype(np.float32), as_rows(index, texts)]).tocsr()
    sizes = np.array([len(document.units) for document, _ in pairs])
    worth = np.array([reference.rouge(words).mean for document, reference in pairs for words in document.words])
    return rows, sizes, np.exp(log_shares(SHARPNESS * worth, sizes)).astype(np.float32)
