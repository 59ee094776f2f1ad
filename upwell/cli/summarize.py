"""upwell summarize"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from upwell.cli.lines import Latency, answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions


def summarize(
    run: str,
    *text: str,
    file: str | None = None,
    sentences: int | None = None,
    max_words: int | None = None,
    max_characters: int | None = None,
    stats: Annotated[bool, Parameter(negative="")] = False,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Tell a text in a sentence or two.

    The run is of upwell train DATA --task summarize; or a language model of the micro-world, which tells a story in a sentence
    or two.

    Parameters
    ----------
    run
        Folder of the run.
    text
        The text; without one each line of standard input is a text.
    file
        A file that holds the text, of any size.
    sentences
        So many sentences, or clauses where the run takes these; by default as much as it has learned.
    max_words
        At most so many words, as much as fits; a Chinese character is a word.
    max_characters
        At most so many characters, as much as fits.
    stats
        Say at the end how long a text took: median and 99th percentile.
    as_json
        Print a JSON object for each text.
    """
    from upwell.errors import UserError
    from upwell.training.runs import SUMMARIZER, Run

    limits = {"sentences": sentences, "max_words": max_words, "max_characters": max_characters}
    given = {
        f"--{name.replace('_', '-')}": value for name, value in {"file": file, **limits}.items() if value is not None
    }
    for name, value in given.items():
        if isinstance(value, int) and value < 1:
            raise UserError(f"{name} {value}: must be 1 or more")
    if file is not None and text:
        raise UserError(f"--file {file}: give a file or a text (not both)")
    if Run(Path(run)).kind() == SUMMARIZER:
        model = loading.summarizer(run)

        def say(line: str) -> dict[str, Any]:
            if file is not None:
                return {"answer": model.predict_parts(_lines(file), **limits)}
            return {"answer": model.predict([line], **limits)[0]}
    else:
        for name in given:
            raise UserError(f"{name}: {run} is a language model; upwell train DATA --task summarize makes a summarizer")
        asker = loading.load(run).asker

        def say(line: str) -> dict[str, Any]:
            return {"answer": asker.summarize(line)}

    latency = Latency()
    answer_lines(text if file is None else (file,), latency.timed(say), as_json=as_json)
    if stats:
        latency.print()


def _lines(name: str) -> Iterator[str]:
    """The lines of a file; a UserError for one that holds no text."""
    from upwell.text.files import text_of_argument
    from upwell.text.formats import PLAIN, Reading, TextFile

    file = TextFile(Path(text_of_argument(name)), Reading(), kind=PLAIN)
    file.check()
    return file.lines()
