"""upwell answer"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from upwell.cli.lines import Latency, answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions

if TYPE_CHECKING:
    from upwell.api import QuestionAnswerer

NO_ANSWER = "(no answer)"


def answer(
    run: str,
    *text: str,
    about: str | None = None,
    choice: tuple[str, ...] = (),
    reason: Annotated[bool, Parameter(negative="")] = False,
    stats: Annotated[bool, Parameter(negative="")] = False,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Answer a question about a text.

    The run must have learned to answer questions: one of upwell train DATA --task answer, or a language model of the
    micro-world.

    Parameters
    ----------
    run
        Folder of the run.
    text
        A text that ends in the question; without one each line of standard input.
    about
        The text that the questions are about, or a file that holds it, so that each line is one question.
    choice
        What may be answered, where the run chooses among answers; once for each.
    reason
        Print, behind each answer, the facts of the text that the language model gave for it.
    stats
        Say at the end how long a text took: median and 99th percentile.
    as_json
        Print a JSON object for each text; of a run of --task answer with the probability that the answer is right, and
        where it begins, in characters of the text.
    """
    from pathlib import Path

    from upwell.errors import UserError
    from upwell.text.files import text_of_argument
    from upwell.training.runs import ANSWERER, Run

    told = None if about is None else _text_of(about)
    if Run(Path(run)).kind() == ANSWERER:
        if reason:
            raise UserError(f"--reason: {run} gives no reasons; --json tells where an answer stands")
        if choice and Run(Path(run)).config(ANSWERER).get("manner") != "choices":
            raise UserError(f"--choice: {run} has learned no choices, only answers of its own")
        say = _of_answerer(loading.answerer(run), told, tuple(map(text_of_argument, choice)))
    else:
        if choice:
            raise UserError(f"--choice: {run} is a language model; upwell train DATA --task answer learns to choose")
        asker = loading.load(run).asker

        def say(line: str) -> dict[str, Any]:
            said, why = asker.answer_with_reason(line) if told is None else asker.answer_with_reason(told, line)
            if as_json:
                return {"answer": said, "reason": why}
            return {"answer": f"{said}  ({why})" if reason and why else said}

    latency = Latency()
    answer_lines(text, latency.timed(say), as_json=as_json)
    if stats:
        latency.print()


def _of_answerer(
    model: QuestionAnswerer, told: str | None, choices: tuple[str, ...]
) -> Callable[[str], dict[str, Any]]:
    from upwell.errors import UserError
    from upwell.tasks.asking import split_question

    def say(line: str) -> dict[str, Any]:
        context, question = split_question(line) if told is None else (told, line)
        if not context.strip():
            raise UserError(f"{line!r:.80}: there is no text before the question; give one, or name it with --about")
        asked = {"context": context, "question": question, **({"choices": choices} if choices else {})}
        (reply,) = model.reply([asked])
        places = {"start": reply.start, "choice": reply.choice}
        return {
            "answer": reply.text,
            "probability": round(reply.probability, 4),
            **{name: place for name, place in places.items() if place is not None},
            "shown": reply.text or NO_ANSWER,
        }

    return say


def _text_of(about: str) -> str:
    """The text that a file holds, or else what was said itself; a UserError for a file that holds no text."""
    from pathlib import Path

    from upwell.text.files import text_of_argument
    from upwell.text.formats import PLAIN, Reading, TextFile

    try:
        is_file = Path(about).is_file()
    except OSError:  # too long for a name
        is_file = False
    if not is_file:
        return text_of_argument(about)
    file = TextFile(Path(about), Reading(), kind=PLAIN)
    file.check()
    return "\n".join(file.lines())
