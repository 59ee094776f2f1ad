"""upwell classify"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from upwell.cli.lines import answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions


def classify(
    run: str,
    *text: str,
    of: str | None = None,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Say what a text is about, or how somebody in it felt in the end.

    The run must have learned to classify, as those of upwell train do.

    Parameters
    ----------
    run
        Folder of the run.
    text
        The text; without one each line of standard input.
    of
        A person in the text: tell how that person felt in the end, good or bad, and not the topic.
    as_json
        Print a JSON object for each text.
    """
    from upwell.text.files import text_of_argument

    asker = loading.load(run).asker
    person = text_of_argument(of or "")
    answer_lines(text, lambda line: {"answer": asker.classify(line, person)}, as_json=as_json)
