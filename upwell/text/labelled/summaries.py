"""Documents with summaries: which column is the document, which the summary, and which rows can be used.

A summary is a text, or a list of texts that are all right, as SciTLDR has them (Cachola et al. 2020).
"""

from __future__ import annotations

import dataclasses
from typing import Any

from upwell.errors import UserError
from upwell.text.labelled.parts import checked
from upwell.text.labelled.rows import Column, Labelled, SummarizedText
from upwell.text.labelled.table import Specs, Table, is_missing, labelled_files, table_of

DOCUMENT_NAMES = (
    "document",
    "text",
    "article",
    "dialogue",
    "dialog",
    "conversation",
    "body",
    "content",
    "source",
    "passage",
    "story",
    "abstract",
    "正文",
    "文章",
    "内容",
    "摘要",
)
"""Names that mean the document; the first that is there wins."""
SUMMARY_NAMES = (
    "summary",
    "summaries",
    "tldr",
    "headline",
    "highlights",
    "title",
    "abstract",
    "target",
    "总结",
    "摘要",
    "标题",
)
"""Names that mean the summary."""


def read_summaries(
    specs: Specs,
    *,
    document: str | None = None,
    summary: str | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
) -> Labelled[SummarizedText]:
    """Read documents with their summaries from a file, or from several of one form.

    Arguments: `document` and `summary`, names of the columns, by default guessed.
    Raises UserError where the source cannot be read, has no such columns, or has no row that can be used.
    """
    files = labelled_files(specs, encoding=encoding, errors=errors)
    table = table_of(files, wanted=(document, summary), errors=errors)
    if document is not None and document == summary:
        raise UserError(f"{table.name}: document and summary are both column {document!r}; name two different ones")
    document_column, summary_column = _columns(table, document, summary)
    left_out, rows = table.left_out.copy(), []
    for cells in table.rows:
        summaries = _texts(table, cells.get(summary_column.name))
        if is_missing(cells.get(document_column.name)):
            left_out["without a document"] += 1
        elif not summaries:
            left_out["without a summary"] += 1
        else:
            rows.append(SummarizedText(table.text(cells[document_column.name]).strip(), summaries))
    found = checked(
        Labelled(
            name=table.name,
            noun="documents",
            rows=tuple(rows),
            columns=(document_column, summary_column),
            left_out=dict(left_out),
        )
    )
    return _counted(found)


def _texts(table: Table, value: Any) -> tuple[str, ...]:
    """The summaries of a cell, each once."""
    values = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(table.text(one).strip() for one in values if not is_missing(one)))


def _columns(table: Table, document: str | None, summary: str | None) -> tuple[Column, Column]:
    found = table.find("document", document, (name for name in DOCUMENT_NAMES if name != summary))
    other = table.find("summary", summary, (name for name in SUMMARY_NAMES if not found or name != _key(found)))
    if found and other and found.name == other.name:  # the summary's was asked for
        found = table.find("document", None, (name for name in DOCUMENT_NAMES if name != _key(other)))
    if found is None or other is None:
        rest = [column for column in table.columns if other is None or column != other.name]
        length = {column: sum(len(str(value)) for value in table.values(column)) for column in rest}
        if found is None and rest:
            found = Column("document", max(rest, key=lambda column: length[column]), "the longest texts")
        left = [column for column in rest if not found or column != found.name]
        if other is None and not table.is_named and left:
            longest = max(left, key=lambda column: length[column])
            other = Column("summary", longest, "the longest texts but one")
    if found is None:
        raise table.missing("document", "documents")
    if other is None:
        raise table.missing("summary", "summaries")
    return found, other


def _key(column: Column) -> str:
    return column.name.strip().lower()


def _counted(found: Labelled[SummarizedText]) -> Labelled[SummarizedText]:
    """The same with the summaries counted that are no shorter than their document; a UserError where that is all of them."""
    longer = sum(len(row.summaries[0]) >= len(row.document) for row in found.rows)
    if longer == len(found):
        raise UserError(
            f"{found.name}: no summary is shorter than its document; name the columns: --columns document=NAME,summary=NAME"
        )
    return dataclasses.replace(found, remarks={**found.remarks, "summaries no shorter than their document": longer})
