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
    reason: Annotated[bool, Parameter(negative="")] = False,
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
    reason
        Print, behind each answer, the facts of the text that the model gave for it.
    as_json
        Print a JSON object for each text.
    """
    from upwell.text.files import text_of_argument

    asker = loading.load(run).asker
    told = None if about is None else text_of_argument(about)

    def put(line: str) -> dict[str, str]:
        said, why = asker.answer_with_reason(line) if told is None else asker.answer_with_reason(told, line)
        if as_json:
            return {"answer": said, "reason": why}
        return {"answer": f"{said}  ({why})" if reason and why else said}

    answer_lines(text, put, as_json=as_json)
