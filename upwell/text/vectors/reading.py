"""Reading word vectors, told apart by what is in the file:

- Word2Vec text: a first line `words dimension`, then a word and its numbers a line, as fastText's .vec too.
- Word2Vec binary: the same first line, then each word, a blank, and its numbers as little-endian float32.
- GloVe text: a word and its numbers a line, without a first line.

Each may be compressed (.gz, .zst). A file is read in parts of some megabytes, and memory is taken as its rows come, so a
first line that lies costs nothing. Words are UTF-8 and may hold blanks: the last numbers of a line are its vector.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError
from upwell.text.compression import open_binary, read_chunks, split_compression
from upwell.text.formats import foreign_content
from upwell.text.vectors.word_vectors import WordVectors

MAX_DIMENSION = 1 << 16
MAX_WORDS = 1 << 30
LONGEST_LINE = 1 << 22
"""Bytes of a line of text, more than MAX_DIMENSION numbers with all their digits need."""
LONGEST_WORD = 1 << 12
"""Bytes of a word in a binary file."""
_FIRST_ROWS = 1 << 22
"""Numbers that memory is taken for at the start; then half as many again each time."""
_HEADER = re.compile(rb"\s*(\d{1,12})[ \t]+(\d{1,12})\s*")
_LARGEST = float(np.finfo(np.float32).max)
_AGAIN = "copy or download it again"


def load_vectors(
    path: str | os.PathLike[str], *, limit: int | None = None, only: Collection[str] | None = None
) -> WordVectors:
    """The word vectors in a file, in its order; of a word that comes again the first row counts.

    Arguments: `limit`, read the first so many rows alone; `only`, keep these words alone (a set), which saves the memory of
    the others. Raises UserError where the file is damaged or something else, with line or word number, and where nothing
    is kept.
    """
    name = str(path)
    if limit is not None and limit < 1:
        raise UserError(f"--limit {limit}: must be at least 1")
    with open_binary(Path(path), name) as file:
        compression = split_compression(name)[1]
        size = None if compression else os.fstat(file.fileno()).st_size
        stream = _Stream(read_chunks(file, compression, name))
        try:
            return _read(stream, name, size, limit, only)
        except MemoryError:
            raise UserError(f"{name}: does not fit into memory; --limit 100000 reads the first words alone") from None


class _Stream:
    """Chunks of bytes with all that has been looked at and not yet taken in `buffer`."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.buffer = b""

    def grow(self) -> bool:
        """Put one more chunk behind the buffer; False at the end."""
        chunk = next(self.chunks, b"")
        self.buffer += chunk
        return bool(chunk)

    def find_line(self, start: int, most: int) -> int:
        """Where the line that begins at `start` ends, or `most` bytes behind it, or the file."""
        while (end := self.buffer.find(b"\n", start)) < 0:
            if len(self.buffer) - start >= most or not self.grow():
                return min(len(self.buffer), start + most)
        return min(end, start + most)

    def blocks(self) -> Iterator[list[bytes]]:
        """All lines from the start of the buffer on, many at a time."""
        while True:
            end = self.buffer.rfind(b"\n")
            if end >= 0:
                block, self.buffer = self.buffer[:end], self.buffer[end + 1 :]
                yield block.split(b"\n")
            elif len(self.buffer) > LONGEST_LINE:
                yield [self.buffer]
                return
            if not self.grow():
                yield [self.buffer]
                return


