"""upwell prepare"""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

from cyclopts import Parameter

from upwell.errors import UserError
from upwell.text.cleaning.options import PrepareOptions

DEFAULTS = PrepareOptions()


def prepare(
    *sources: str,
    out: str | None = None,
    options: Annotated[PrepareOptions, Parameter(name="*")] = DEFAULTS,
    show: int | None = None,
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    language: str = "en",
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Clean raw text in named steps, and write it with its tokens and a report: what upwell train OUT then reads.

    Repairs encodings, strips markup, names languages, replaces private data, drops what is no text, and copies. Uses all
    cores; a killed run goes on when the same command is given again.

    Parameters
    ----------
    sources
        Text: .txt .md .jsonl .csv .tsv .parquet (.gz and .zst too), a folder, a glob, - for stdin, or hf://owner/name.
    out
        Folder for train.jsonl, valid.jsonl, tokens and the report.
    show
        Print the first so many documents as they would come out, and what they were, and write nothing.
    overwrite
        Replace what was prepared in the folder before.
    language
        Of the report in the terminal: en or zh. The pages are in both.
    as_json
        Print one JSON object as the last line.
    quiet
        No progress, no table.
    """
    from upwell.cli.main import source_name
    from upwell.cli.prepare_display import PrepareDisplay, show_documents
    from upwell.text.cleaning.words import words

    words(language)
    names = [source_name(word) for word in sources]
    if not names:
        raise UserError("name a source of text to prepare")
    if show is not None:
        if show < 1:
            raise UserError(f"--show {show}: must be at least 1")
        show_documents(names, options, show)
        return
    if out is None:
        raise UserError("name a folder to write to by --out, or look at the first documents by --show 3")
    from upwell.api.preparing import prepare as prepare_text

    given = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    with PrepareDisplay(language=language, quiet=quiet) as display:
        prepared = prepare_text(names, out=out, overwrite=overwrite, observe=display, **given)
        display.finish(prepared)
    if as_json:
        report = prepared.report()
        print(
            json.dumps({"out": str(prepared.folder), **{name: report[name] for name in _PRINTED}}, ensure_ascii=False)
        )


_PRINTED = ("documents", "bytes", "splits", "tokens", "languages", "seconds")
