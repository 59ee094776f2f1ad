"""Documents on their way through the steps, and the batches in which they travel.

A plain text file is one document, or, if asked, each of its paragraphs or lines is; a row of a table always is. A text
longer than a million characters goes through the steps in parts, each of them a document from then on.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from upwell.errors import UserError
from upwell.text.decoding import PIECE_CHARACTERS, Piece, find_cut
from upwell.text.formats import PLAIN, TextFile
from upwell.text.sources import Source

BATCH_CHARACTERS = 1 << 22
"""Characters of a batch, about: what one process works on at a time, and what a killed run does again."""

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n+")


@dataclass(slots=True)
class Document:
    """One text with where it comes from and what was found about it."""

    text: str
    source: str
    """Name of the file."""
    number: int
    """Of the document in its file, from 1."""
    language: str = ""
    """ISO 639-1, or "und" where it cannot be said; empty as long as no one has looked."""

    def replaced(self, text: str) -> Document:
        """The same document with another text."""
        return dataclasses.replace(self, text=text)


@dataclass(frozen=True)
class Batch:
    """Some documents in their order."""

    number: int
    documents: list[Document]


def read_batches(
    sources: Iterable[Source], *, documents: str = "file", size: int = BATCH_CHARACTERS
) -> Iterator[Batch]:
    """All documents of `sources` in batches of about `size` characters: the same sources give the same batches.

    Raises UserError for rows that are lists of prompts and answers, which are no raw text.
    """
    for number, part in enumerate(in_parts(_documents(sources, documents), size)):
        yield Batch(number, part)


def in_parts(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    """Documents in their order, some at a time: as few as have `size` characters together."""
    held: list[Document] = []
    length = 0
    for document in documents:
        held.append(document)
        length += len(document.text) + 1
        if length >= size:
            yield held
            held, length = [], 0
    if held:
        yield held


def _documents(sources: Iterable[Source], cut: str) -> Iterator[Document]:
    for source in sources:
        for file in source.files:
            pieces = _unbroken(file)
            texts = (
                _cut(pieces, _PARAGRAPH if cut == "paragraph" else _LINE)
                if cut != "file" and file.kind == PLAIN
                else _whole(pieces, file.name)
            )
            for number, text in enumerate(texts, 1):
                yield Document(text, file.name, number)


def _unbroken(file: TextFile) -> Iterator[Piece]:
    """The pieces of a file, those before the damage where it breaks off and reading is lenient."""
    try:
        yield from file.pieces()
    except UserError:
        if not file.reading.lenient:
            raise
        file.reading.found["files that break off"] += 1


def _whole(pieces: Iterable[Piece], name: str) -> Iterator[str]:
    for text, ends_document, is_prompt in pieces:
        if is_prompt:
            raise UserError(f"{name}: holds prompts and answers, which upwell train reads as they are")
        while len(text) > PIECE_CHARACTERS and not ends_document:
            place = find_cut(text, PIECE_CHARACTERS // 2, PIECE_CHARACTERS) or PIECE_CHARACTERS
            yield text[:place]
            text = text[place:]
        yield text


def _cut(pieces: Iterable[Piece], mark: re.Pattern[str]) -> Iterator[str]:
    """The parts of plain text between marks, whole although pieces end within them; an endless one is cut."""
    held = ""
    for piece in pieces:
        *whole, held = mark.split(held + piece.text)
        if piece.ends_document or len(held) > 2 * PIECE_CHARACTERS:
            whole.append(held)
            held = ""
        yield from (text for text in whole if text and not text.isspace())
