"""What labelled data consists of: rows of several kinds, and all rows of a file with what was understood of it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

SHOWN_LABELS = 10
"""Labels that a description lists."""
SINGULAR = {
    "texts": "text",
    "questions": "question",
    "sentences": "sentence",
    "pairs": "pair",
    "documents": "document",
    "labels": "label",
    "tags": "tag",
}


def text_key(text: str) -> str:
    """What equal texts have in common: case and white space aside."""
    return " ".join(text.lower().split())


class Row(Protocol):
    """One example with what a model should say of it."""

    @property
    def key(self) -> Hashable:
        """Equal for rows that ask the same: such a pair is a copy, or a contradiction where the labels differ."""

    @property
    def group(self) -> Hashable:
        """Rows of one group stay in one part when some are held out."""

    @property
    def answer(self) -> Hashable:
        """What is to be said."""

    @property
    def counted(self) -> Iterable[str]:
        """The labels that it adds to the count."""


class Single:
    """What rows have in common that stand alone: nothing but their copies is kept in one part with them."""

    __slots__ = ()

    @property
    def key(self) -> Hashable:
        """What is asked."""
        raise NotImplementedError

    @property
    def group(self) -> Hashable:
        """As `key`."""
        return self.key


class Unlabelled:
    """What rows have in common whose answers are no labels."""

    __slots__ = ()

    @property
    def counted(self) -> tuple[str, ...]:
        """Nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class LabelledText(Single):
    """A text and its labels: one, or for several labels a text any number, in the order of the file."""

    text: str
    labels: tuple[str, ...]

    @property
    def key(self) -> str:
        """The text, case and white space aside."""
        return text_key(self.text)

    @property
    def answer(self) -> frozenset[str]:
        """The set of labels."""
        return frozenset(self.labels)

    @property
    def counted(self) -> tuple[str, ...]:
        """The labels."""
        return self.labels


@dataclass(frozen=True, slots=True)
class Answer:
    """A right answer, and the character of the context at which it begins; None where it does not stand there."""

    text: str
    start: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Unlabelled):
    """A question about a context."""

    context: str
    question: str
    answers: tuple[Answer, ...]
    """All that count as right; none where the context does not hold the answer."""
    choices: tuple[str, ...] = ()
    """What may be chosen from, where there is such a list."""
    choice: int | None = None
    """The place of the right one among `choices`."""
    id: str = ""
    story: str = ""
    """Names the text of which the context is what was told so far, where more is told later; empty: the context is whole."""

    @property
    def key(self) -> tuple[str, str]:
        """Context and question, case and white space aside."""
        return text_key(self.context), text_key(self.question)

    @property
    def group(self) -> str:
        """The story, or the context: questions of one passage stay together."""
        return self.story or text_key(self.context)

    @property
    def answer(self) -> frozenset[str]:
        """The texts of the right answers, case and white space aside."""
        return frozenset(text_key(answer.text) for answer in self.answers)


@dataclass(frozen=True, slots=True)
class TaggedSentence(Single):
    """The words of a sentence and a tag for each."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    others: tuple[str, ...] = field(default=(), compare=False)
    """Tags of another kind, one for each word, that a tagger may learn beside: in CoNLL-U the language's own. Empty: none."""

    @property
    def key(self) -> tuple[str, ...]:
        """The words, case aside."""
        return tuple(word.lower() for word in self.words)

    @property
    def answer(self) -> tuple[str, ...]:
        """The tags."""
        return self.tags

    @property
    def counted(self) -> tuple[str, ...]:
        """The tags."""
        return self.tags


@dataclass(frozen=True, slots=True)
class Pair(Single, Unlabelled):
    """A text and what is to be written for it: its translation, its summary."""

    source: str
    target: str

    @property
    def key(self) -> str:
        """The source, case and white space aside."""
        return text_key(self.source)

    @property
    def answer(self) -> str:
        """The target, case and white space aside."""
        return text_key(self.target)


@dataclass(frozen=True, slots=True)
class SummarizedText(Single, Unlabelled):
    """A document and its summaries, each of which is right; the first is learned from."""

    document: str
    summaries: tuple[str, ...]

    @property
    def key(self) -> str:
        """The document, case and white space aside."""
        return text_key(self.document)

    @property
    def answer(self) -> frozenset[str]:
        """The summaries, case and white space aside."""
        return frozenset(map(text_key, self.summaries))


@dataclass(frozen=True)
class Column:
    """What a column was taken for."""

    role: str
    """text, label, context, question …"""
    name: str
    how: str
    """by its name, as asked, the fewest different values …"""


RowKind = TypeVar("RowKind", bound=Row)


@dataclass(frozen=True, kw_only=True)
class Labelled(Generic[RowKind]):
    """All rows of a file or of several, and what was understood of them."""

    name: str
    """Where they come from."""
    noun: str
    """texts, questions, sentences or pairs."""
    rows: tuple[RowKind, ...]
    columns: tuple[Column, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason, in words, to number of rows."""
    remarks: Mapping[str, int] = field(default_factory=dict)
    """What is odd about rows that stayed, in words, to their number."""
    script: str = "keep"
    """The one that Chinese was brought to, simplified or traditional; keep: it stands as it was."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> dict[str, int]:
        """Labels (of tags: of words) with their counts, the most frequent first; empty for questions."""
        counts = Counter(label for row in self.rows for label in row.counted)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def with_rows(self, rows: Sequence[RowKind], *, left_out: Mapping[str, int] | None = None) -> Self:
        """The same with other rows; reasons in `left_out` are added."""
        counts = Counter(self.left_out) + Counter(left_out or {})
        return dataclasses.replace(self, rows=tuple(rows), left_out=dict(counts))

    def describe(self) -> list[str]:
        """What was understood, in lines for people: rows, columns, labels, what was left out and what is odd."""
        labels = self.labels
        noun = self.noun if len(self) != 1 else SINGULAR[self.noun]
        kind = "tags" if self.noun == "sentences" else "labels"
        with_labels = f" with {len(labels):,} {kind if len(labels) != 1 else SINGULAR[kind]}" if labels else ""
        lines = [f"{self.name}: {len(self):,} {noun}{with_labels}"]
        if self.columns:
            lines.append("; ".join(f"{column.role}: {column.name} ({column.how})" for column in self.columns))
        if labels:
            shown = [f"{label} {count:,}" for label, count in list(labels.items())[:SHOWN_LABELS]]
            more = [f"and {len(labels) - SHOWN_LABELS:,} more"] if len(labels) > SHOWN_LABELS else []
            lines.append(f"{kind}: " + ", ".join(shown + more))
        for title, counts in (("left out", self.left_out), ("note", self.remarks)):
            if said := [f"{count:,} {what}" for what, count in counts.items() if count]:
                lines.append(f"{title}: " + ", ".join(said))
        return lines
