"""What is inside a file: plain text, JSON lines, CSV, TSV or Parquet, read as a stream of documents.

A plain text file (.txt, .md and any other name given by hand) is one document. In the other formats each row is one:

- .jsonl, .ndjson: each line a JSON object with a text column, or a JSON string; or a list of strings, which are in turn
  prompt and answer of one document. Empty lines are skipped.
- .csv: RFC 4180 with quotes; the delimiter is a comma, or a semicolon or tab if the first line has no comma.
- .tsv: split at tabs and nothing else; there are no quotes, no escapes.
- .parquet: read batch by batch.

CSV and TSV have a header row unless `columns.is_header` finds that the first row is data (`--column 2` then means the
second column). A row of another width is an error, since its text may be cut. Rows without text are skipped.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from upwell.errors import UserError
from upwell.text.columns import GUESS_ROWS, choose_column, is_header
from upwell.text.compression import CHUNK_BYTES, open_binary, read_chunks, split_compression, unreadable
from upwell.text.decoding import Piece, cut_pieces, decode, normalize, replace_surrogates

PLAIN, JSONL, CSV, TSV, PARQUET = "plain text", "JSON lines", "CSV", "TSV", "Parquet"
EXTENSIONS = {
    ".txt": PLAIN, ".text": PLAIN, ".md": PLAIN, ".markdown": PLAIN, ".jsonl": JSONL, ".ndjson": JSONL,
    ".csv": CSV, ".tsv": TSV, ".parquet": PARQUET,
}  # fmt: skip
"""Kinds of files by the end of the name; a compression's ending may follow all but .parquet."""

_SNIFF_BYTES = 8192
_FOREIGN = {
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"%PDF": "a PDF; convert it to text",
    b"PK\x03\x04": "a zip archive (or .docx, .xlsx, .pt); unpack or convert it",
    b"7z\xbc\xaf": "a 7z archive; unpack it",
    b"\x7fELF": "a program",
    b"SQLite format 3": "a database",
    b"GGUF": "a model file",
    b"PAR1": "a Parquet file; let its name end in .parquet",
    b"\x1f\x8b": "a gzip file; let its name end in .gz",
    b"\x28\xb5\x2f\xfd": "a zstd file; let its name end in .zst",
    b"BZh": "a bzip2 file; unpack it",
    b"\xfd7zXZ": "an xz file; unpack it",
    b"OggS": "a sound file",
    b"\x93NUMPY": "a NumPy file",
    b"\xba\x16\x4f\x2f": "a fastText model; its .vec file holds the words' vectors",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
}


@dataclass(frozen=True)
class Reading:
    """How text is read: the options that can change what comes out."""

    encoding: str = "utf-8"
    """Python's name of the text encoding."""
    errors: str = "strict"
    """What to do about bytes that do not fit: strict, replace or ignore."""
    column: str | None = None
    """Column of the text in tables; None: guess it."""
    lenient: bool = False
    """Pass over damaged rows and files, and count them, where otherwise the first one is an error."""
    found: Counter[str] = field(default_factory=Counter, compare=False)
    """What was passed over, and lines in other encodings, by kind."""


def file_kind(name: str) -> str | None:
    """The kind of file that a name stands for, None if it stands for none."""
    stem, compression = split_compression(name)
    kind = EXTENSIONS.get(Path(stem).suffix.lower())
    return None if kind == PARQUET and compression else kind


def foreign_content(head: bytes) -> str | None:
    """What a file is whose first bytes are `head`, where they are the mark of something that is no text; else None."""
    return next((what for signature, what in _FOREIGN.items() if head.startswith(signature)), None)


def open_text(path: Path, stream: IO[bytes] | None) -> IO[bytes]:
    """Open a file, or take `stream` (an input kept in a temporary file) from its start again."""
    if stream is None:
        return open_binary(path, str(path))
    return _Shared(stream)  # type: ignore[return-value]


