"""Token stores: the token ids of a text on disk, mapped into memory when they are read.

A store is a folder:

- tokens.bin: all ids, one after the other, little-endian, in the smallest unsigned type that holds the vocabulary; each
  document is followed by the end-of-text token.
- offsets.bin: int64, where each document starts, and the number of tokens at the end.
- prompts.bin: uint8, 1 for each token of a prompt, 0 for what is to be learned; only where a text has prompts.
- meta.json: the counts, the type and a hash of both files.

It is written in a stream, so memory does not grow with the text, and appears under its name when it is complete.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError
from upwell.text.decoding import Piece
from upwell.text.files import atomic_folder, atomic_write_json
from upwell.text.sources import Source
from upwell.text.tokenizers import Tokenizer
from upwell.text.words import WordCounter

STORE_FORMAT = 2

_TYPES: dict[str, np.dtype[Any]] = {"uint8": np.dtype("<u1"), "uint16": np.dtype("<u2"), "uint32": np.dtype("<u4")}
_READ_BYTES = 1 << 22
_FILES = ("tokens.bin", "offsets.bin")


@dataclass(frozen=True, kw_only=True)
class StoreCounts:
    """What meta.json says."""

    format: int
    dtype: str
    """Type of the ids: uint8, uint16 or uint32."""
    vocab_size: int
    num_tokens: int
    """Ids, end-of-text tokens included."""
    num_documents: int
    num_bytes: int
    """UTF-8 bytes of the text behind the ids (clean text: after decoding, LF, NFC)."""
    num_words: int
    has_prompts: bool
    """Whether there is a prompts.bin."""
    hash: str
    """blake2b of tokens.bin, offsets.bin and prompts.bin."""


class TokenStore:
    """Token ids on disk. Attributes:

    `tokens`: all ids (num_tokens,), a memory map; `offsets`: where documents start, and the end (num_documents + 1,);
    `prompts`: 1 for each token of a prompt (num_tokens,) uint8, or None where the text has no prompts;
    `num_bytes`: UTF-8 bytes of the text behind them, the basis of bits per byte; `num_words`: its words (see `words`),
    the basis of perplexity per word; `vocab_size`, `num_tokens`, `num_documents`, `hash`, `path`.
    """

    def __init__(self, path: Path, counts: StoreCounts) -> None:
        self.path = path
        self.counts = counts
        self.vocab_size = counts.vocab_size
        self.num_tokens = counts.num_tokens
        self.num_documents = counts.num_documents
        self.num_bytes = counts.num_bytes
        self.num_words = counts.num_words
        self.hash = counts.hash
        self.tokens: NDArray[Any] = _map(path / "tokens.bin", _TYPES[counts.dtype], counts.num_tokens)
        self.offsets: NDArray[np.int64] = _map(path / "offsets.bin", np.dtype("<i8"), counts.num_documents + 1)
        self.prompts: NDArray[np.uint8] | None = None
        if counts.has_prompts:
            self.prompts = _map(path / "prompts.bin", np.dtype("u1"), counts.num_tokens)

    def __len__(self) -> int:
        return self.num_tokens

    def document(self, number: int) -> NDArray[Any]:
        """The ids of one document, its end-of-text token included."""
        return self.tokens[self.offsets[number] : self.offsets[number + 1]]

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a store and check all of it: counts, sizes, offsets, every id below the vocabulary's size, the hash.

        The files are read once, in parts, without being held in memory.
        Raises UserError for a missing, damaged or foreign store.
        """
        folder = Path(path)
        counts = read_counts(folder)
        sizes = {
            "tokens.bin": counts.num_tokens * _TYPES[counts.dtype].itemsize,
            "offsets.bin": 8 * (counts.num_documents + 1),
            **({"prompts.bin": counts.num_tokens} if counts.has_prompts else {}),
        }
        digest = hashlib.blake2b(digest_size=16)
        try:
            for name, size in sizes.items():
                if (folder / name).is_symlink() or os.path.getsize(folder / name) != size:
                    raise _damaged(folder, f"{name} has not the size that meta.json says")
            _check_ids(folder / "tokens.bin", counts, digest)
            _check_offsets(folder / "offsets.bin", counts, digest)
            if counts.has_prompts:
                _check_prompts(folder / "prompts.bin", digest)
        except OSError as error:
            raise UserError(f"{folder}: is no complete token store ({error.strerror or error})") from error
        except _Damage as damage:
            raise _damaged(folder, str(damage)) from damage
        if digest.hexdigest() != counts.hash:
            raise _damaged(folder, "the content has changed since it was written")
        return cls(folder, counts)


