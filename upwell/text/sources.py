"""Sources: where text comes from, given in one word.

A file (.txt .md .jsonl .csv .tsv .parquet, each but the last also .gz or .zst), a folder, a glob such as
`books/**/*.txt`, `-` for standard input, or `hf://owner/name` for a data set of the Hugging Face hub (see `hub`). A file named by hand may have any other ending and is then plain text; in a
folder only the known endings are read, in the order of their paths, and hidden files are passed over. `formats` says
how each kind is read and `decoding` what is done to every text. Standard input, and a pipe given as a file, is kept in
a temporary file, since a text is read more than once.
"""

from __future__ import annotations

import difflib
import glob
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from upwell.errors import UserError
from upwell.text.compression import CHUNK_BYTES, unreadable
from upwell.text.decoding import Piece, check_encoding
from upwell.text.formats import EXTENSIONS, PLAIN, Reading, TextFile, file_kind
from upwell.text.hub import HUB, HubText

PREPARED = "prepared.json"
"""What tells a folder of prepared text."""
READING_VERSION = 1
"""Raised whenever the same bytes begin to give another text, so that what was cached from them is not used."""


class Source:
    """A text that can be read more than once, as a stream of pieces."""

    def __init__(self, spec: str, files: list[TextFile], reading: Reading) -> None:
        self.spec = spec
        self.files = files
        self.reading = reading
        self.num_bytes = sum(file.num_bytes() for file in files)
        """Bytes on disk (compressed where it is)."""

    @property
    def description(self) -> str:
        """What is read, in a few words: the kind, the number of files, the text column and how it was chosen."""
        kinds = sorted({file.kind for file in self.files})
        what = kinds[0] if len(self.files) == 1 else f"{len(self.files)} files of {', '.join(kinds)}"
        columns: dict[tuple[str, str], None] = {}
        for file in self.files:
            if chosen := file.text_column():
                columns[chosen] = None
        said = [f"text from column {column!r} ({how})" for column, how in columns]
        return f"{self.spec}: {', '.join([what, *said])}"

    def pieces(self) -> Iterator[Piece]:
        """Stream all documents in order, each cut into pieces of about a million characters.

        Raises UserError where the input is damaged, not decodable, or holds no text at all.
        """
        anything = False
        for file in self.files:
            for piece in file.pieces():
                anything = True
                yield piece
        if not anything:
            raise UserError(f"{self.spec}: is empty")

    def fingerprint(self) -> str:
        """A hash of the bytes that are read (not of names or times) and of the options that matter to the text."""
        options = [
            READING_VERSION,
            self.reading.encoding,
            self.reading.errors,
            self.reading.column,
            self.reading.lenient,
        ]
        digest = hashlib.blake2b(json.dumps(options).encode("utf-8"), digest_size=16)
        for file in self.files:
            digest.update(file.fingerprint())
        return digest.hexdigest()


def open_source(
    spec: str | os.PathLike[str],
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
    column: str | None = None,
    lenient: bool = False,
) -> Source:
    """Find what `spec` stands for and check that it is text.

    Arguments: `encoding`, a text encoding known to Python, or auto; `errors`, strict, replace or ignore; `column`, the
    text column of tables, by default guessed; `lenient`: of many files pass over those that hold no text, and over damaged rows.
    Raises UserError for a missing path (naming near ones), an empty or unreadable one, one that is not text, and a
    missing column.
    """
    reading = Reading(check_encoding(encoding, errors), errors, column, lenient)
    spec = os.fspath(spec)
    files = open_files(spec, reading)
    source = Source(spec, files, reading)
    if source.num_bytes == 0:
        raise UserError(f"{spec}: is empty")
    tables = [file for file in files if file.kind != PLAIN]
    if column is not None and not tables:
        raise UserError(f"{spec}: is {PLAIN} and has no columns; leave out --column")
    if tables:
        tables[0].text_column()
    return source


def open_files(spec: str, reading: Reading) -> list[TextFile]:
    """The files that `spec` stands for, in order, each checked to hold text; errors as of `open_source`."""
    return _sound(_find(spec, reading), reading)


