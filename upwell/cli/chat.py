"""upwell chat"""

from __future__ import annotations

import contextlib
import sys
import time

from upwell.cli.loading import WRITE_DEFAULT, WriteOptions


def chat(
    run: str,
    *,
    max_tokens: int = 200,
    temperature: float = 0.8,
    top_p: float = 0.95,
    stop: tuple[str, ...] = (),
    seed: int | None = None,
    loading: WriteOptions = WRITE_DEFAULT,
) -> None:
    """Write in turns: you a line, then the model, on one text that grows.

    The model was not taught to answer; it goes on in the manner of what it read. /reset begins anew, /quit or the end of
    input leaves, Ctrl-C stops the model's turn.

    Parameters
    ----------
    run
        Folder of the run.
    max_tokens
        Most tokens of one turn.
    temperature
        0 takes the likeliest token each time; higher is freer.
    top_p
        Only the fewest tokens that reach this probability together stay.
    stop
        End the model's turn before this text; repeat for several.
    seed
        The same seed and lines give the same text.
    """
    from upwell.generation import SamplingOptions
    from upwell.text.files import text_of_argument

    with contextlib.suppress(ImportError):  # line editing and history, where the platform has them
        import readline  # noqa: F401
    model = loading.load(run)
    seed = time.time_ns() % 2**31 if seed is None else seed
    history, stops = "", tuple(text_of_argument(text) for text in stop)
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip() == "/quit":
            return
        if line.strip() == "/reset":
            history = ""
            continue
        history = model.fit_prompt(history + text_of_argument(line) + "\n", max_tokens)
        options = SamplingOptions(max_tokens=max_tokens, temperature=temperature, top_p=top_p, stop=stops, seed=seed)
        try:
            for piece in model.stream(history, options=options):
                print(piece, end="", flush=True)
                history += piece
        except KeyboardInterrupt:
            pass
        print(flush=True)
        history += "\n"
        seed += 1
