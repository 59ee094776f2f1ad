"""upwell answer"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from upwell.cli.lines import answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions


def answer(
    run: str,
    *text: str,
    about: str | None = None,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Answer a question about a text.

    The run must have learned to answer questions, as those of upwell train do.

    Parameters
    ----------
    run
        Folder of the run.
    text
        A text that ends in the question; without one each line of standard input.
    about
        The text that the questions are about, so that each line is one question.
    as_json
        Print a JSON object for each text.
    """
    from upwell.text.files import text_of_argument

    asker = loading.load(run).asker
    if about is None:
        answer_lines(text, lambda line: {"answer": asker.answer(line)}, as_json=as_json)
    else:
        told = text_of_argument(about)
        answer_lines(text, lambda line: {"answer": asker.answer(told, line)}, as_json=as_json)
