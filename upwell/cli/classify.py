"""upwell classify"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from upwell.cli.lines import answer_lines


def classify(
    run: str,
    *text: str,
    of: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    dtype: str | None = None,
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
    device
        cpu or cuda.
    threads
        CPU threads.
    dtype
        float32 (default) or bfloat16.
    as_json
        Print a JSON object for each text.
    """
    from upwell.api import LanguageModel
    from upwell.text.files import text_of_argument

    model = LanguageModel.load(run, device=device, threads=threads, dtype=dtype)
    asker = model.asker
    person = text_of_argument(of or "")
    answer_lines(text, lambda line: {"answer": asker.classify(line, person)}, as_json=as_json)
