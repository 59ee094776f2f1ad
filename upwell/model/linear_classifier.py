"""The linear half of a text classifier: a weight for each n-gram and class.

Shapes: N texts, F n-grams, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse
import torch

from upwell.errors import UserError
from upwell.model.files import load_tensors, save_weights, tensor_shapes
from upwell.text.grams import GramIndex

EXPERTS = ("plain", "ratios")
"""Two ways of having learned the weights, which err differently: by their size alone, and by naive Bayes's ratios."""


@dataclass(frozen=True)
class LinearClassifier:
    """Scores of classes as sums over the n-grams of a text, by each of EXPERTS."""

    index: GramIndex
    weights: dict[str, npt.NDArray[np.float32]]
    """By expert: (F + 1, C), the last row the biases."""

    @property
    def size(self) -> int:
        """Number of weights."""
        return sum(weights.size for weights in self.weights.values())

    def scores(self, texts: Sequence[str]) -> list[npt.NDArray[np.float32]]:
        """(N, C) by each expert, before any softmax."""
        rows = as_rows(self.index, texts)
        return [rows @ self.weights[name][:-1] + self.weights[name][-1] for name in EXPERTS]

    def save(self, path: Path) -> None:
        """As one safetensors file."""
        hashes = torch.from_numpy(self.index.hashes.view(np.int64))
        weights = {name: torch.from_numpy(weights) for name, weights in self.weights.items()}
        save_weights(path, {"hashes": hashes, "rarity": torch.from_numpy(self.index.rarity), **weights})

    @classmethod
    def load(cls, path: Path, *, classes: int) -> Self:
        """The inverse of `save`; a UserError for any other file."""
        (number,) = tensor_shapes(path).get("hashes", (0,))
        shapes: dict[str, tuple[tuple[int, ...], torch.dtype | None]] = {
            "hashes": ((number,), torch.int64),
            "rarity": ((number,), None),
            **dict.fromkeys(EXPERTS, ((number + 1, classes), None)),
        }
        tensors = load_tensors(path, shapes)
        hashes = tensors["hashes"].numpy().view(np.uint64)
        if not (np.diff(hashes) > 0).all() or not all(bool(torch.isfinite(t).all()) for t in tensors.values()):
            raise UserError(f"{path}: is damaged")
        index = GramIndex(hashes, tensors["rarity"].numpy())
        return cls(index, {name: tensors[name].numpy() for name in EXPERTS})


def as_rows(index: GramIndex, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
    """Texts as rows (N, F) of the values of their n-grams."""
    encoded = [index.encode(text) for text in texts]
    ends = np.cumsum([0, *(len(ids) for ids, _ in encoded)])
    ids, values = (np.concatenate(parts) for parts in zip(*encoded, strict=True))
    return scipy.sparse.csr_matrix((values, ids, ends), (len(texts), max(1, len(index.hashes))))
