"""What preparing a text looks like in a terminal: progress, a table of steps, documents before and after."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from upwell.cli.display import Display
from upwell.cli.layout import columns, duration, text_width, wrap
from upwell.text.cleaning.options import PrepareOptions
from upwell.text.prepared import Prepared

SHOWN = 1200
"""Characters of a document that are shown."""

_BETWEEN = (" | ", "\n")
"""Of the values of a column as they are shown; sentences have lines of their own."""

_PASSES = {
    "decide": "looking for copies",
    "write": "writing the documents",
    "tokenizer": "training the tokenizer",
    "report": "writing the report",
}


class PrepareDisplay(Display):
    """Watches a preparation and shows it; called with an event's kind and figures."""

    def __init__(self, *, language: str, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self.language = language
        self.tokenized = 0

    def __call__(self, kind: str, figures: dict[str, Any]) -> None:
        """Show one event."""
        if self.task is None:
            self.task = self.progress.add_task("", total=None, figures="")
        if kind == "read":
            said = f"{figures['documents']:,} documents, {figures['characters'] / 1e6:,.1f} million characters through the steps"
        elif kind == "tokens":
            self.tokenized += figures["bytes"]
            said = f"{self.tokenized / 1e6:,.1f} MB cut into tokens"
        elif kind in _PASSES:
            said = _PASSES[kind]
        else:
            return
        self.progress.update(self.task, figures=said)

    def finish(self, prepared: Prepared) -> None:
        """The table of steps, what is there now, and what to do with it."""
        from upwell.text.cleaning.page import (
            plan_head,
            plan_rows,
            step_cells,
            step_head,
            tokenizer_head,
            tokenizer_rows,
        )
        from upwell.text.cleaning.words import words

        if self.console.quiet:
            return
        self.progress.stop()
        w, report = words(self.language), prepared.report()
        steps = [step for step in report["steps"] if step["name"] not in ("sketch", "groups")]
        tables = [
            (step_head(w), [step_cells(step, w) for step in steps]),
            (tokenizer_head(w), tokenizer_rows(report)),
            (plan_head(w), plan_rows(report)),
        ]
        for head, rows in tables:
            if rows:
                self.console.print("\n".join(columns([head, *rows])), markup=False)
                self.console.print()
        self._say(prepared.description)
        self._say(f"time       {duration(report['seconds']['all'])} on {report['workers']} processes")
        self._say(f"report     {prepared.folder / ('report.html' if self.language == 'en' else 'report.zh.html')}")
        self._say(f"next       upwell train {prepared.folder}")


def show_documents(names: Sequence[str], options: PrepareOptions, count: int) -> None:
    """Print the first `count` documents, each as it was, where that differs, and as it comes out or why it goes."""
    from upwell.text.cleaning.preparation import open_texts
    from upwell.text.cleaning.steps import preview

    for number, seen in enumerate(islice(preview(open_texts(names, options), options), count)):
        print(
            ("\n" if number else "")
            + f"# {seen.source} {seen.number}"
            + (f", {seen.language}" if seen.language else "")
        )
        if seen.before != seen.after:
            print("\n".join(_shown("- ", seen.before)))
        print(
            f"removed by {seen.removed}"
            if seen.removed
            else "\n".join(_shown("+ " if seen.before != seen.after else "  ", seen.after))
        )
        for column, values in seen.columns.items():
            print("\n".join(_shown(f"{column:10}", _BETWEEN[column == "sentences"].join(values))))


def _shown(mark: str, text: str) -> list[str]:
    lines = [line for part in text[:SHOWN].split("\n") for line in wrap(part, text_width(), first=mark, indent=mark)]
    return [*lines, f"{mark}… {len(text) - SHOWN:,} characters more"] if len(text) > SHOWN else lines
