"""The steps in their order, and what passes through them: one batch in, rows and counts out.

A step maps each document to itself, to another text of it, or to the reason why it goes; this module runs them, counts,
and keeps an example of everything that went or changed. It is a function of the batch and the options alone, so any
number of processes, on any machine, in any order, give the same.
"""

from __future__ import annotations

import functools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from upwell.text.allocator import keep_freed_memory
from upwell.text.cleaning.annotation import Annotation
from upwell.text.cleaning.characters import Texts
from upwell.text.cleaning.documents import Batch, Document, in_parts, read_batches
from upwell.text.cleaning.duplicates import Sketches
from upwell.text.cleaning.languages import Languages
from upwell.text.cleaning.markup import Markup
from upwell.text.cleaning.normalisation import Normalisation
from upwell.text.cleaning.options import PrepareOptions
from upwell.text.cleaning.private import Private
from upwell.text.cleaning.quality import Lines, Quality
from upwell.text.cleaning.repair import Repair
from upwell.text.sources import Source

EXAMPLES = 3
"""Kept for each reason, and of changed texts."""

SHOWN = 160
"""Characters of an example."""

PART_CHARACTERS = 1 << 16
"""Looked at together by the rules and the sketches: so few that their arrays stay in a processor's cache."""

_CONTEXT = 30  # of them before the first change


