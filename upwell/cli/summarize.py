"""upwell summarize"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from upwell.cli.lines import answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions


def summarize(
    run: str,
    *text: str,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Tell a story in a sentence or two.

    The run must have learned to summarize, as those of upwell train do.

    Parameters
    ----------
    run
        Folder of the run.
    text
        The story; without one each line of standard input is a story.
    as_json
        Print a JSON object for each text.
    """
    asker = loading.load(run).asker
    answer_lines(text, lambda line: {"answer": asker.summarize(line)}, as_json=as_json)