class _Rows:
    """What has been read so far."""

    def __init__(self, name: str, dimension: int, limit: int | None, only: Collection[str] | None) -> None:
        self.name, self.dimension, self.limit, self.only = name, dimension, limit, only
        self.index: dict[str, int] = {}
        self.seen = self.duplicates = 0
        self.matrix: NDArray[np.float32] = np.empty((max(1, _FIRST_ROWS // dimension), dimension), np.float32)
        self.filled = 0

    @property
    def is_full(self) -> bool:
        """Whether as many rows have been seen as were asked for."""
        return self.limit is not None and self.seen >= self.limit

    def add(self, word: bytes, where: str) -> bool:
        """Note a word; True if its numbers are wanted."""
        self.seen += 1
        try:
            text = word.decode("utf-8")
        except UnicodeDecodeError:
            raise UserError(f"{self.name}: {where}: the word {word[:40]!r} is not UTF-8; convert the file") from None
        if not text:
            raise UserError(f"{self.name}: {where}: there is no word before the numbers")
        if self.only is not None and text not in self.only:
            return False
        if text in self.index:
            self.duplicates += 1
            return False
        self.index[text] = len(self.index)
        return True

    def fill(self, values: NDArray[np.float32]) -> None:
        """Keep the numbers (rows, dimension) of the words noted last."""
        end = self.filled + len(values)
        if end > len(self.matrix):
            self.matrix.resize((max(end, len(self.matrix) * 3 // 2), self.dimension), refcheck=False)
        self.matrix[self.filled : end] = values
        self.filled = end

    def finish(self, promised: int | None) -> WordVectors:
        """The vectors; a UserError if there are fewer rows than the first line promised, or none."""
        if promised is not None and self.seen < min(promised, self.limit or promised):
            raise UserError(f"{self.name}: ends after {self.seen:,} of the {promised:,} words it promises; {_AGAIN}")
        if not self.index:
            wanted = " of those that are wanted" if self.seen else ""
            raise UserError(f"{self.name}: holds no words{wanted}")
        self.matrix.resize((self.filled, self.dimension), refcheck=False)
        return WordVectors(tuple(self.index), self.matrix, self.duplicates)


def _read(stream: _Stream, name: str, size: int | None, limit: int | None, only: Collection[str] | None) -> WordVectors:
    end = stream.find_line(0, LONGEST_LINE)
    if not stream.buffer.strip():
        raise UserError(f"{name}: is empty")
    if what := foreign_content(stream.buffer):
        raise UserError(f"{name}: holds no word vectors but is {what}")
    stream.buffer = stream.buffer.removeprefix(b"\xef\xbb\xbf")
    end = stream.find_line(0, LONGEST_LINE)
    found = _HEADER.fullmatch(stream.buffer[:end])
    if found is None:
        rows = _Rows(name, _dimension_of(stream.buffer[:end], name), limit, only)
        _read_text(stream, rows, None)
        return rows.finish(None)
    words, dimension = int(found[1]), int(found[2])
    if not (1 <= words <= MAX_WORDS and 1 <= dimension <= MAX_DIMENSION):
        raise UserError(f"{name}: line 1 promises {words} words of {dimension} numbers, which cannot be")
    stream.buffer = stream.buffer[end + 1 :]
    end = stream.find_line(0, LONGEST_LINE)
    is_text = _is_text(stream.buffer[:end], dimension)
    needed = min(words, limit or words) * (2 * dimension + 2 if is_text else 4 * dimension + 2)
    if size is not None and needed > size:
        raise UserError(
            f"{name}: line 1 promises {words:,} words of {dimension} numbers, which {size:,} bytes cannot hold; {_AGAIN}"
        )
    rows = _Rows(name, dimension, limit, only)
    if is_text:
        _read_text(stream, rows, words)
    else:
        _read_binary(stream, rows, words)
    return rows.finish(words)


def _dimension_of(line: bytes, name: str) -> int:
    """Numbers of a line without a line `words dimension` before it."""
    parts = line.split()
    if len(parts) - 1 > MAX_DIMENSION or len(parts) < 2 or not all(map(_is_number, parts[1:])):
        raise UserError(
            f"{name}: holds no word vectors: line 1 is neither two whole numbers (Word2Vec) nor a word and its numbers "
            "(GloVe)"
        )
    return len(parts) - 1


def _is_text(line: bytes, dimension: int) -> bool:
    """Whether the first row, up to a line end or what looks like one, is one of text.

    One that is damaged is still text if all of it is characters and a part of it a number.
    """
    parts = line.split()
    if len(parts) > dimension and all(map(_is_number, parts[-dimension:])):
        return True
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not re.search(rb"[\x00-\x08\x0e-\x1f]", line) and any(map(_is_number, parts[1:]))


def _read_text(stream: _Stream, rows: _Rows, promised: int | None) -> None:
    number = 0 if promised is None else 1
    for lines in stream.blocks():
        texts: list[bytes] = []
        places: list[int] = []
        for line in lines:
            number += 1
            if not line or not (line := line.rstrip()):
                continue
            if rows.is_full:
                break
            if rows.seen == promised:
                raise UserError(
                    f"{rows.name}: line {number} is one more than the {promised:,} words it promises; {_AGAIN}"
                )
            if line.count(b" ") == rows.dimension:
                word, _, numbers = line.partition(b" ")
            else:
                word, numbers = _split_line(line, number, rows)
            if rows.add(word, f"line {number}"):
                texts.append(numbers)
                places.append(number)
        if texts:
            rows.fill(_parse(texts, places, rows))
        if rows.is_full:
            return


def _split_line(line: bytes, number: int, rows: _Rows) -> tuple[bytes, bytes]:
    """Word and numbers of a line that has not just one blank before each number: blanks in the word, tabs."""
    where = f"{rows.name}: line {number}"
    if len(line) > LONGEST_LINE:
        raise UserError(f"{where} is longer than {LONGEST_LINE >> 20} MB, so no word and its numbers")
    parts = line.rsplit(None, rows.dimension)
    if len(parts) <= rows.dimension:
        found = len(line.split()) - 1
        raise UserError(f"{where} has {found} numbers, not {rows.dimension} as the lines before; {_AGAIN}")
    last = parts[0].split()[-1]
    if last != parts[0] and b"." in last and _is_number(last):
        found = sum(map(_is_number, line.split()[1:]))
        raise UserError(f"{where} has {found} numbers, not {rows.dimension} as the lines before; {_AGAIN}")
    return parts[0], b" ".join(parts[1:])


def _parse(texts: list[bytes], places: list[int], rows: _Rows) -> NDArray[np.float32]:
    """The numbers (rows, dimension) of lines, each given with a single blank between them.

    All at once by numpy, which would take `0.1-0.2` for two numbers and two blanks for one. With as many single blanks as
    there must be, it finds the right count of numbers only if each is one; else the lines are looked at one by one.
    """
    joined = b" ".join(texts)
    if b"  " not in joined and len(joined) == len(joined.translate(None, b"\t\r\v\f")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an older numpy warns of what a newer one raises
            try:
                values = np.fromstring(joined, np.float32, sep=" ")
            except (ValueError, DeprecationWarning, RuntimeWarning):
                values = np.empty(0, np.float32)
        if len(values) == len(texts) * rows.dimension and np.isfinite(values).all():
            return values.reshape(len(texts), rows.dimension)
    return np.array([_parse_line(*line, rows) for line in zip(texts, places, strict=True)], np.float32)


def _parse_line(text: bytes, number: int, rows: _Rows) -> list[float]:
    where = f"{rows.name}: line {number}"
    parts = text.split()
    if len(parts) != rows.dimension:
        raise UserError(f"{where} has {len(parts)} numbers, not {rows.dimension} as the lines before; {_AGAIN}")
    for part in parts:
        if not _is_number(part):
            raise UserError(f"{where}: {part[:40].decode('utf-8', 'replace')!r} is not a number; {_AGAIN}")
        if not abs(float(part)) <= _LARGEST:
            raise UserError(f"{where}: {part[:40].decode()} is not a finite number of 32 bits; leave the line out")
    return [float(part) for part in parts]


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return b"_" not in text


def _read_binary(stream: _Stream, rows: _Rows, promised: int) -> None:
    width = 4 * rows.dimension
    place, buffer = 0, stream.buffer
    vectors: list[bytes] = []
    numbers: list[int] = []

    def flush() -> None:
        if not vectors:
            return
        values = np.frombuffer(b"".join(vectors), "<f4").reshape(-1, rows.dimension)
        if not np.isfinite(values).all():
            bad = numbers[int(np.flatnonzero(~np.isfinite(values).all(1))[0])]
            raise UserError(f"{rows.name}: word {bad} has a number that is not finite; {_AGAIN}")
        rows.fill(values.astype(np.float32, copy=False))
        vectors.clear()
        numbers.clear()

    while rows.seen < promised and not rows.is_full:
        blank = buffer.find(b" ", place, place + LONGEST_WORD)
        if blank < 0 or blank + 1 + width > len(buffer):
            if blank < 0 and len(buffer) - place >= LONGEST_WORD:
                _refuse_binary(rows)
            flush()
            stream.buffer, place = buffer[place:], 0
            if not stream.grow():
                return
            buffer = stream.buffer
            continue
        if rows.add(buffer[place:blank].lstrip(b"\n"), f"word {rows.seen + 1}"):
            vectors.append(buffer[blank + 1 : blank + 1 + width])
            numbers.append(rows.seen)
        place = blank + 1 + width
    flush()
    stream.buffer = buffer[place:]
    while not rows.is_full and (stream.buffer.strip() or stream.grow()):
        if stream.buffer.strip():
            raise UserError(f"{rows.name}: goes on behind the {promised:,} words that it promises; {_AGAIN}")


def _refuse_binary(rows: _Rows) -> NoReturn:
    raise UserError(
        f"{rows.name}: is neither Word2Vec text nor binary: no word ends within {LONGEST_WORD} bytes after {rows.seen:,} words"
    )
