"""Entities given as spans of characters of a text, turned into words with B-, I- and O tags.

A span is an object with `start`, `end` and `label`, or a list of these three; `end` is the first character behind it. A
word that a span touches belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from upwell.text.labelled.rows import TaggedSentence
from upwell.text.labelled.table import Table, is_missing
from upwell.text.words import HAN

START_NAMES = ("start", "start_offset", "begin")
END_NAMES = ("end", "end_offset")
KIND_NAMES = ("label", "type", "kind", "tag", "entity", "entity_group")

_WORDS = re.compile(rf"[{HAN}]|[^\W{HAN}]+(?:['’-][^\W{HAN}]+)*|[^\w\s]")


class Span(NamedTuple):
    """Characters of a text and the kind of entity that they are."""

    start: int
    end: int
    kind: str


def find_span(value: Any) -> Span | None:
    """The span that a JSON value is, if it is one."""
    if isinstance(value, Mapping):
        parts = [
            next((value[name] for name in names if name in value), None)
            for names in (START_NAMES, END_NAMES, KIND_NAMES)
        ]
    elif isinstance(value, list | tuple) and len(value) == 3:
        parts = list(value)
    else:
        return None
    start, end, kind = parts
    if type(start) is not int or type(end) is not int or not isinstance(kind, str) or is_missing(kind):
        return None
    return Span(start, end, kind)


def holds_spans(value: Any) -> bool:
    """Whether a cell is a list of spans, of one at least."""
    return isinstance(value, list) and bool(value) and all(find_span(one) is not None for one in value)


def tagged_by_spans(table: Table, raw: str, values: list[Any]) -> TaggedSentence | None:
    """The words of a text with tags by its spans; None where a value is no span, or spans lie outside or overlap."""
    spans = [find_span(value) for value in values]
    text = table.text(raw)
    words = [match.span() for match in _WORDS.finditer(text)]
    tags = ["O"] * len(words)
    for span in spans:
        if span is None or not 0 <= span.start < span.end <= len(raw):
            return None
        start, end = (len(table.text(raw[:place])) for place in (span.start, span.end))  # cleaning may change lengths
        inside = [place for place, word in enumerate(words) if word[0] < end and word[1] > start]
        if not inside or any(tags[place] != "O" for place in inside):
            return None
        kind = "-".join(table.text(span.kind).split())
        tags[inside[0] : inside[-1] + 1] = [f"B-{kind}", *[f"I-{kind}"] * (len(inside) - 1)]
    return TaggedSentence(tuple(text[start:end] for start, end in words), tuple(tags)) if words else None
