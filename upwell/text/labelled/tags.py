"""Sentences with a tag for each word: parts of speech, entities.

Three forms are read: CoNLL-U (its UPOS or XPOS column; words that are written together and empty nodes are passed over),
lines of a word and its tag divided by a tab or blanks with an empty line after each sentence (of more columns the first is
the word and the last the tag, as in CoNLL 2003), and JSON lines or Parquet with a list of words and a list of tags, or a text
and entities as spans of its characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from upwell.errors import UserError
from upwell.text.columns import TEXT_NAMES
from upwell.text.formats import CSV, PLAIN, TSV, TextFile
from upwell.text.labelled.parts import checked
from upwell.text.labelled.rows import Column, Labelled, TaggedSentence
from upwell.text.labelled.spans import holds_spans, tagged_by_spans
from upwell.text.labelled.table import Specs, Table, clean, is_missing, labelled_files, name_of, table_of

WORD_NAMES = ("tokens", "words", "token", "form", "forms", "sentence", "text")
TAG_NAMES = (
    "tags",
    "ner_tags",
    "pos_tags",
    "upos",
    "xpos",
    "pos",
    "ner",
    "entities",
    "spans",
    "labels",
    "tag",
    "label",
)
CONLLU_COLUMNS = {"upos": 3, "xpos": 4}
BOUNDARY = "-DOCSTART-"
"""The word of CoNLL 2003 that begins a document."""

_CONLLU_LINE = re.compile(r"\d+(?:-\d+|\.\d+)?\t[^\t]*(?:\t[^\t]*){8}")
_SPAN_TAG = re.compile(r"O|[BILESMU]-.+")


def read_tags(
    specs: Specs,
    *,
    words: str | None = None,
    tags: str | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
) -> Labelled[TaggedSentence]:
    """Read sentences with their tags from a file, or from several of one form.

    Arguments: `words` and `tags`, names of columns (of lists, or of texts and spans) by default guessed; in CoNLL-U `tags` is upos or xpos, by
    default upos.
    Raises UserError where the source cannot be read, has no such columns, or has fewer than two tags.
    """
    files = labelled_files(specs, encoding=encoding, errors=errors)
    in_lines = files[0].kind in (PLAIN, CSV, TSV) and not _first_line(files[0]).startswith(("{", "["))
    found = checked(_from_lines(files, tags, errors) if in_lines else _from_lists(files, words, tags, errors))
    if len(found.labels) < 2:
        raise UserError(
            f"{found.name}: every word has the tag {next(iter(found.labels))!r}; two tags are needed to tell apart"
        )
    return found


def is_entity_scheme(tags: Iterable[str]) -> bool:
    """Whether tags mark spans (B-PER, I-PER, O), so that spans and not words are to be scored."""
    kinds = set(tags)
    return any(tag.startswith("B-") for tag in kinds) and all(_SPAN_TAG.fullmatch(tag) for tag in kinds)


def _first_line(file: TextFile) -> str:
    return next((line for line in file.lines() if line.strip() and not line.startswith("# ")), "")


def _from_lines(files: Sequence[TextFile], tags: str | None, errors: str) -> Labelled[TaggedSentence]:
    name = name_of(files)
    if files[0].kind == CSV:
        raise UserError(
            f"{name}: tagged sentences are read from CoNLL-U, lines of a word, a tab and its tag, .jsonl or .parquet"
        )
    is_conllu = _CONLLU_LINE.fullmatch(_first_line(files[0])) is not None
    if is_conllu and tags is not None and tags.lower() not in CONLLU_COLUMNS:
        raise UserError(f"{name}: unknown column {tags!r} of CoNLL-U: choose {' or '.join(CONLLU_COLUMNS)}")
    left_out: Counter[str] = Counter()
    rows = []
    for file in files:
        for lines in _blocks(file, comments=is_conllu):
            pairs = _conllu_pairs(lines, (tags or "upos").lower()) if is_conllu else _plain_pairs(lines, file.name)
            if not pairs:
                continue
            if any(tag in ("", "_") for _, tag in pairs):
                left_out["with a word that has no tag"] += 1
            else:
                words, labels = (
                    tuple(clean(cell, name=name, errors=errors) for cell in column)
                    for column in zip(*pairs, strict=True)
                )
                rows.append(TaggedSentence(words, labels, _others(lines, tags, name, errors) if is_conllu else ()))
    if not rows and not left_out:
        raise UserError(f"{name}: holds no sentences")
    columns = (
        (
            Column("words", "FORM", "CoNLL-U"),
            Column("tags", (tags or "upos").upper(), "as asked" if tags else "CoNLL-U"),
        )
        if is_conllu
        else (Column("words", "1", "the first of each line"), Column("tags", "last", "the last of each line"))
    )
    return Labelled(name=name, noun="sentences", rows=tuple(rows), columns=columns, left_out=dict(left_out))


def _blocks(file: TextFile, *, comments: bool) -> Iterator[list[tuple[int, str]]]:
    """Lines with their numbers, between empty ones; where a `#` begins `comments` these are passed over."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate(file.lines(), 1):
        if not line.strip():
            if block:
                yield block
            block = []
        elif not (comments and line.startswith("#")):
            block.append((number, line))
    if block:
        yield block


