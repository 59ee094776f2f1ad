"""The rows of a file of labelled data, by column, before it is known what the columns mean.

JSON lines, CSV, TSV and Parquet are read as `upwell.text.formats` reads them. Any other text (.json, .txt, standard input)
is told by its first characters: JSON (one value, or one a line), lines of fastText (`__label__x text`), or columns divided
by tabs. A row of another width than the first, which a stray tab or comma makes, is left out and counted.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from upwell.errors import UserError
from upwell.text.columns import GUESS_ROWS, is_header, unknown_column
from upwell.text.decoding import check_encoding, normalize, replace_surrogates
from upwell.text.formats import CSV, PLAIN, TSV, Reading, TextFile
from upwell.text.labelled.rows import Column
from upwell.text.sources import open_files

FASTTEXT_LABEL = "__label__"
_HELD_OUT = re.compile(r"(?:^|[^a-z])(?:valid|validation|dev|test)(?:[^a-z]|$)", re.IGNORECASE)
Specs = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows by column, as they were in the files."""

    name: str
    rows: list[dict[str, Any]]
    errors: str = "strict"
    left_out: Counter[str] = field(default_factory=Counter)
    is_named: bool = True
    """Whether the columns have names of their own; otherwise they are called 1, 2, 3…"""

    @property
    def columns(self) -> list[str]:
        """The columns of the first rows, in their order."""
        return list(dict.fromkeys(column for row in self.rows[:GUESS_ROWS] for column in row))

    def values(self, column: str, number: int = 1000) -> list[Any]:
        """What stands in a column of the first `number` rows, without the rows that have nothing there."""
        found = (row.get(column) for row in self.rows[:number])
        return [value for value in found if not is_missing(value)]

    def find(self, role: str, wanted: str | None, names: Iterable[str]) -> Column | None:
        """The column asked for, or the first of `names` that is there, case aside; None where none is.

        Raises UserError, naming the nearest, where the one asked for is missing.
        """
        columns = self.columns
        if wanted is not None:
            if wanted in columns:
                return Column(role, wanted, "as asked")
            raise unknown_column(wanted, columns, self.name, f" for the {role}")
        lowered = {column.strip().lower(): column for column in reversed(columns)}
        return next((Column(role, lowered[name], "by its name") for name in names if name in lowered), None)

    def missing(self, role: str, what: str) -> UserError:
        """The error that says that no column could be found for a role."""
        return UserError(
            f"{self.name}: no column looks like {what}; name the one for the {role}; it has: {', '.join(self.columns[:20])}"
        )

    def text(self, value: object) -> str:
        """A cell as clean text: a number in its shortest form, line ends and characters as every source has them."""
        return clean(value, name=self.name, errors=self.errors)


def clean(value: object, *, name: str, errors: str = "strict") -> str:
    """A value of JSON, a cell, as clean text; a whole number without its point, so that 1.0 and 1 are one label."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return normalize(replace_surrogates(str(value), name=name, errors=errors))


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing: null, NaN, or nothing but white space."""
    return (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or (isinstance(value, str) and not value.strip())
    )


def labelled_files(specs: Specs, *, encoding: str, errors: str) -> list[TextFile]:
    """The files that one or several sources stand for; raises UserError for those that hold no text."""
    reading = Reading(check_encoding(encoding, errors), errors)
    names = [specs] if isinstance(specs, str | os.PathLike) else specs
    files = [file for name in names for file in open_files(os.fspath(name), reading)]
    held_out = [file.path.name for file in files if _HELD_OUT.search(file.path.name)]
    if 0 < len(held_out) < len(files):
        raise UserError(
            f"{name_of(files)}: {held_out[0]} looks like a part for validation or test among others; name the files of one part"
        )
    if not any(file.num_bytes() for file in files):
        raise UserError(f"{name_of(files)}: is empty")
    return files


def name_of(files: Sequence[TextFile]) -> str:
    """What errors and descriptions call the files."""
    return files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"