def open_sources(
    specs: Iterable[str | os.PathLike[str]],
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
    column: str | None = None,
    lenient: bool = False,
) -> list[Source]:
    """Open several sources; raises UserError also when standard input is among them twice."""
    names = [os.fspath(spec) for spec in specs]
    if names.count("-") > 1:
        raise UserError("standard input (-) can be read only once")
    return [open_source(name, encoding=encoding, errors=errors, column=column, lenient=lenient) for name in names]


def _sound(files: list[TextFile], reading: Reading) -> list[TextFile]:
    """The files that hold text; one that does not is an error, or is passed over among others where that is allowed."""
    sound: list[TextFile] = []
    first: UserError | None = None
    for file in files:
        try:
            file.check()
            sound.append(file)
        except UserError as error:
            first = first or error
            if not reading.lenient:
                raise
            reading.found["files without text"] += 1
    if first is not None and not sound:
        raise first
    return sound


def _find(spec: str, reading: Reading) -> list[TextFile]:
    if spec.startswith(HUB):
        return [HubText(spec, reading)]
    if spec == "-":
        return [TextFile(Path("-"), reading, kind=PLAIN, stream=_keep(_standard_input()))]
    path = Path(spec)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if any(character in spec for character in "*?["):
            return _find_glob(spec, reading)
        raise _missing(path) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{spec!r}: cannot be read ({error})") from error
    if stat.S_ISDIR(mode):
        return _find_folder(path, reading)
    if stat.S_ISFIFO(mode):
        try:
            with path.open("rb") as pipe:
                return [TextFile(path, reading, kind=PLAIN, stream=_keep(pipe))]
        except OSError as error:
            raise unreadable(spec, error) from error
    if not stat.S_ISREG(mode):
        raise UserError(f"{spec}: is neither a file nor a folder")
    return [TextFile(path, reading)]


def _find_folder(folder: Path, reading: Reading) -> list[TextFile]:
    if (folder / "config.json").is_file() and (folder / "model.safetensors").is_file():
        raise UserError(f"{folder}: is a run (a trained model), not a text; to train it further use --resume {folder}")
    if (folder / PREPARED).is_file():  # written by upwell prepare: what was held out there stays so
        return [TextFile(folder / "train.jsonl", reading)]
    found: list[Path] = []
    others = 0

    def refuse(error: OSError) -> None:
        raise unreadable(error.filename or str(folder), error)

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if name.startswith(".") or not path.is_file():
                continue
            if file_kind(name):
                found.append(path)
            else:
                others += 1
    if not found:
        skipped = f" ({others} of other kinds were passed over)" if others else ""
        raise UserError(f"{folder}: holds no file ending in {' '.join(EXTENSIONS)}{skipped}")
    return [TextFile(path, reading) for path in sorted(found, key=lambda path: path.relative_to(folder).parts)]


def _find_glob(pattern: str, reading: Reading) -> list[TextFile]:
    found = sorted(Path(name) for name in glob.glob(pattern, recursive=True))
    files = [TextFile(path, reading) for path in found if path.is_file()]
    if not files:
        raise UserError(f"{pattern}: matches no file")
    return files


def _missing(path: Path) -> UserError:
    try:
        names = sorted(os.listdir(path.parent))
    except OSError:
        return UserError(f"{path}: there is no folder {path.parent}")
    near = difflib.get_close_matches(path.name, [name for name in names if not name.startswith(".")], n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; look into {path.parent.absolute()}"
    return UserError(f"{path}: no such file or folder{hint}")


def _standard_input() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.closed:
        raise UserError("standard input (-) is closed")
    return sys.stdin.buffer


def _keep(stream: IO[bytes]) -> IO[bytes]:
    kept = tempfile.TemporaryFile(prefix="upwell-")  # noqa: SIM115 (lives as long as its source)
    shutil.copyfileobj(stream, kept, CHUNK_BYTES)
    return kept
