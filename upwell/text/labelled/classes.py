"""Texts with labels: which column is the text, which the label, and which rows can be used."""

from __future__ import annotations

from collections import Counter
from typing import Any

from upwell.errors import UserError
from upwell.text.columns import GUESS_ROWS, TEXT_NAMES, choose_column
from upwell.text.labelled.parts import checked
from upwell.text.labelled.rows import Column, Labelled, LabelledText
from upwell.text.labelled.table import Specs, Table, is_missing, labelled_files, table_of

LABEL_NAMES = (
    "label",
    "labels",
    "label_text",
    "label_name",
    "class",
    "classes",
    "category",
    "categories",
    "sentiment",
    "intent",
    "topic",
    "topics",
    "emotion",
    "emotions",
    "target",
    "tag",
    "tags",
    "polarity",
    "genre",
    "rating",
    "stars",
    "y",
    "标签",
    "类别",
    "分类",
)
"""Names that mean the label; the first that is there wins."""
FEW_ROWS = 20
"""With fewer rows a label of its own for each of them may still be meant."""


def read_classes(
    specs: Specs,
    *,
    text: str | None = None,
    label: str | None = None,
    separator: str | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
) -> Labelled[LabelledText]:
    """Read texts with their labels from a file, or from several of one form.

    Arguments: `text` and `label`, names of the columns, by default guessed; `separator`, what divides several labels in
    one cell (in JSON a list needs none).
    Raises UserError where the source cannot be read, has no such columns, or has fewer than two labels.
    """
    files = labelled_files(specs, encoding=encoding, errors=errors)
    table = table_of(files, wanted=(text, label), errors=errors)
    if label is not None and label == text:
        raise UserError(f"{table.name}: text and label are both column {label!r}; name two different ones")
    label_column = _label_column(table, label, text)
    text_column = _text_column(table, label_column.name, text)
    return labelled_texts(table, label=label_column, text=text_column, separator=separator)


def labelled_texts(table: Table, *, label: Column, text: Column, separator: str | None) -> Labelled[LabelledText]:
    """The usable rows of a table: those with a text and a label, each once."""
    left_out, rows = table.left_out.copy(), []
    several = separator is not None or any(isinstance(value, list) for value in table.values(label.name))
    for cells in table.rows:
        labels = _labels(table, cells.get(label.name), separator)
        if is_missing(cells.get(text.name)):
            left_out["without a text"] += 1
        elif labels is None or not (labels or several):
            left_out["without a label"] += 1
        else:
            rows.append(LabelledText(table.text(cells[text.name]).strip(), labels))
    found = checked(
        Labelled(name=table.name, noun="texts", rows=tuple(rows), columns=(text, label), left_out=dict(left_out))
    )
    _check_labels(found, label, several=several)
    return found


def _labels(table: Table, value: Any, separator: str | None) -> tuple[str, ...] | None:
    """The labels of a cell, each once; None where there is none and none is said to be there."""
    if isinstance(value, list):
        values = [one for one in value if not is_missing(one)]
    elif is_missing(value) or isinstance(value, dict):
        return None if separator is None or value is None else ()
    else:
        values = [value] if separator is None else str(value).split(separator)
    return tuple(dict.fromkeys(" ".join(table.text(one).split()) for one in values if not is_missing(one)))


def _label_column(table: Table, label: str | None, text: str | None) -> Column:
    found = table.find("label", label, (name for name in LABEL_NAMES if name != text))
    if found is not None:
        return found
    named = table.find("text", text, TEXT_NAMES)
    different: dict[str, int] = {}
    for column in table.columns:
        values = table.values(column)
        number = len({str(value) for value in values})
        if not (named and named.name == column) and 1 < number <= max(len(values) // 2, 2):
            different[column] = number
    if not different:
        raise table.missing("label", "labels")
    fewest = min(different, key=lambda column: different[column])
    return Column("label", fewest, f"the fewest different values, {different[fewest]}")


def _text_column(table: Table, label: str, text: str | None) -> Column:
    if found := table.find("text", text, ()):
        return found
    rest = [{column: cell for column, cell in row.items() if column != label} for row in table.rows[:GUESS_ROWS]]
    name, how = choose_column(rest, None, f"{table.name}: beside the label {label!r}")
    return Column("text", name, how)


def _check_labels(found: Labelled[LabelledText], label: Column, *, several: bool) -> None:
    counts: Counter[str] = Counter(found.labels)
    kinds = len({row.answer for row in found.rows}) if several else len(counts)
    if kinds < 2:
        only = f"the label {next(iter(counts))!r}" if counts else "no label"
        raise UserError(
            f"{found.name}: every row has {only} in column {label.name!r}; two labels are needed to tell apart: name another column"
        )
    if len(found) >= FEW_ROWS and len(counts) >= len(found) and not several:
        raise UserError(
            f"{found.name}: every row has a label of its own in column {label.name!r}, so there is nothing to learn; name another column"
        )
