"""Which column of a table holds the text, and whether the table has a header row."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from upwell.errors import UserError

TEXT_NAMES = [
    "text",
    "content",
    "document",
    "body",
    "sentence",
    "passage",
    "article",
    "paragraph",
    "story",
    "review",
    "message",
    "abstract",
    "raw_content",
    "raw_text",
]
"""Names that mean the text itself; the first that is there wins."""
OTHER_NAMES = frozenset(
    [
        "id",
        "idx",
        "index",
        "label",
        "labels",
        "class",
        "category",
        "title",
        "author",
        "date",
        "url",
        "source",
        "target",
        "question",
        "answer",
        "context",
        "summary",
        "language",
        "lang",
        "score",
        "name",
        "meta",
        "metadata",
        "tag",
        "topic",
        "prompt",
        "completion",
        "input",
        "output",
    ]
)
"""Other usual names of columns, which show that a row is a header."""
GUESS_ROWS = 100
"""Rows looked at to guess a column."""

_NAME = re.compile(r"[^\W\d]\w*([ .\-]\w+)?")


def choose_column(rows: Iterable[Mapping[str, object]], wanted: str | None, name: str) -> tuple[str, str]:
    """Choose the text column from a table's first rows.

    Order: the column asked for; a name of `TEXT_NAMES`; the only column of strings; the longest strings on average.
    Returns the column and a few words that say how it was chosen.
    Raises UserError, naming the columns there are, when the wanted one is missing or none holds strings.
    """
    lengths: dict[str, int] = {}
    columns: dict[str, None] = {}
    for row in rows:
        for column, value in row.items():
            columns[column] = None
            if isinstance(value, str) and value:
                lengths[column] = lengths.get(column, 0) + len(value)
    if wanted is not None:
        if wanted not in columns:
            raise unknown_column(wanted, list(columns), name)
        return wanted, "as asked"
    if not lengths:
        raise UserError(f"{name}: no column holds text; it has: {_listed(list(columns))}")
    lowered = {column.strip().lower(): column for column in reversed(lengths)}
    for known in TEXT_NAMES:
        if known in lowered:
            return lowered[known], "by its name"
    if len(lengths) == 1:
        return next(iter(lengths)), "the only one with text"
    longest = max(lengths, key=lambda column: lengths[column])
    return longest, f"the longest texts among {', '.join(list(lengths)[:8])}"


def unknown_column(wanted: str, columns: Sequence[str], name: str, purpose: str = "") -> UserError:
    """The error that says which columns `name` has, and which of them is nearest to the one asked for.

    `purpose`: what it was asked for, e.g. " for the label".
    """
    near = difflib.get_close_matches(wanted, columns, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return UserError(f"{name}: has no column {wanted!r}{purpose}; it has: {_listed(columns)}.{hint}")


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(columns[:20]) or "none"


def is_header(first: Sequence[str], second: Sequence[str] | None, wanted: str | None) -> bool:
    """Guess whether the first row of a CSV or TSV file names its columns.

    It does if a cell is the wanted column or a usual column name, or if all its cells are different and look like names
    while a cell of the second row does not. Without a header the columns are called 1, 2, 3…
    """
    cells = [cell.strip() for cell in first]
    if wanted is not None and wanted in cells:
        return True
    if len(set(cells)) < len(cells):
        return False
    if any(cell.lower() in OTHER_NAMES or cell.lower() in TEXT_NAMES for cell in cells):
        return True
    if second is None or not all(_NAME.fullmatch(cell) for cell in cells):
        return False
    return not all(_NAME.fullmatch(cell.strip()) for cell in second)
