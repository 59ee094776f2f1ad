"""Verbs that turn a text into an answer: given as an argument, or line by line on standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from upwell.cli.main import STANDARD_INPUT
from upwell.errors import UserError


def texts(words: tuple[str, ...]) -> Iterator[str]:
    """The words of the command line joined as one text, or each line of standard input as it comes.

    Raises a UserError where nothing is given and standard input is a terminal.
    """
    from upwell.text.files import text_of_argument

    if words and words != (STANDARD_INPUT,):
        yield " ".join(text_of_argument(word) for word in words)
        return
    if not words and sys.stdin.isatty():
        raise UserError("give a text, or lines on standard input")
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            yield line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise UserError(f"standard input, line {number}: byte {error.start} is not UTF-8") from error


def answer_lines(words: tuple[str, ...], answer: Callable[[str], dict[str, Any]], *, as_json: bool) -> None:
    """Print what `answer` says of each text, a line each as it is known; whole objects with `as_json`.

    An empty line gives an empty line, so that input and output stay side by side.
    """
    for text in texts(words):
        found = answer(text) if text.strip() else {"answer": ""}
        print(json.dumps({"text": text, **found}, ensure_ascii=False) if as_json else found["answer"], flush=True)
