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


@dataclass(frozen=True)
class LinearClassifier:
    """Scores of classes as sums over the n-grams of a text."""

    index: GramIndex
    weights: npt.NDArray[np.float32]
    """(F + 1, C), the last row the biases."""

    def scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(N, C), before any softmax."""
        found: npt.NDArray[np.float32] = as_rows(self.index, texts) @ self.weights[:-1] + self.weights[-1]
        return found

    def save(self, path: Path) -> None:
        """As one safetensors file."""
        hashes = torch.from_numpy(self.index.hashes.view(np.int64))
        rarity, weights = torch.from_numpy(self.index.rarity), torch.from_numpy(self.weights)
        save_weights(path, {"hashes": hashes, "rarity": rarity, "weights": weights})

    @classmethod
    def load(cls, path: Path, *, classes: int) -> Self:
        """The inverse of `save`; a UserError for any other file."""
        (number,) = tensor_shapes(path).get("hashes", (0,))
        shapes: dict[str, tuple[tuple[int, ...], torch.dtype | None]] = {
            "hashes": ((number,), torch.int64),
            "rarity": ((number,), None),
            "weights": ((number + 1, classes), None),
        }
        tensors = load_tensors(path, shapes)
        hashes = tensors["hashes"].numpy().view(np.uint64)
        if not (np.diff(hashes) > 0).all() or not all(bool(torch.isfinite(t).all()) for t in tensors.values()):
            raise UserError(f"{path}: is damaged")
        return cls(GramIndex(hashes, tensors["rarity"].numpy()), tensors["weights"].numpy())


def as_rows(index: GramIndex, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
    """Texts as rows (N, F) of the values of their n-grams."""
    encoded = [index.encode(text) for text in texts]
    ends = np.cumsum([0, *(len(ids) for ids, _ in encoded)])
    ids, values = (np.concatenate(parts) for parts in zip(*encoded, strict=True))
    return scipy.sparse.csr_matrix((values, ids, ends), (len(texts), max(1, len(index.hashes))))
