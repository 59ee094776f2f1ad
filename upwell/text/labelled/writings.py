"""Texts with what was given for them: which column is the text, and which are parts of its prompt."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

from upwell.errors import UserError
from upwell.text.columns import TEXT_NAMES, choose_column
from upwell.text.labelled.parts import checked
from upwell.text.labelled.rows import Column, Labelled, Single, Unlabelled, text_key
from upwell.text.labelled.table import Specs, Table, is_missing, labelled_files, table_of

TEXT = "text"
"""The role of the column that is to be learned; any other name is of a part of the prompt."""
WRITTEN_NAMES = ("text", "completion", "output", "response", "poem", "正文", "内容", *TEXT_NAMES)
"""Names that mean the text; the first that is there wins."""
PROMPT_NAMES = (
    *("prompt", "instruction", "input", "title", "topic", "subject", "theme", "keyword", "keywords", "tune", "author"),
    *("form", "genre", "style", "name", "提示", "标题", "题目", "主题", "关键词", "词牌", "词牌名", "作者", "体裁"),
)
"""Names that mean a part of the prompt."""
TUNE = "tune"
TUNE_NAMES = ("tune", "词牌", "词牌名")
"""Names of the part of a prompt that is called TUNE: poems that share it share a form."""


@dataclass(frozen=True, slots=True)
class WrittenText(Single, Unlabelled):
    """A text, and the parts of its prompt in the order of the columns; a part may be empty."""

    prompts: tuple[str, ...]
    text: str

    @property
    def key(self) -> str:
        """The text, case and white space aside: it is on one side of a division, whatever it was given for."""
        return text_key(self.text)

    @property
    def answer(self) -> tuple[str, ...]:
        """The parts of the prompt."""
        return self.prompts


def read_writings(
    specs: Specs, *, columns: Mapping[str, str] | None = None, encoding: str = "utf-8", errors: str = "strict"
) -> Labelled[WrittenText]:
    """Read texts with their prompts from a table.

    `columns`: the column of the text, TEXT, and those of the parts of the prompt, each by the name that it is to have; by
    default guessed. A row needs a text; of its prompt not all parts may be missing.
    Raises UserError where the source cannot be read or has no such columns.
    """
    columns = columns or {}
    files = labelled_files(specs, encoding=encoding, errors=errors)
    table = table_of(files, wanted=tuple(columns.values()), errors=errors)
    text = _text_column(table, columns)
    prompts = _prompt_columns(table, columns, text.name)
    left_out, rows = table.left_out.copy(), []
    for cells in table.rows:
        parts = tuple(_cell(table, cells.get(column.name)) for column in prompts)
        if is_missing(cells.get(text.name)):
            left_out["without a text"] += 1
        elif not any(parts):
            left_out["without a prompt"] += 1
        else:
            rows.append(WrittenText(parts, table.text(cells[text.name]).strip()))
    found = Labelled(name=table.name, noun="texts", rows=tuple(rows), columns=(*prompts, text), left_out=dict(left_out))
    found = checked(found)
    several = found.remarks[f"{found.noun} with more than one answer"]
    remarks = {"copies of another row": found.remarks["copies of another row"], "texts with several prompts": several}
    return dataclasses.replace(found, remarks=remarks)


def _cell(table: Table, value: object) -> str:
    """A part of a prompt, on one line."""
    return "" if is_missing(value) else " ".join(table.text(value).split())


def _text_column(table: Table, columns: Mapping[str, str]) -> Column:
    if found := table.find(TEXT, columns.get(TEXT), WRITTEN_NAMES):
        return found
    taken = {name for role, name in columns.items() if role != TEXT}
    name, how = choose_column(
        [{k: v for k, v in row.items() if k not in taken} for row in table.rows], None, table.name
    )
    return Column(TEXT, name, how)


def _prompt_columns(table: Table, columns: Mapping[str, str], text: str) -> list[Column]:
    if named := {role: name for role, name in columns.items() if role != TEXT}:
        found = [table.find(role, name, ()) for role, name in named.items()]
        if twice := [column for column in found if column and column.name == text]:
            raise UserError(
                f"{table.name}: column {text!r} is both the text and {twice[0].role}; name two different ones"
            )
        return [Column(_field(column.role), column.name, column.how) for column in found if column]
    others = [column for column in table.columns if column != text]
    known = [column for column in others if column.strip().lower() in PROMPT_NAMES]
    if known:
        return [Column(_field(column), column, "by its name") for column in known]
    if len(others) == 1 or (others and not table.is_named):
        names = ["prompt", *(f"prompt_{number}" for number in range(2, len(others) + 1))]
        return [Column(name, column, "beside the text") for name, column in zip(names, others, strict=True)]
    raise table.missing("prompt", "a prompt")


def _field(name: str) -> str:
    """What a prompt calls a column: a word."""
    word = re.sub(r"\W+", "_", name.strip().lower()).strip("_") or "prompt"
    return TUNE if word in TUNE_NAMES else word
