"""Verbs that turn a text into an answer: given as an argument, or line by line on standard input."""

from __future__ import annotations

import json
import statistics
import sys
import time
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
    """Print what `answer` says of each text, a line each as it is known: its `shown`, or else its `answer`; whole objects
    with `as_json`.

    An empty line gives an empty line, so that input and output stay side by side.
    """
    for text in texts(words):
        found = answer(text) if text.strip() else {"answer": ""}
        shown = found.pop("shown", found["answer"])
        print(json.dumps({"text": text, **found}, ensure_ascii=False) if as_json else shown, flush=True)


class Latency:
    """How long answers took."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def timed(self, answer: Callable[[str], dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
        """The same function, each call of which counts."""

        def run(text: str) -> dict[str, Any]:
            began = time.perf_counter()
            found = answer(text)
            self.seconds.append(time.perf_counter() - began)
            return found

        return run

    def print(self) -> None:
        """Median and 99th percentile, milliseconds, on standard error."""
        if not self.seconds:
            return
        ordered = sorted(self.seconds)
        late = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        print(
            f"{len(ordered):,} texts; a text took {1e3 * statistics.median(ordered):.1f} ms in the median, "
            f"{1e3 * late:.1f} ms at the 99th percentile",
            file=sys.stderr,
        )
