"""Finds the verb, and turns every error into one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App

VERBS = {
    "train": "Learn a model from text.",
    "finetune": "Learn a task, beginning with what a run has learned.",
    "generate": "Write on from a prompt.",
    "write": "Write a text for a prompt, in a form of verse if it has one.",
    "chat": "Write in turns with a model.",
    "evaluate": "Measure a model on text.",
    "translate": "Translate a text.",
    "answer": "Answer a question about a text.",
    "classify": "Say what a text is.",
    "tag": "Say what tag each word of a sentence has.",
    "summarize": "Tell a story in a sentence or two.",
    "serve": "Put models behind a web page and an HTTP API.",
    "quantize": "Write a run with its weights in fewer bits.",
    "info": "Show what a run holds.",
    "prepare": "Clean raw text, and see what is in it.",
    "plan": "Say what a training run would cost, before it begins.",
    "world": "Show the embedded micro-world, audit it, bound its entropy.",
    "vectors": "Learn word vectors, look into them, measure them.",
    "emerge": "Grow a ladder of models: which ability appears where.",
}


STANDARD_INPUT = "stdin:"
"""What a lone - is called on its way through the parser, which would take it for an option."""


def source_name(word: str) -> str:
    """The source a word of the command line means."""
    return "-" if word == STANDARD_INPUT else word


def build_app() -> App:
    """The command with all its verbs; their modules are imported when they are called or their help is asked for."""
    from cyclopts import App, Parameter

    from upwell import __version__

    app = App(
        name="upwell",
        help="From text to a language model that you can use, on the machine you have.",
        version=__version__,
        help_format="plaintext",
        result_action="return_value",
        default_parameter=Parameter(negative_iterable=()),
    )
    for verb, summary in VERBS.items():
        app.command(f"upwell.cli.{verb}:{verb}", name=verb, help=summary)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run the command line `arguments` (default: this process's) and return its exit code.

    0 done, 1 a failure, 2 bad input, 130 interrupted.
    """
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    words = [STANDARD_INPUT if word == "-" else word for word in words if word != "--debug"]
    for stream in (sys.stdout, sys.stderr):  # whatever the terminal's encoding, output never fails
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace" if stream is sys.stderr else "replace")
    try:
        code = build_app()(words, exit_on_error=False, print_error=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except Exception as error:
        if debug:
            raise
        return _explain(error)


def _explain(error: Exception) -> int:
    """Print one line for `error`; the exit code that goes with it."""
    from cyclopts import CycloptsError

    from upwell.errors import UserError

    if isinstance(error, UserError):
        print(f"upwell: {error}", file=sys.stderr)
        return 2
    if isinstance(error, CycloptsError):
        print(f"upwell: {' '.join(str(error).split())} Try upwell --help.", file=sys.stderr)
        return 2
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        print(f"upwell: {where}{error.strerror or type(error).__name__}", file=sys.stderr)
        return 1
    reason = " ".join(str(error).split()) or "no further word"
    name = "" if type(error).__name__ == "TrainingFailure" else f"{type(error).__name__}: "
    print(f"upwell: {name}{reason}" + (" (--debug shows where)" if name else ""), file=sys.stderr)
    return 1


def _silence_stdout() -> None:
    """Let the interpreter's last flush of a closed pipe go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
