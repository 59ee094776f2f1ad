"""Writing word vectors in the formats of the original Word2Vec program: text, or binary."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from upwell.errors import UserError
from upwell.text.files import atomic_write_chunks
from upwell.text.vectors.word_vectors import WordVectors

TEXT_ENDINGS, BINARY_ENDINGS = (".txt", ".vec"), (".bin",)
_ROWS = 4096
"""Rows that are put into bytes at a time."""


def save_vectors(vectors: WordVectors, path: str | os.PathLike[str]) -> None:
    """Write `vectors` to `path`, all at once: as text if its name ends in .txt or .vec, as binary if in .bin.

    Text gives each number in the fewest digits that read back as the same float32. Raises UserError for another ending,
    and for a word that the format cannot hold; OSError, such as for a full disk, leaves what was there before.
    """
    chunks = writer_for(path)
    for row, word in enumerate(vectors.words):
        if not word or word != word.strip() or any(character in word for character in "\n\r\t "):
            raise UserError(
                f"{path}: word {row + 1}, {word!r}, is empty or holds a blank, which ends a word in this format"
            )
    atomic_write_chunks(path, chunks(vectors))


def writer_for(path: str | os.PathLike[str]) -> Callable[[WordVectors], Iterator[bytes]]:
    """What makes the bytes of a file of that name; a UserError if its ending stands for no format."""
    ending = Path(path).suffix.lower()
    if ending in BINARY_ENDINGS:
        return _binary
    if ending in TEXT_ENDINGS:
        return _text
    raise UserError(f"{path}: let the name end in {' or '.join(TEXT_ENDINGS)} (text), or {BINARY_ENDINGS[0]} (binary)")


def _text(vectors: WordVectors) -> Iterator[bytes]:
    yield f"{len(vectors)} {vectors.dimension}\n".encode("ascii")
    for start in range(0, len(vectors), _ROWS):
        words, numbers = (
            vectors.words[start : start + _ROWS],
            vectors.matrix[start : start + _ROWS].astype("U").tolist(),
        )
        yield "".join([f"{word} {' '.join(row)}\n" for word, row in zip(words, numbers, strict=True)]).encode("utf-8")


def _binary(vectors: WordVectors) -> Iterator[bytes]:
    yield f"{len(vectors)} {vectors.dimension}\n".encode("ascii")
    layout = struct.Struct(f"{4 * vectors.dimension}s")
    for start in range(0, len(vectors), _ROWS):
        numbers = layout.iter_unpack(vectors.matrix[start : start + _ROWS].astype("<f4").tobytes())
        words = vectors.words[start : start + _ROWS]
        yield b"".join([word.encode("utf-8") + b" " + row + b"\n" for word, (row,) in zip(words, numbers, strict=True)])
