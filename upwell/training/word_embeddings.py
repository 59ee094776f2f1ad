"""Token embeddings that begin with word vectors from a file.

A token is looked up by its text without the blank before it: as it is written, then in lower case. Of a tokenizer of words
that is every token; of one of pieces those with a blank before them, and others unless they begin with a small letter, as
the insides of words do. What is found is kept in the run, so that going on needs the file no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from upwell.errors import UserError
from upwell.model.config import check_keys
from upwell.model.files import load_tensors, save_weights
from upwell.model.network import Network
from upwell.text.stores import TokenStore
from upwell.text.tokenizers import Tokenizer
from upwell.text.vectors import load_vectors

_ROTATION = 20  # seed: the same one in every run, so that runs that go on need not keep it
_PART = 1 << 22
"""Tokens counted at a time."""


@dataclass(frozen=True)
class WordEmbeddings:
    """The vectors of tokens, as they are in the file."""

    ids: Tensor
    """(K,) int64, the tokens that have one, rising."""
    rows: Tensor
    """(K, E) float32"""
    about: dict[str, Any]
    """What a run's config says of them: see `find_embeddings`."""

    @property
    def dimension(self) -> int:
        """Numbers of a vector, E."""
        return self.rows.shape[1]

    def describe(self) -> str:
        """In words: what was found, what was not, what is frozen."""
        about = self.about
        text = (
            f"{about['file']}: {about['ids']:,} token embeddings begin with a vector of {about['dimension']} numbers; out of "
            f"vocabulary are {about['unknown_id_share']:.1%} of the ids and {about['unknown_token_share']:.1%} of the "
            "training text's tokens"
        )
        if not about["frozen_parameters"]:
            return text
        return f"{text}; frozen are {about['frozen_parameters']:,} parameters, which are counted but never moved"

    @property
    def frozen(self) -> Tensor | None:
        """Rows of the embedding that are to stay (K,), None where all learn."""
        return self.ids if self.about["frozen_parameters"] else None

    @torch.no_grad()
    def begin(self, network: Network) -> None:
        """Put the vectors into the embedding of a network that has just been initialised.

        Those of another width are turned into it (`_of_width`); all are scaled by one factor, so that their mean length is
        that of the embeddings that were drawn.
        """
        weight = network.embedding_weight
        if not (int(self.ids.min()) >= 0 and int(self.ids.max()) < len(weight)):
            raise UserError(
                "vectors.safetensors: holds other tokens than the network has; these files are not of one run"
            )
        rows = _of_width(self.rows, weight.shape[1])
        usual, given = weight.norm(dim=1).mean(), rows.norm(dim=1).mean()
        weight[self.ids] = (rows * (usual / given.clamp(min=1e-12))).to(weight)

    def save(self, path: Path) -> None:
        """Write the tensors; `about` goes into the run's config."""
        save_weights(path, {"ids": self.ids, "rows": self.rows})


_ABOUT = ("file", "dimension", "ids", "unknown_id_share", "unknown_token_share", "frozen_parameters")


def find_embeddings(path: str, tokenizer: Tokenizer, text: TokenStore, *, freeze: bool) -> WordEmbeddings:
    """The vectors in the file `path` of tokens of `tokenizer`, and how much of the training `text` they cover.

    `freeze`: training is not to move them. `about` holds: file; dimension; ids, the tokens with a vector; unknown_id_share
    and unknown_token_share, of ids and of the tokens of the text but end-of-text, that have none; frozen_parameters.
    Raises a UserError for a bad file, and where no token is in it.
    """
    words = token_words(tokenizer)
    wanted = {form for word in words if word is not None for form in (word, word.lower())}
    vectors = load_vectors(path, only=wanted)
    rows = [_row(vectors.index, word) for word in words]
    ids = np.array([token for token, row in enumerate(rows) if row is not None], np.int64)
    found = np.array([row for row in rows if row is not None], np.int64)
    counts = _count_tokens(text, tokenizer.vocab_size)
    counts[tokenizer.end_of_text] = 0
    about = {
        "file": path,
        "dimension": vectors.dimension,
        "ids": len(ids),
        "unknown_id_share": round(1 - len(ids) / tokenizer.vocab_size, 6),
        "unknown_token_share": round(1 - float(counts[ids].sum() / max(1, counts.sum())), 6),
        "frozen_parameters": len(ids) * vectors.dimension if freeze else 0,
    }
    return WordEmbeddings(torch.from_numpy(ids), torch.from_numpy(vectors.matrix[found]), about)


def read_embeddings(path: Path, about: Any) -> WordEmbeddings:
    """What `save` wrote, beside what the config says; a UserError where they do not fit."""
    check_keys(about, known=list(_ABOUT), where="vectors")
    for name in _ABOUT:
        if name not in about:
            raise UserError(f"vectors: missing key {name!r}")
    number, dimension, frozen = (about[name] for name in ("ids", "dimension", "frozen_parameters"))
    if not all(type(size) is int and 0 < size < 1 << 40 for size in (number, dimension)) or type(frozen) is not int:
        raise UserError("vectors: ids, dimension and frozen_parameters must be whole numbers")
    shapes: dict[str, tuple[tuple[int, ...], torch.dtype | None]]
    shapes = {"ids": ((number,), torch.int64), "rows": ((number, dimension), torch.float32)}
    tensors = load_tensors(path, shapes)
    return WordEmbeddings(tensors["ids"], tensors["rows"], dict(about))


def token_words(tokenizer: Tokenizer) -> list[str | None]:
    """The word that each id may stand for, None where it stands for none."""
    return [_word(tokenizer.token_bytes(token), tokenizer.kind) for token in range(tokenizer.vocab_size)]


def _word(spelled: bytes, kind: str) -> str | None:
    try:
        text = spelled.decode("utf-8")
    except UnicodeDecodeError:
        return None
    word = text.removeprefix(" ")
    if not word or word.split() != [word]:
        return None
    return None if kind != "word" and word == text and word[0].islower() else word


def _row(index: dict[str, int], word: str | None) -> int | None:
    return None if word is None else index.get(word, index.get(word.lower()))


def _of_width(rows: Tensor, width: int) -> Tensor:
    """Vectors (K, E) as (K, `width`): a random rotation into more numbers, which keeps all lengths and angles, or the
    `width` directions of greatest variance, which keep most of them.
    """
    number, dimension = rows.shape
    if dimension == width:
        return rows
    if dimension < width:
        drawn = torch.randn(width, dimension, generator=torch.Generator().manual_seed(_ROTATION))
        turned: Tensor = rows @ torch.linalg.qr(drawn).Q.T
        return turned
    *_, directions = torch.linalg.svd(rows, full_matrices=False)  # (min(K, E), E)
    turned = rows @ directions[:width].T
    return torch.cat([turned, turned.new_zeros(number, width - turned.shape[1])], 1)


def _count_tokens(text: TokenStore, vocab_size: int) -> NDArray[np.int64]:
    counts = np.zeros(vocab_size, np.int64)
    for start in range(0, len(text.tokens), _PART):
        counts += np.bincount(text.tokens[start : start + _PART], minlength=vocab_size)
    return counts