@dataclass
class Tally:
    """What one step did to the documents that came to it."""

    name: str
    documents_in: int = 0
    documents_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    changed: int = 0
    seconds: float = 0.0
    removed: Counter[str] = field(default_factory=Counter)
    """Documents by reason."""
    counts: Counter[str] = field(default_factory=Counter)
    """What the step found, by kind."""
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By reason, or "changed"."""

    def add(self, other: Tally) -> None:
        """Count what another batch had too."""
        for name in ("documents_in", "documents_out", "bytes_in", "bytes_out", "changed", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.removed.update(other.removed)
        self.counts.update(other.counts)
        for reason, examples in other.examples.items():
            kept = self.examples.setdefault(reason, [])
            kept += examples[: EXAMPLES - len(kept)]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**vars(self), "removed": dict(self.removed), "counts": dict(self.counts)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Tally:
        """The inverse of `to_dict`."""
        return cls(**{**values, "removed": Counter(values["removed"]), "counts": Counter(values["counts"])})


@dataclass(frozen=True)
class CleanBatch:
    """What came out of a batch."""

    number: int
    rows: bytes
    """A line of JSON for each document."""
    offsets: NDArray[np.int64]
    """Where each line starts, and the end (n + 1,)."""
    sizes: NDArray[np.int64]
    """UTF-8 bytes of each text (n,)."""
    languages: list[str]
    sketches: Sketches
    tallies: list[Tally]


class Step(Protocol):
    """One step."""

    name: str

    def apply(self, documents: Sequence[Document], counts: Counter[str]) -> list[Document | str]:
        """Each document, another text of it, or why it goes; what is found is counted by its kind."""


class Made(NamedTuple):
    """What works on documents: the steps in their order, the rules, which come after them, and the columns at last."""

    steps: list[Step]
    quality: Quality | None
    annotation: Annotation | None


@functools.lru_cache(maxsize=1)
def steps_of(options: PrepareOptions) -> Made:
    """What `options` ask for; made once in a process."""
    keep_freed_memory()
    web = options.quality == "web" and "quality" not in options.skip
    makers: list[tuple[str, Callable[[], Step]]] = [
        (Repair.name, Repair),
        (Markup.name, Markup),
        (Normalisation.name, lambda: Normalisation(form=options.form, width=options.width, script=options.script)),
        (Languages.name, lambda: Languages(options.keep_language)),
        (Private.name, lambda: Private(drop=options.private == "drop")),
        *([(Lines.name, Lines)] if web else []),
    ]
    steps = [make() for name, make in makers if name not in options.skip]
    return Made(
        steps,
        None if Quality.name in options.skip else Quality(options.quality),
        Annotation(options.annotate) if options.annotate else None,
    )


@dataclass(frozen=True)
class Steps:
    """Runs the steps of `options` on a batch. It can be sent to another process."""

    options: PrepareOptions

    def __call__(self, batch: Batch) -> CleanBatch:
        """What comes out of a batch."""
        steps, quality, annotation = steps_of(self.options)
        documents, tallies = list(batch.documents), []
        sizes = [_bytes(document.text) for document in documents]
        for step in steps:
            started = time.perf_counter()
            tally = Tally(step.name, documents_in=len(documents), bytes_in=sum(sizes))
            documents, sizes = _judge(documents, sizes, step.apply(documents, tally.counts), tally)
            tally.seconds = time.perf_counter() - started
            tallies.append(tally)
        documents, sizes, sketches = _weigh(documents, sizes, quality, tallies)
        total = sum(sizes)
        lines = [_row(document, columns) for document, columns in _annotated(documents, total, annotation, tallies)]
        offsets = np.concatenate([[0], np.cumsum([len(line) for line in lines], dtype=np.int64)]).astype(np.int64)
        languages = [document.language for document in documents]
        return CleanBatch(
            batch.number, b"".join(lines), offsets, np.array(sizes, np.int64), languages, sketches, tallies
        )


@dataclass(frozen=True)
class Seen:
    """A document before and after the steps."""

    source: str
    number: int
    language: str
    before: str
    after: str
    removed: str
    """Step and reason; "" where it stays."""
    columns: dict[str, list[str]]
    """What was asked for beside the text."""


def preview(sources: Sequence[Source], options: PrepareOptions) -> Iterator[Seen]:
    """Each document of `sources` in turn, as the steps find and leave it; copies are not looked for."""
    steps, quality, annotation = steps_of(options)
    for batch in read_batches(sources, documents=options.documents, size=1):
        (document,) = batch.documents
        before, removed = document.text, ""
        for step in steps:
            (after,) = step.apply([document], Counter())
            if isinstance(after, str):
                removed = f"{step.name} ({after})"
                break
            document = after
        if quality is not None and not removed:
            (after,) = quality.apply([document], Counter(), Texts([document.text]))
            removed = f"{quality.name} ({after})" if isinstance(after, str) else ""
        columns = {}
        if annotation is not None and not removed:
            columns = annotation.columns(document.text, document.language, Counter())
        yield Seen(document.source, document.number, document.language, before, document.text, removed, columns)


def _judge(
    documents: Sequence[Document], sizes: Sequence[int], outcome: Sequence[Document | str], tally: Tally
) -> tuple[list[Document], list[int]]:
    """The documents that stay and their bytes; what became of the others is counted."""
    kept: list[Document] = []
    kept_sizes: list[int] = []
    for before, size, after in zip(documents, sizes, outcome, strict=True):
        if isinstance(after, str):
            tally.removed[after] += 1
            examples = tally.examples.setdefault(after, [])
            if len(examples) < EXAMPLES:
                examples.append({"source": before.source, "number": before.number, "text": before.text[:SHOWN]})
            continue
        if after is not before:
            tally.changed += 1
            size = _bytes(after.text)
            examples = tally.examples.setdefault("changed", [])
            if len(examples) < EXAMPLES:
                examples.append(
                    {"source": before.source, "number": before.number, **_difference(before.text, after.text)}
                )
        kept.append(after)
        kept_sizes.append(size)
    tally.documents_out, tally.bytes_out = len(kept), sum(kept_sizes)
    return kept, kept_sizes


def _difference(before: str, after: str) -> dict[str, str]:
    """The surroundings of the first change."""
    place = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    start = max(0, place - _CONTEXT)
    return {"text": before[start : start + SHOWN], "became": after[start : start + SHOWN]}


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8"))


def _weigh(
    documents: Sequence[Document], sizes: Sequence[int], quality: Quality | None, tallies: list[Tally]
) -> tuple[list[Document], list[int], Sketches]:
    """The documents that the rules leave, their bytes and sketches; both steps are tallied."""
    judging = Tally(Quality.name, documents_in=len(documents), bytes_in=sum(sizes))
    sketching = Tally("sketch")
    outcome: list[Document | str] = []
    sketches = [Sketches.of([], Texts([]))]
    for part in in_parts(documents, PART_CHARACTERS):
        started = time.perf_counter()
        texts = Texts([document.text for document in part])  # the rules change no text: both look at the same words
        outcome += part if quality is None else quality.apply(part, judging.counts, texts)
        between = time.perf_counter()
        stays = np.flatnonzero([isinstance(after, Document) for after in outcome[-len(part) :]])
        sketches.append(Sketches.of([document.text for document in part], texts).take(stays))
        judging.seconds += between - started
        sketching.seconds += time.perf_counter() - between
    kept, kept_sizes = _judge(documents, sizes, outcome, judging)
    sketching.documents_in = sketching.documents_out = len(kept)
    sketching.bytes_in = sketching.bytes_out = sum(kept_sizes)
    if quality is None:
        sketching.seconds += judging.seconds  # what both look at
    else:
        tallies.append(judging)
    tallies.append(sketching)
    return kept, kept_sizes, Sketches.joined(sketches)


def _annotated(
    documents: Sequence[Document], size: int, annotation: Annotation | None, tallies: list[Tally]
) -> Iterator[tuple[Document, dict[str, list[str]]]]:
    """Each document, of `size` bytes in all, with its columns; how long that took and what was found is a tally more."""
    if annotation is None:
        yield from ((document, {}) for document in documents)
        return
    tally = Tally(annotation.name, len(documents), len(documents), size, size)
    tallies.append(tally)
    for document in documents:
        started = time.perf_counter()
        columns = annotation.columns(document.text, document.language, tally.counts)
        tally.seconds += time.perf_counter() - started
        yield document, columns


def _row(document: Document, columns: dict[str, list[str]]) -> bytes:
    row: dict[str, Any] = {"text": document.text, "source": document.source, "number": document.number}
    if document.language:
        row["language"] = document.language
    row.update(columns)
    return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape")
