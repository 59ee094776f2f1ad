"""upwell translate"""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from upwell.cli.lines import answer_lines


def translate(
    run: str,
    *text: str,
    device: str | None = None,
    threads: int | None = None,
    dtype: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Translate English into Chinese and Chinese into English.

    A single word is answered with its senses. The run must have learned to translate, as those of upwell train do.

    Parameters
    ----------
    run
        Folder of the run.
    text
        A sentence or a word; without one each line of standard input.
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

    def answer(line: str) -> dict[str, Any]:
        if len(line.split()) == 1 and line.isalpha() and len(line) <= (2 if not line.isascii() else 30):
            senses = asker.senses(line.strip())
            told = [{"class": kind, "answer": word, "probability": round(p, 4)} for kind, word, p in senses]
            return {"answer": ", ".join(f"{word} ({kind})" for kind, word, _ in senses), "senses": told}
        return {"answer": asker.translate(line)}

    answer_lines(text, answer, as_json=as_json)