class StoreWriter:
    """Writes a store, piece by piece, into an existing empty folder."""

    def __init__(self, folder: Path, tokenizer: Tokenizer) -> None:
        self._folder = folder
        self._tokenizer = tokenizer
        self._dtype = smallest_dtype(tokenizer.vocab_size)
        self._files: list[IO[bytes]] = []
        self._prompts: IO[bytes] | None = None
        self._offsets = [0]
        self._words = WordCounter()
        self._ended = True
        self.num_tokens = self.num_documents = self.num_bytes = 0

    def __enter__(self) -> Self:
        self._files = [(self._folder / name).open("wb") for name in _FILES]
        return self

    def __exit__(self, *_: object) -> None:
        for file in [*self._files, *([self._prompts] if self._prompts else [])]:
            file.close()

    def add(self, text: str, ends_document: bool, is_prompt: bool = False) -> None:
        """Add a piece of a document."""
        ids = self._tokenizer.encode(text).astype(_TYPES[self._dtype])
        if is_prompt and self._prompts is None:
            self._prompts = (self._folder / "prompts.bin").open("wb")
            self._prompts.truncate(self.num_tokens)  # none so far: zeros
            self._prompts.seek(self.num_tokens)
        if self._prompts is not None:
            self._prompts.write(bytes([is_prompt]) * len(ids))
        self._files[0].write(ids.data)
        self.num_tokens += len(ids)
        self.num_bytes += len(text.encode("utf-8"))
        self._words.add(text, ends_document)
        self._ended = ends_document
        if ends_document:
            self._end_document()

    def append(self, ids: NDArray[Any], lengths: NDArray[np.int64], *, num_bytes: int, num_words: int) -> None:
        """Add whole documents that are ids already: all `ids`, each document's end token among them, and their `lengths`."""
        self._files[0].write(ids.astype(_TYPES[self._dtype]).data)
        self._offsets += (self.num_tokens + np.cumsum(lengths)).tolist()
        self.num_tokens += len(ids)
        self.num_documents += len(lengths)
        self.num_bytes += num_bytes
        self._words.num_words += num_words
        if len(self._offsets) >= 1 << 16:
            self._write_offsets()

    def finish(self) -> None:
        """End the last document and write meta.json."""
        if not self._ended:
            self._end_document()
        self._write_offsets()
        self.__exit__()
        digest = hashlib.blake2b(digest_size=16)
        for name in (*_FILES, *(["prompts.bin"] if self._prompts else [])):
            for part in _parts(self._folder / name):
                digest.update(part)
        counts = StoreCounts(
            format=STORE_FORMAT,
            dtype=self._dtype,
            vocab_size=self._tokenizer.vocab_size,
            num_tokens=self.num_tokens,
            num_documents=self.num_documents,
            num_bytes=self.num_bytes,
            num_words=self._words.num_words,
            has_prompts=self._prompts is not None,
            hash=digest.hexdigest(),
        )
        atomic_write_json(self._folder / "meta.json", asdict(counts))

    def _end_document(self) -> None:
        self._files[0].write(np.array([self._tokenizer.end_of_text], _TYPES[self._dtype]).data)
        if self._prompts is not None:
            self._prompts.write(b"\0")
        self.num_tokens += 1
        self.num_documents += 1
        self._offsets.append(self.num_tokens)
        if len(self._offsets) >= 1 << 16:
            self._write_offsets()

    def _write_offsets(self) -> None:
        self._files[1].write(np.array(self._offsets, "<i8").data)
        self._offsets = []


