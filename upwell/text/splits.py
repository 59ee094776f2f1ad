"""Holding out a part of a text for validation.

With 20 documents or more, whole documents are held out: those whose hashes (blake2b of the first piece) are smallest,
so equal documents fall on one side and the choice does not depend on their order. One long text, or a few, or
documents of very uneven size, are cut by position: the end is held out, from a paragraph or line onwards. Either way
5% of the bytes are held out, but at most 2 MB, so that validating over all of it stays cheap.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.text.decoding import Piece, find_cut

HELD_OUT_SHARE = 0.05
MAX_HELD_OUT_BYTES = 2 << 20
MIN_DOCUMENTS = 20
"""Fewer documents are cut by position."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """What is held out: documents with a hash up to `last_hash`, or all text from `first_byte` of the clean text on."""

    last_hash: int | None = None
    first_byte: int | None = None

    @property
    def method(self) -> str:
        """by document hash, by position, or given (nothing is held out)."""
        if self.last_hash is not None:
            return "by document hash"
        return "given" if self.first_byte is None else "by position"

    def assign(self, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, bool]]:
        """Give each piece with whether it is held out; a piece at the cut is given in two parts."""
        is_first, is_held, seen = True, False, 0
        for piece in pieces:
            size = len(piece.text.encode("utf-8"))
            if self.last_hash is not None:
                if is_first:
                    is_held = document_hash(piece.text) <= self.last_hash
                is_first = piece.ends_document
            elif self.first_byte is not None and not is_held and seen + size > self.first_byte:
                place = _place(piece.text, self.first_byte - seen)
                if place:
                    yield piece._replace(text=piece.text[:place], ends_document=True), False
                    piece = piece._replace(text=piece.text[place:])
                is_held = True
            seen += size
            yield piece, is_held


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What one reading of all text found."""

    num_documents: int
    num_bytes: int
    num_characters: int
    split: Split


def survey(pieces: Iterable[Piece], *, hold_out: bool) -> Survey:
    """Read a text once: count it and decide what to hold out. Memory stays small for any number of documents."""
    documents = total = characters = held = size = first_hash = 0
    is_first = True
    smallest: list[tuple[int, int]] = []  # (-hash, bytes): the largest hash of those kept is on top
    for text, ends_document, _ in pieces:
        if is_first:
            first_hash, size = document_hash(text), 0
        characters += len(text)
        size += len(text.encode("utf-8"))
        is_first = ends_document
        if ends_document:
            documents += 1
            total += size
            heapq.heappush(smallest, (-first_hash, size))
            held += size
            while held - smallest[0][1] >= MAX_HELD_OUT_BYTES:
                held -= heapq.heappop(smallest)[1]
    split = _decide(smallest, documents, total, HELD_OUT_SHARE) if hold_out else Split()
    return Survey(num_documents=documents, num_bytes=total, num_characters=characters, split=split)


def split_documents(hashes: NDArray[np.uint64], sizes: NDArray[np.int64], *, share: float = HELD_OUT_SHARE) -> Split:
    """Decide what to hold out of documents with these `hashes` (n,) and `sizes` in bytes (n,): `share` of the bytes."""
    order = np.argsort(hashes, kind="stable")
    enough = int(np.searchsorted(np.cumsum(sizes[order]), 2 * MAX_HELD_OUT_BYTES)) + 1
    smallest = [(-int(hashes[i]), int(sizes[i])) for i in order[:enough]]
    return _decide(smallest, len(hashes), int(sizes.sum()), share)


def document_hash(first_piece: str) -> int:
    """A hash of 64 bits of a document, by its first piece."""
    return int.from_bytes(hashlib.blake2b(first_piece.encode("utf-8"), digest_size=8).digest(), "big")


def _decide(smallest: list[tuple[int, int]], documents: int, total: int, share: float) -> Split:
    target = min(MAX_HELD_OUT_BYTES, int(total * share))
    if documents >= MIN_DOCUMENTS:
        held = 0
        for negative, size in sorted(smallest, reverse=True):
            held += size
            if held >= target:
                if held <= 2 * target:
                    return Split(last_hash=-negative)
                break
    return Split(first_byte=total - target)


def _place(text: str, wanted: int) -> int:
    """The character nearest to byte `wanted` where a paragraph, a line, a sentence or a word begins."""
    middle = len(text.encode("utf-8")[:wanted].decode("utf-8", "ignore"))
    reach = max(1, (len(text) - middle) // 2)
    low, high = max(0, middle - reach), middle + reach
    for mark in ("\n\n", "\n", "。", ". ", " "):
        after, before = text.find(mark, middle, high), text.rfind(mark, low, middle)
        near = [place + len(mark) for place in (after, before) if place >= 0]
        if near:
            return min(near, key=lambda place: abs(place - middle))
    return find_cut(text, low, high) or middle
