"""upwell generate"""

from __future__ import annotations

import json
import sys
import time
from typing import Annotated

from cyclopts import Parameter

from upwell.cli.loading import WRITE_DEFAULT, WriteOptions
from upwell.cli.main import STANDARD_INPUT


def generate(
    run: str,
    prompt: str = "",
    *,
    max_tokens: int = 200,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    repetition_penalty: float = 1.0,
    stop: tuple[str, ...] = (),
    seed: int | None = None,
    json_schema: str | None = None,
    regex: str | None = None,
    keyword: tuple[str, ...] = (),
    draft: str | None = None,
    loading: WriteOptions = WRITE_DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Write on from a prompt; the text appears as it is made.

    Parameters
    ----------
    run
        Folder of the run.
    prompt
        Text to go on from; - reads standard input. Without one the model begins a text of its own.
    max_tokens
        Most tokens to write.
    temperature
        0 takes the likeliest token each time; higher is freer.
    top_k
        Only the k likeliest tokens stay; 0: all.
    top_p
        Only the fewest tokens that reach this probability together stay.
    min_p
        Only tokens of at least this share of the likeliest one's probability stay.
    repetition_penalty
        Above 1, what was said before becomes less likely.
    stop
        End before this text; repeat for several.
    seed
        The same seed gives the same text; without one every call differs.
    json_schema
        File with a JSON schema: the text is JSON that it describes.
    regex
        The whole text is one that this regular expression matches.
    keyword
        The text holds this word; repeat for several.
    draft
        Folder of a smaller run with the same tokenizer: it guesses tokens ahead, which this one checks several at a time. The
        text is as likely as without it, and the same with --temperature 0.
    as_json
        Print one JSON object as the last line, after the text.
    """
    if prompt == STANDARD_INPUT:
        prompt = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    if seed is None:
        seed = time.time_ns() % 2**31
    from upwell.generation import SamplingOptions
    from upwell.text.files import text_of_argument

    prompt, stop = text_of_argument(prompt), tuple(text_of_argument(text) for text in stop)
    options = SamplingOptions(
        max_tokens=max_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        stop=stop,
        seed=seed,
        json_schema=None if json_schema is None else _read_schema(json_schema),
        regex=None if regex is None else text_of_argument(regex),
        keywords=tuple(map(text_of_argument, keyword)),
    )
    model = loading.load(run)
    guessing = None if draft is None else model.draft_by(loading.load(draft))
    started = time.perf_counter()
    print(prompt, end="", flush=True)
    text = ""
    for piece in model.stream(prompt, options=options, draft=guessing):
        print(piece, end="", flush=True)
        text += piece
    print(flush=True)
    if as_json:
        seconds = round(time.perf_counter() - started, 3)
        result = {"run": run, "prompt": prompt, "text": text, "seed": seed, "seconds": seconds}
        if guessing is not None:
            counts = {"checked": guessing.checked, "accepted": guessing.accepted, "calls": guessing.calls}
            result["draft"] = {"run": draft, **counts}
        print(json.dumps(result))


def _read_schema(path: str) -> str:
    from pathlib import Path

    from upwell.errors import UserError

    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UserError(f"--json-schema {path}: cannot be read ({reason})") from error