class TextFile:
    """One file of a source: its kind, its documents, and the column of its text."""

    def __init__(
        self, path: Path, reading: Reading, *, kind: str | None = None, stream: IO[bytes] | None = None
    ) -> None:
        """`kind`: one of the names above, by default that of the name; `stream`: read this instead of the path."""
        self.path = path
        self.name = "standard input" if str(path) == "-" else str(path)
        self.kind = kind or file_kind(path.name) or PLAIN
        self.reading = reading
        self.stream = stream
        self._column: tuple[tuple[str, str] | None] | None = None
        if stream is not None:
            weakref.finalize(self, stream.close)
        self.compression = "" if stream is not None else split_compression(path.name)[1]

    def check(self) -> None:
        """Refuse, by its first bytes, a file that holds no text."""
        with open_text(self.path, self.stream) as file:
            if self.kind == PARQUET:
                if file.read(4) not in (b"PAR1", b""):
                    raise UserError(f"{self.name}: is not a Parquet file")
                return
            head = next(read_chunks(file, self.compression, self.name), b"")[:_SNIFF_BYTES]
        if what := foreign_content(head):
            raise UserError(f"{self.name}: is not a text but {what}")
        if b"\0" in head and not self.reading.encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
            if head.startswith((b"\xff\xfe", b"\xfe\xff")):
                return  # UTF-16 read as UTF-8: the decoder names the right encoding
            what = "a model file" if head[8:10] == b'{"' else "binary (it holds NUL bytes)"
            raise UserError(f"{self.name}: is not a text but {what}; if it is one, name its --encoding")

    def num_bytes(self) -> int:
        """Bytes on disk."""
        try:
            return self.path.stat().st_size if self.stream is None else self.stream.seek(0, os.SEEK_END)
        except OSError as error:
            raise unreadable(self.name, error) from error

    def fingerprint(self) -> bytes:
        """A hash of kind and content."""
        digest = hashlib.blake2b(f"{self.kind}{self.compression}".encode(), digest_size=32)
        try:
            with open_text(self.path, self.stream) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    digest.update(chunk)
        except OSError as error:
            raise unreadable(self.name, error) from error
        return digest.digest()

    def text_column(self) -> tuple[str, str] | None:
        """The column of the text and how it was chosen; None for a plain text."""
        if self.kind == PLAIN:
            return None
        if self._column is None:
            counted = self.reading.found.copy()
            self._column = (self._guessed_column(),)
            self.reading.found.clear()  # the same rows are read once more, and count then
            self.reading.found.update(counted)
        return self._column[0]

    def _guessed_column(self) -> tuple[str, str] | None:
        rows = itertools.islice(self._rows(None), GUESS_ROWS)
        first = [value if isinstance(value, dict) else {"": value} for _, value in rows]
        if not first or (len(first[0]) == 1 and "" in first[0]):
            return None
        return choose_column(first, self.reading.column, self.name)

    def pieces(self) -> Iterator[Piece]:
        """All documents, one after the other, cut into pieces."""
        if self.kind == PLAIN:
            yield from cut_pieces(self._decoded())
            return
        chosen = self.text_column()
        column = chosen[0] if chosen else None
        for place, row in self._rows(column):
            value = row.get(column) if isinstance(row, dict) else row
            if isinstance(value, list) and not isinstance(row, dict):
                yield from self._turns(value, place)
                continue
            if value is None:
                if isinstance(row, dict) and column not in row:
                    self._refuse(f"{place} has no column {column!r}; it has: {', '.join(list(row)[:20])}")
                continue
            if not isinstance(value, str):
                self._refuse(f"{place} holds {type(value).__name__} instead of text in column {column!r}")
                continue
            yield from self._cleaned(value, place)

    def rows(self) -> Iterator[tuple[str, Any]]:
        """Each row with its place ("line 7"), as the format holds it: cells or JSON values by column, nothing cleaned."""
        return self._rows(None)

    def cells(self) -> Iterator[tuple[int, list[str]]]:
        """Each row of a CSV or TSV file, the header too, with the number of its (last) line."""
        lines = self.lines()
        if self.kind == TSV:
            for number, line in enumerate(lines, 1):
                if line:
                    yield number, line.split("\t")
            return
        first = next(lines, "")
        delimiter = "," if "," in first else ";" if ";" in first else "\t" if "\t" in first else ","
        csv.field_size_limit(2**31 - 1)  # the limit is one of the whole process; 128 KB is too little for an article
        reader = csv.reader((line + "\n" for line in itertools.chain([first], lines)), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise UserError(f"{self.name}: line {reader.line_num} is not sound CSV ({error})") from error

    def lines(self) -> Iterator[str]:
        """The lines of any file but a Parquet one, decoded, without their ends."""
        return split_lines(self._decoded())

    def _refuse(self, what: str, cause: Exception | None = None) -> None:
        """Say what is wrong with a row, or count it where reading is lenient."""
        if not self.reading.lenient:
            raise UserError(f"{self.name}: {what}") from cause
        self.reading.found["damaged rows"] += 1

    def _cleaned(self, text: str, place: str) -> Iterator[Piece]:
        text = replace_surrogates(text, name=f"{self.name}: {place}", errors=self.reading.errors)
        return cut_pieces([normalize(text)])

    def _turns(self, turns: list[Any], place: str) -> Iterator[Piece]:
        """The pieces of a document that is given as prompt, answer, prompt, answer, and so on."""
        if not all(isinstance(turn, str) for turn in turns):
            raise UserError(f"{self.name}: {place} is a list of something else than strings")
        pieces = [
            piece._replace(ends_document=False, is_prompt=number % 2 == 0)
            for number, turn in enumerate(turns)
            for piece in self._cleaned(turn, place)
        ]
        if pieces:
            yield from pieces[:-1]
            yield pieces[-1]._replace(ends_document=True)

    def _decoded(self) -> Iterator[str]:
        with open_text(self.path, self.stream) as file:
            chunks = read_chunks(file, self.compression, self.name)
            name = self.name + (" (decompressed)" if self.compression else "")
            yield from decode(
                chunks,
                name=name,
                encoding=self.reading.encoding,
                errors=self.reading.errors,
                found=self.reading.found,
            )

    def _rows(self, column: str | None) -> Iterator[tuple[str, Any]]:
        if self.kind == JSONL:
            return self._json_rows()
        if self.kind == PARQUET:
            return self._parquet_rows(column)
        return self._table_rows()

    def _json_rows(self) -> Iterator[tuple[str, Any]]:
        for number, line in enumerate(self.lines(), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep or too large a number"
                self._refuse(f"line {number} is not JSON ({reason})", error)
                continue
            if not isinstance(value, dict | str | list):
                self._refuse(f"line {number} is neither a JSON object nor a JSON string or list")
                continue
            yield f"line {number}", value

    def _table_rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        rows = self.cells()
        start = list(itertools.islice(rows, 2))
        if not start:
            return
        first = start[0][1]
        if is_header(first, start[1][1] if len(start) > 1 else None, self.reading.column):
            header = [cell.strip() for cell in first]
            start = start[1:]
        else:
            header = [str(number + 1) for number in range(len(first))]
        for number, cells in itertools.chain(start, rows):
            if len(cells) != len(header):
                self._refuse(f"line {number} has {len(cells)} cells where the first has {len(header)}")
                continue
            yield f"line {number}", dict(zip(header, cells, strict=True))

    def _parquet_rows(self, column: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
        try:
            import pyarrow as arrow
            from pyarrow import parquet
        except ImportError as error:
            raise UserError(
                f'{self.name}: reading .parquet needs one more package: pip install "upwell[text]"'
            ) from error
        number = 0
        try:
            with parquet.ParquetFile(self.path, buffer_size=1 << 20, pre_buffer=False) as table:
                for batch in table.iter_batches(batch_size=256, columns=None if column is None else [column]):
                    names, rows = batch.schema.names, []
                    for column_values in batch.columns:
                        values = column_values
                        if arrow.types.is_dictionary(values.type):
                            values = values.dictionary_decode()
                        if arrow.types.is_string(values.type) or arrow.types.is_large_string(values.type):
                            values = values.cast(arrow.large_binary())
                        rows.append(values.to_pylist())
                    for cells in zip(*rows, strict=True):
                        number += 1
                        yield (
                            f"row {number}",
                            {key: self._cell(cell, number) for key, cell in zip(names, cells, strict=True)},
                        )
        except (arrow.ArrowException, OverflowError, MemoryError, KeyError) as error:
            raise UserError(f"{self.name}: is not a sound Parquet file ({first_line(error)})") from error
        except OSError as error:
            if error.errno is None:  # how pyarrow reports damaged data
                raise UserError(f"{self.name}: is not a sound Parquet file ({first_line(error)})") from error
            raise unreadable(self.name, error) from error

    def _cell(self, cell: Any, number: int) -> Any:
        if not isinstance(cell, bytes):
            return cell
        return "".join(decode([cell], name=f"{self.name}: row {number}", errors=self.reading.errors))


def split_lines(texts: Iterable[str]) -> Iterator[str]:
    """Cut a stream of text at LF, and at nothing else, into lines without it."""
    held: list[str] = []
    for text in texts:
        first, *others = text.split("\n")
        held.append(first)
        if others:
            yield "".join(held)
            yield from others[:-1]
            held = [others[-1]]
    if last := "".join(held):
        yield last


class _Shared:
    """A kept input, opened again from its start; leaving the block does not close it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def __enter__(self) -> IO[bytes]:
        self._stream.seek(0)
        return self._stream

    def __exit__(self, *_: object) -> None:
        pass


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