def table_of(files: Sequence[TextFile], *, wanted: Sequence[str | None] = (), errors: str = "strict") -> Table:
    """Read the rows of `labelled_files`.

    Arguments: `wanted`, names of columns that were asked for, which show that a first row is a header.
    Raises UserError where a file is empty, damaged, or of no form that has rows with labels.
    """
    left_out: Counter[str] = Counter()
    parts = [_rows(file, [name for name in wanted if name is not None], left_out) for file in files]
    rows = [row for part, _ in parts for row in part]
    if not rows:
        reason = f" ({', '.join(f'{count:,} {what}' for what, count in left_out.items())})" if left_out else ""
        raise UserError(f"{name_of(files)}: holds no rows{reason}")
    return Table(
        name=name_of(files), rows=rows, errors=errors, left_out=left_out, is_named=all(named for _, named in parts)
    )


def _rows(file: TextFile, wanted: Sequence[str], left_out: Counter[str]) -> tuple[list[dict[str, Any]], bool]:
    if file.kind == PLAIN:
        first = next((line.strip() for line in file.lines() if line.strip()), "")
        if first.startswith(("{", "[")):
            return _objects(_json_values(file), file.name), True
        if first.startswith(FASTTEXT_LABEL):
            return [_fasttext_row(line) for line in file.lines() if line.strip()], True
        if first and "\t" not in first:
            raise UserError(
                f"{file.name}: is running text without labels; give a .jsonl, .csv, .tsv or .parquet file with columns"
            )
        file.kind = TSV
    if file.kind in (CSV, TSV):
        return _cells(file, wanted, left_out)
    return _objects(file.rows(), file.name), True


def _fasttext_row(line: str) -> dict[str, Any]:
    words = line.split()
    labels = list(itertools.takewhile(lambda word: word.startswith(FASTTEXT_LABEL), words))
    return {"text": " ".join(words[len(labels) :]), "labels": [label.removeprefix(FASTTEXT_LABEL) for label in labels]}


def _json_values(file: TextFile) -> Iterator[tuple[str, Any]]:
    """The rows of a JSON file: of a list, of the list under `data`, or one value a line."""
    lines = list(file.lines())
    try:
        value = json.loads("\n".join(lines))
    except (ValueError, RecursionError) as error:
        first = next(line for line in lines if line.strip())
        try:
            json.loads(first)
        except (ValueError, RecursionError):
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep or too large a number"
            place = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
            raise UserError(f"{file.name}: {place}is not sound JSON ({reason})") from error
        file.kind = "JSON lines"
        yield from file.rows()
        return
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value = value["data"]
    for number, row in enumerate(value if isinstance(value, list) else [value], 1):
        yield f"row {number}", row


def _objects(rows: Iterable[tuple[str, Any]], name: str) -> list[dict[str, Any]]:
    found = []
    for place, row in rows:
        if isinstance(row, list):
            row = {str(number): value for number, value in enumerate(row, 1)}
        if not isinstance(row, dict):
            raise UserError(f"{name}: {place} is a {type(row).__name__}, not an object with columns")
        found.append(row)
    return found


def _cells(file: TextFile, wanted: Sequence[str], left_out: Counter[str]) -> tuple[list[dict[str, Any]], bool]:
    cells = file.cells()
    start = [row for _, row in itertools.islice(cells, GUESS_ROWS)]
    if not start:
        return [], False
    width = len(start[0])
    named = _has_header(start, wanted)
    header = [cell.strip() for cell in start[0]] if named else [str(number) for number in range(1, width + 1)]
    found = []
    for row in itertools.chain(start[named:], (row for _, row in cells)):
        if len(row) == width:
            found.append(dict(zip(header, row, strict=True)))
        else:
            left_out["rows of another width than the first"] += 1
    return found, named


def _has_header(rows: Sequence[Sequence[str]], wanted: Sequence[str]) -> bool:
    """As `is_header`; but a first cell that comes again further down its column is a label, not a name."""
    first = [cell.strip() for cell in rows[0]]
    if any(name in first for name in wanted if not name.isdigit()):
        return True
    below = [{row[place].strip() for row in rows[1:] if len(row) == len(first)} for place in range(len(first))]
    if any(cell and cell in column for cell, column in zip(first, below, strict=True)):
        return False
    return is_header(first, rows[1] if len(rows) > 1 else None, None)