def build_store(sources: Iterable[Source], tokenizer: Tokenizer, path: str | os.PathLike[str]) -> TokenStore:
    """Tokenize sources into a new store at `path` and open it. Raises FileExistsError if `path` exists."""
    with atomic_folder(path) as folder:
        write_store((piece for source in sources for piece in source.pieces()), tokenizer, folder)
    return TokenStore.open(path)


def write_store(pieces: Iterable[Piece], tokenizer: Tokenizer, folder: Path) -> None:
    """Tokenize a stream of pieces into the files of a store in an existing folder."""
    with StoreWriter(folder, tokenizer) as writer:
        for piece in pieces:
            writer.add(*piece)
        writer.finish()


def smallest_dtype(vocab_size: int) -> str:
    """Name of the smallest unsigned type that holds ids below `vocab_size`."""
    return next(name for name, dtype in _TYPES.items() if vocab_size - 1 <= np.iinfo(dtype).max)


class _Damage(Exception):
    pass


def _damaged(folder: Path, reason: str) -> UserError:
    return UserError(f"{folder}: is a damaged token store ({reason}); delete it and prepare the text again")


def read_counts(folder: Path) -> StoreCounts:
    """What meta.json of the store in `folder` says, without a look at the rest; a UserError where it is damaged."""
    path = folder / "meta.json"
    try:
        content = path.read_bytes() if path.stat().st_size < 1 << 16 else b""
        values = json.loads(content)
    except OSError as error:
        raise UserError(f"{folder}: is no token store ({error.strerror or error})") from error
    except (RecursionError, ValueError) as error:
        raise _damaged(folder, "meta.json is not JSON") from error
    if not isinstance(values, dict) or values.get("format") != STORE_FORMAT:
        raise _damaged(folder, f"meta.json is not of format {STORE_FORMAT}")
    with contextlib.suppress(TypeError):
        counts = StoreCounts(**values)
        numbers = [counts.vocab_size, counts.num_tokens, counts.num_documents, counts.num_bytes, counts.num_words]
        sound = all(type(number) is int and 0 <= number < 1 << 62 for number in numbers)
        if sound and counts.dtype in tuple(_TYPES) and type(counts.has_prompts) is bool:
            return counts
    raise _damaged(folder, "meta.json does not hold the counts it should")


def _check_ids(path: Path, counts: StoreCounts, digest: Any) -> None:
    for part in _parts(path):
        digest.update(part)
        if int(np.frombuffer(part, _TYPES[counts.dtype]).max()) >= counts.vocab_size:
            raise _Damage("an id is beyond the vocabulary")


def _check_offsets(path: Path, counts: StoreCounts, digest: Any) -> None:
    last = -1
    for part in _parts(path):
        digest.update(part)
        offsets = np.frombuffer(part, "<i8")
        first = last < 0
        if (first and offsets[0] != 0) or (not first and offsets[0] <= last) or (np.diff(offsets) <= 0).any():
            raise _Damage("document offsets do not rise")
        last = int(offsets[-1])
    if last != counts.num_tokens:
        raise _Damage("document offsets do not end with the tokens")


def _check_prompts(path: Path, digest: Any) -> None:
    for part in _parts(path):
        digest.update(part)
        if max(part) > 1:
            raise _Damage("a mark of a prompt is neither 0 nor 1")


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            yield part


def _map(path: Path, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    if count == 0:  # nothing to map: an empty file cannot be
        return np.empty(0, dtype)
    return np.memmap(path, dtype=dtype, mode="r", shape=(count,))
