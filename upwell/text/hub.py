"""Data sets of the Hugging Face hub, read as a stream: `hf://owner/name[:split][:column]`.

The split is train unless it is named; the column is guessed as in any table. Nothing is kept but what the `datasets`
library caches. A folder `owner/name` of Parquet, JSON or CSV files beside the working directory is read the same way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from upwell.errors import UserError
from upwell.text.formats import Reading, TextFile, first_line

HUB = "hf://"
DATASET = "a data set of the hub"


class HubText(TextFile):
    """One split of a data set."""

    def __init__(self, spec: str, reading: Reading) -> None:
        """Raises UserError where `spec` is not of the form above; nothing is opened yet."""
        name, _, rest = spec.removeprefix(HUB).partition(":")
        split, _, column = rest.partition(":")
        if name.count("/") != 1 or not all(name.split("/")):
            raise UserError(f"{spec}: is not of the form hf://owner/name[:split][:column]")
        if column and reading.column not in (None, column):
            raise UserError(f"{spec}: names the column {column!r}, --column another one; leave one out")
        wanted = Reading(reading.encoding, reading.errors, column or reading.column, reading.lenient, reading.found)
        super().__init__(Path(name), wanted, kind=DATASET)
        self.dataset, self.split, self.name = name, split or "train", spec

    def check(self) -> None:
        """Refuse a data set or split that is not there, or cannot be reached."""
        self._open()

    def num_bytes(self) -> int:
        """As the data set says; 1 where it does not."""
        return int(self._builder().info.dataset_size or 1)

    def fingerprint(self) -> bytes:
        """By the library: the commit of a data set of the hub, names and times of local files."""
        return f"{self.kind}{self.dataset}{self.split}{self.reading.column}{self._builder().hash}".encode()

    def _rows(self, column: str | None) -> Iterator[tuple[str, Any]]:
        rows = self._open()
        if column is not None and rows.column_names and column in rows.column_names:
            rows = rows.select_columns([column])
        number = 0
        try:
            for number, row in enumerate(rows, 1):
                yield f"row {number}", row
        except (OSError, ValueError, RuntimeError) as error:
            raise UserError(f"{self.name}: breaks off after row {number} ({first_line(error)})") from error

    def rows(self) -> Iterator[tuple[str, Any]]:
        """As of any file; where the data set declares names of labels, these stand in place of their numbers."""
        names = {column: _label_names(feature) for column, feature in (self._open().features or {}).items()}
        for place, row in self._rows(None):
            yield place, {column: _named(value, names.get(column)) for column, value in row.items()}

    def _builder(self) -> Any:
        try:
            return _library(self.name).load_dataset_builder(self.dataset)
        except (OSError, ValueError, RuntimeError) as error:
            raise UserError(f"{self.name}: cannot be opened ({first_line(error)})") from error

    def _open(self) -> Any:
        try:
            return _library(self.name).load_dataset(self.dataset, split=self.split, streaming=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise UserError(f"{self.name}: cannot be opened ({first_line(error)})") from error


def _label_names(feature: Any) -> list[str] | None:
    """The names that a feature, or each item of a list of them, is a number of."""
    names = getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None)
    return None if names is None else list(names)


def _named(value: Any, names: list[str] | None) -> Any:
    """The name of a number, of each in a list; None for -1, which stands for no label."""
    if names is None:
        return value
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else None


def _library(name: str) -> Any:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import datasets
    except ImportError as error:
        raise UserError(f'{name}: reading the hub needs one more package: pip install "upwell[hub]"') from error
    datasets.disable_progress_bars()
    return datasets
