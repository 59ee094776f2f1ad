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

    The model was not taught to answer; it goes on in the manner of what it read. Where attention has no room for the whole
    text, the oldest turns are left out, and that is said. /reset begins anew, /quit or the end of input leaves, Ctrl-C stops
    the model's turn.

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
    turns: list[str] = []  # each a line with what the model wrote behind it
    stops = tuple(text_of_argument(text) for text in stop)
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip() == "/quit":
            return
        if line.strip() == "/reset":
            turns = []
            continue
        turns.append(text_of_argument(line) + "\n")
        kept = model.fit_turns(turns, max_tokens)
        prompt = model.fit_prompt("".join(kept), max_tokens)
        _tell(len(turns) - len(kept), is_cut=len(prompt) < len("".join(kept)), context=model.network.config.context)
        turns = kept
        options = SamplingOptions(max_tokens=max_tokens, temperature=temperature, top_p=top_p, stop=stops, seed=seed)
        try:
            for piece in model.stream(prompt, options=options):
                print(piece, end="", flush=True)
                turns[-1] += piece
        except KeyboardInterrupt:
            pass
        print(flush=True)
        turns[-1] += "\n"
        seed += 1


def _tell(dropped: int, *, is_cut: bool, context: int) -> None:
    """Say, on standard error, what the model is not shown."""
    if dropped:
        turns = "the oldest turn was" if dropped == 1 else f"the {dropped} oldest turns were"
        print(f"({turns} dropped: the model sees {context} tokens)", file=sys.stderr, flush=True)
    if is_cut:
        print(
            f"(the line is too long and lost its beginning: the model sees {context} tokens)",
            file=sys.stderr,
            flush=True,
        )
