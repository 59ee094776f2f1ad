"""upwell translate"""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from upwell.cli.lines import answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions


def translate(
    run: str,
    *text: str,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Translate English into Chinese and Chinese into English.

    A single word is answered with its senses, each with its word class and how sure the model is of it. The run must have learned to translate, as those of upwell train do.

    Parameters
    ----------
    run
        Folder of the run.
    text
        A sentence or a word; without one each line of standard input.
    as_json
        Print a JSON object for each text.
    """
    asker = loading.load(run).asker

    def answer(line: str) -> dict[str, Any]:
        if asker.is_word(line.strip()):
            senses = asker.senses(line.strip())
            told = [{"class": kind, "answer": word, "probability": round(p, 4)} for kind, word, p in senses]
            listed = "; ".join(f"{word} ({kind}, {_percent(p)})" for kind, word, p in senses)
            return {"answer": listed, "senses": told}
        return {"answer": asker.translate(line)}

    answer_lines(text, answer, as_json=as_json)


def _percent(probability: float) -> str:
    return f"{probability:.0%}" if probability >= 0.01 else "under 1%"