def _conllu_pairs(lines: Sequence[tuple[int, str]], column: str) -> list[tuple[str, str]]:
    cells = [line.split("\t") for _, line in lines]
    return [(row[1], row[CONLLU_COLUMNS[column]]) for row in cells if len(row) == 10 and row[0].isdigit()]


def _others(lines: Sequence[tuple[int, str]], column: str | None, name: str, errors: str) -> tuple[str, ...]:
    """The tags of the other column of CoNLL-U; none where a word has none."""
    other = "upos" if (column or "upos").lower() == "xpos" else "xpos"
    found = [tag for _, tag in _conllu_pairs(lines, other)]
    return (
        () if any(tag in ("", "_") for tag in found) else tuple(clean(tag, name=name, errors=errors) for tag in found)
    )


def _plain_pairs(lines: Sequence[tuple[int, str]], name: str) -> list[tuple[str, str]]:
    pairs = []
    for number, line in lines:
        cells = line.split("\t") if "\t" in line else line.split()
        if len(cells) < 2:
            raise UserError(
                f"{name}: line {number} has no tag: each line holds a word, a tab and its tag; an empty line ends a sentence"
            )
        if cells[0] != BOUNDARY:
            pairs.append((cells[0].strip(), cells[-1].strip()))
    return pairs


def _from_lists(
    files: Sequence[TextFile], words: str | None, tags: str | None, errors: str
) -> Labelled[TaggedSentence]:
    table = table_of(files, wanted=(words, tags), errors=errors)
    tag_column = table.find("tags", tags, TAG_NAMES)
    if tag_column is None:
        raise table.missing("tags", "lists of tags")
    with_spans = any(holds_spans(value) for value in table.values(tag_column.name))
    word_column = table.find("words", words, TEXT_NAMES if with_spans else WORD_NAMES)
    if word_column is None:
        raise table.missing("words", "texts" if with_spans else "lists of words")
    left_out: Counter[str] = Counter(table.left_out)
    rows = []
    for row in table.rows:
        read = _spans_row if with_spans else _lists_row
        found = read(table, row.get(word_column.name), row.get(tag_column.name))
        if isinstance(found, TaggedSentence):
            rows.append(found)
        else:
            left_out[found] += 1
    columns = (word_column, tag_column)
    return Labelled(name=table.name, noun="sentences", rows=tuple(rows), columns=columns, left_out=dict(left_out))


def _lists_row(table: Table, words: Any, tags: Any) -> TaggedSentence | str:
    """The sentence of a list of words, or a text with blanks between them, and the same of tags; or what is wrong."""
    texts, labels = (value.split() if isinstance(value, str) else value for value in (words, tags))
    if not isinstance(texts, list) or not texts:
        return "without words"
    if not isinstance(labels, list) or any(is_missing(label) for label in labels):
        return "with a word that has no tag"
    if len(texts) != len(labels):
        return "with other numbers of words and tags"
    return TaggedSentence(tuple(map(table.text, texts)), tuple(map(table.text, labels)))


def _spans_row(table: Table, text: Any, spans: Any) -> TaggedSentence | str:
    """The sentence of a text and spans in it; or what is wrong."""
    if not isinstance(text, str) or is_missing(text):
        return "without words"
    if not isinstance(spans, list):
        return "without a list of spans"
    return tagged_by_spans(table, text, spans) or "with spans that overlap or are not in the text"
