"""upwell summarize"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from upwell.cli.lines import answer_lines


def summarize(
    run: str,
    *text: str,
    device: str | None = None,
    threads: int | None = None,
    dtype: str | None = None,
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

    model = LanguageModel.load(run, device=device, threads=threads, dtype=dtype)
    asker = model.asker
    answer_lines(text, lambda line: {"answer": asker.summarize(line)}, as_json=as_json)
