"""The tokens of prepared documents: a tokenizer from an even sample of them, and ids range by range."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from upwell.text.corpus import usual_tokenizer
from upwell.text.decoding import find_cut
from upwell.text.sources import open_source
from upwell.text.tokenizer_training import TRAINING_CHARACTERS, train_tokenizer
from upwell.text.tokenizers import Tokenizer
from upwell.text.words import count_words

RANGE_BYTES = 1 << 22
"""Of a file of documents: what one process tokenizes at a time."""


@dataclass(frozen=True)
class EncodedRange:
    """The ids of some documents."""

    number: int
    ids: NDArray[np.int32]
    """Of all documents, each followed by the end-of-text token."""
    lengths: NDArray[np.int64]
    """Ids of each document, its end token among them (n,)."""
    num_bytes: int
    num_words: int


@functools.lru_cache(maxsize=1)
def _tokenizer_of(content: str) -> Tokenizer:
    """The tokenizer of a tokenizer.json, built once in a process."""
    return Tokenizer.from_json(json.loads(content))


@dataclass(frozen=True)
class Encode:
    """Tokenizes rows of JSON. It can be sent to another process."""

    tokenizer: str
    """Its JSON."""
    alone: bool
    """Whether the process has the machine to itself."""

    def __call__(self, item: tuple[int, bytes]) -> EncodedRange:
        """The ids of range number and rows in `item`."""
        if not self.alone:
            os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the library's own threads would be in each other's way
        tokenizer = _tokenizer_of(self.tokenizer)
        number, rows = item
        texts = list(texts_of(rows))
        encoded = tokenizer.encode_batch(texts)
        end = np.array([tokenizer.end_of_text], np.int32)
        return EncodedRange(
            number,
            np.concatenate([part for ids in encoded for part in (ids, end)]),
            np.array([len(ids) + 1 for ids in encoded], np.int64),
            sum(len(text.encode("utf-8")) for text in texts),
            sum(map(count_words, texts)),
        )


def read_ranges(path: Path, size: int = RANGE_BYTES) -> Iterator[bytes]:
    """A file of rows in ranges of about `size` bytes, cut between rows."""
    with path.open("rb") as file:
        while rows := file.read(size):
            yield rows + (b"" if rows.endswith(b"\n") else file.readline())


def texts_of(rows: bytes) -> Iterator[str]:
    """The texts of rows of JSON, each parsed when it is asked for."""
    return (json.loads(line)["text"] for line in rows.split(b"\n") if line)


def sample_texts(path: Path, characters: int) -> Iterator[str]:
    """About `characters` of the texts in a file of rows, from all over it."""
    total = path.stat().st_size
    ranges = max(1, -(-total // RANGE_BYTES))
    for rows in read_ranges(path):
        due = -(-characters // ranges)
        for text in texts_of(rows):
            if len(text) > due:
                place = find_cut(text, due // 2, due) or due
                text = text[:place]
            due -= len(text)
            yield text
            if due <= 0:
                break


def train_on(path: Path, kind: str | None, vocab_size: int | None) -> Tokenizer:
    """Train a tokenizer on the texts in a file of rows; without a kind, the one that suits the amount of text."""
    if kind is None:
        kind = usual_tokenizer([open_source(path, column="text")])
    wanted = TRAINING_CHARACTERS.get(kind, path.stat().st_size)
    return train_tokenizer(kind, sample_texts(path, wanted), vocab_size=vocab_size)
