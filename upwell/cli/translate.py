"""upwell translate"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from upwell.cli.lines import Latency, answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions

if TYPE_CHECKING:
    from upwell.api import LanguageModel, Translator
    from upwell.generation import BeamOptions


def translate(
    run: str,
    *text: str,
    beam: int | None = None,
    n_best: int | None = None,
    length_penalty: float | None = None,
    coverage_penalty: float | None = None,
    stats: Annotated[bool, Parameter(negative="")] = False,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Translate a text.

    The run is of upwell train DATA --task translate, and a long line is translated sentence by sentence; or a language model of
    the micro-world, which translates English into Chinese and Chinese into English, and answers a single word with its senses,
    each with its word class and how sure the model is of it.

    Parameters
    ----------
    run
        Folder of the run.
    text
        The text; without one each line of standard input.
    beam
        Translations that are kept side by side, of which the likeliest is said: 4; 1 is quickest.
    n_best
        Print so many translations, a line each with its score, the best first; the text is then read as one sentence.
    length_penalty
        Above 0 longer translations are liked better: 1; 0 compares probabilities alone.
    coverage_penalty
        Above 0 translations are liked better that leave nothing of the text aside.
    stats
        Say at the end how long a text took: median and 99th percentile.
    as_json
        Print a JSON object for each text.
    """
    from pathlib import Path

    from upwell.errors import UserError
    from upwell.training.runs import TRANSLATOR, Run

    search = {
        "beam": beam, "n_best": n_best, "length_penalty": length_penalty, "coverage_penalty": coverage_penalty
    }  # fmt: skip
    given = {name: value for name, value in search.items() if value is not None}
    if Run(Path(run)).kind() == TRANSLATOR:
        say = _of_translator(loading.translator(run), _options(given))
    else:
        for name in given:
            raise UserError(
                f"--{name.replace('_', '-')}: {run} is a language model; upwell train DATA --task translate searches"
            )
        say = _of_language_model(loading.load(run))
    latency = Latency()
    answer_lines(text, latency.timed(say), as_json=as_json)
    if stats:
        latency.print()


def _options(given: dict[str, Any]) -> BeamOptions:
    from dataclasses import replace

    from upwell.api.translating import SEARCH
    from upwell.errors import UserError

    wanted = dict(given)
    width = wanted.pop("beam", max(SEARCH.width, wanted.get("n_best", 1)))
    if width < 1:
        raise UserError(f"--beam {width}: choose a number from 1")
    return replace(SEARCH, width=width, **wanted)


def _of_translator(model: Translator, options: BeamOptions) -> Callable[[str], dict[str, Any]]:
    def say(line: str) -> dict[str, Any]:
        if options.n_best == 1:
            return {"answer": model.translate(line, options=options)}
        best = model.hypotheses(line, options=options)
        return {
            "answer": best[0][0],
            "answers": [{"answer": text, "score": round(score, 4)} for text, score in best],
            "shown": "\n".join(f"{score:.4f}\t{text}" for text, score in best),
        }

    return say


def _of_language_model(model: LanguageModel) -> Callable[[str], dict[str, Any]]:
    asker = model.asker

    def say(line: str) -> dict[str, Any]:
        if asker.is_word(line.strip()):
            senses = asker.senses(line.strip())
            told = [{"class": kind, "answer": word, "probability": round(p, 4)} for kind, word, p in senses]
            listed = "; ".join(f"{word} ({kind}, {_percent(p)})" for kind, word, p in senses)
            return {"answer": listed, "senses": told}
        return {"answer": asker.translate(line)}

    return say


def _percent(probability: float) -> str:
    return f"{probability:.0%}" if probability >= 0.01 else "under 1%"
